import type { Redis } from "ioredis";
import { bucketOf, ROLLUP_LEVELS, type RollupRange } from "../domain/rollup.ts";
import { readApplied, readCountedWindow, wholeOf } from "./counter-answers.ts";
import {
  CHUNK_BUCKETS,
  type CounterSums,
  counterPrefix,
  floorsAt,
  noSums,
  packSums,
} from "./counter-layout.ts";
import { ACTIVATE, APPLY, QUERY, SWEEP, TRIM } from "./counter-scripts.ts";
import { RedisScript } from "./redis-script.ts";

/** What one or more outbox rows add, in order of their numbers without a gap. */
export interface CounterDeltas {
  readonly epoch: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** `[requestedAtMs, defaultCount, defaultCents, fallbackCount, fallbackCents]` */
  readonly deltas: readonly (readonly [number, number, number, number, number])[];
}

export type ApplyResult =
  /** Redis has all deltas up to this number. */
  | { readonly kind: "applied"; readonly seq: number }
  /** Redis has the counters of another history, or none. */
  | { readonly kind: "other_epoch" };

/** What Redis knows of a window. */
export interface CountedWindow {
  readonly epoch: string;
  /** The number of the last delta that is in the sums. */
  readonly appliedSeq: number;
  readonly sums: CounterSums;
  /** Parts of the window that Redis does not keep: to be read from the database. */
  readonly missing: readonly RollupRange[];
}

/** One bucket of the database's rollup. */
export interface RollupBucket extends CounterSums {
  readonly level: number;
  readonly bucket: number;
}

/** All of a history up to a number, as one state of the database. */
export interface CounterSnapshot {
  readonly epoch: string;
  readonly seq: number;
  readonly floors: readonly number[];
  readonly buckets: Iterable<RollupBucket>;
}

/** Redis is a process of its own: what it answers is looked at before anything is counted with it. */
const scripts = {
  query: new RedisScript(QUERY),
  apply: new RedisScript(APPLY),
  trim: new RedisScript(TRIM),
  activate: new RedisScript(ACTIVATE),
  sweep: new RedisScript(SWEEP),
};

/** A build whose replica died is deleted by the next one after this. */
const BUILD_MS_MAX = 60_000;
/** Buckets written per round trip while building. */
const BUILD_BUCKETS = 500;

/** The counters in Redis. Every method rejects when Redis is away or too slow. */
export class CounterStore {
  readonly #redis: Redis;
  readonly #key: string;

  constructor(redis: Redis, databaseId: string) {
    this.#redis = redis;
    this.#key = counterPrefix(databaseId);
  }

  /** Sums the ranges that `rangesOf` made of a window; null when there are no counters. */
  async query(ranges: readonly RollupRange[]): Promise<CountedWindow | null> {
    const args = ranges.flatMap(({ level, first, last }) => [level, first, last]);
    return readCountedWindow(await scripts.query.run(this.#redis, this.#key, args), ranges);
  }

  /** Adds deltas, exactly once however often it is tried. */
  async apply({ epoch, firstSeq, lastSeq, deltas }: CounterDeltas): Promise<ApplyResult> {
    const args: (string | number)[] = [epoch, firstSeq, lastSeq];
    for (const { level, bucket, ...sums } of rolledUp(deltas)) {
      const { defaultCount, defaultCents, fallbackCount, fallbackCents } = sums;
      args.push(level, bucket, defaultCount, defaultCents, fallbackCount, fallbackCents);
    }
    return readApplied(await scripts.apply.run(this.#redis, this.#key, args));
  }

  /** Up to where Redis has the history `epoch`; null when it has another or none. */
  async appliedSeq(epoch: string): Promise<number | null> {
    const [known, applied] = await this.#redis.hmget(this.#key, "epoch", "applied");
    // A number that is none is no better than no counters: they are built anew.
    return known === epoch ? wholeOf(applied) : null;
  }

  /** Deletes what has become too old for its level. */
  async trim(epoch: string, nowMs: number): Promise<void> {
    await scripts.trim.run(this.#redis, this.#key, [epoch, ...floorsAt(nowMs)]);
  }

  /**
   * Builds the counters anew beside those that are there, and puts them in their place in one step.
   * @returns false if others were quicker, or Redis lost its data or its connection meanwhile
   */
  async build({ epoch, seq, floors, buckets }: CounterSnapshot, nowMs: number): Promise<boolean> {
    const build = crypto.randomUUID().slice(0, 8);
    let isConnected = true;
    // A Redis that comes back may have lost what was written before.
    const onClose = () => {
      isConnected = false;
    };
    this.#redis.once("close", onClose);
    try {
      await scripts.sweep.run(this.#redis, this.#key, [nowMs - BUILD_MS_MAX]);
      await this.#redis.zadd(`${this.#key}:builds`, nowMs, build);
      let part: RollupBucket[] = [];
      for (const bucket of buckets) {
        part.push(bucket);
        if (part.length < BUILD_BUCKETS) continue;
        await this.#write(build, part);
        part = [];
      }
      await this.#write(build, part);
      if (!isConnected) return false;
      return (await scripts.activate.run(this.#redis, this.#key, [epoch, build, seq, ...floors])) === 1;
    } finally {
      this.#redis.off("close", onClose);
    }
  }

  async #write(build: string, buckets: readonly RollupBucket[]): Promise<void> {
    if (buckets.length === 0) return;
    const pipeline = this.#redis.pipeline();
    for (const { level, bucket, ...sums } of buckets) {
      const isTop = level === ROLLUP_LEVELS - 1;
      const chunk = isTop ? 0 : Math.floor(bucket / CHUNK_BUCKETS);
      const field = isTop ? bucket : bucket - chunk * CHUNK_BUCKETS;
      pipeline.hset(`${this.#key}:${build}:${level}:${chunk}`, String(field), packSums(sums));
      pipeline.zadd(`${this.#key}:${build}:index:${level}`, chunk, String(chunk));
    }
    for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
  }
}

/** Deltas by bucket of every level: payments that share a bucket share its one step in Redis. */
function rolledUp(deltas: CounterDeltas["deltas"]): Iterable<RollupBucket> {
  const buckets = new Map<string, RollupBucket>();
  for (const [atMs, defaultCount, defaultCents, fallbackCount, fallbackCents] of deltas) {
    for (let level = 0; level < ROLLUP_LEVELS; level++) {
      const bucket = bucketOf(atMs, level);
      const key = `${level}:${bucket}`;
      let sums = buckets.get(key);
      if (sums === undefined) {
        sums = { level, bucket, ...noSums() };
        buckets.set(key, sums);
      }
      sums.defaultCount += defaultCount;
      sums.defaultCents += defaultCents;
      sums.fallbackCount += fallbackCount;
      sums.fallbackCents += fallbackCents;
    }
  }
  return buckets.values();
}
