import { isNotNull, lt, min, sql } from "drizzle-orm";
import type { ProcessorName } from "../../domain/processor.ts";
import { compile } from "../../store/compiled-statement.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { cluster } from "../../store/tables.ts";
import { paymentCounterOutbox } from "./table.ts";

/** `[requestedAtMs, defaultCount, defaultCents, fallbackCount, fallbackCents]` */
export type CounterDelta = [number, number, number, number, number];

/**
 * What settlements add to the counters in Redis, written in the transaction that settles: whatever happens to
 * Redis or to this process, each delta is there exactly once, in the one order that the database gives.
 */
export class CounterOutbox {
  readonly #orm: OpenDatabase["orm"];
  readonly #last;
  readonly #advance;
  readonly #insert;
  readonly #deltas = new Map<number, CounterDelta>();

  constructor(orm: OpenDatabase["orm"]) {
    this.#orm = orm;
    this.#last = compile<{ counter_seq: number }>(
      orm,
      orm.select({ seq: cluster.counterSeq }).from(cluster).where(isNotNull(cluster.counterEpoch)),
      [],
    );
    this.#advance = compile(orm, orm.update(cluster).set({ counterSeq: sql`${sql.placeholder("seq")}` }), [
      "seq",
    ]);
    this.#insert = orm
      .insert(paymentCounterOutbox)
      .values({
        seq: sql.placeholder("seq"),
        atMs: sql.placeholder("atMs"),
        deltas: sql.placeholder("deltas"),
      })
      .prepare();
  }

  /** Counts a settled payment under the time that the processor recorded. */
  add(processor: ProcessorName, requestedAtMs: number, amountCents: number): void {
    let delta = this.#deltas.get(requestedAtMs);
    if (delta === undefined) {
      delta = [requestedAtMs, 0, 0, 0, 0];
      this.#deltas.set(requestedAtMs, delta);
    }
    if (processor === "default") {
      delta[1]++;
      delta[2] += amountCents;
    } else {
      delta[3]++;
      delta[4] += amountCents;
    }
  }

  /** Writes the batch's deltas; none are wanted while no replica uses Redis. */
  flush(nowMs: number): void {
    if (this.#deltas.size === 0) return;
    const row = this.#last.get();
    if (row !== null) {
      const seq = row.counter_seq + 1;
      this.#advance.run(seq);
      this.#insert.run({
        seq,
        atMs: nowMs,
        deltas: JSON.stringify([...this.#deltas.values()]),
      });
    }
    this.#deltas.clear();
  }

  discard(): void {
    this.#deltas.clear();
  }

  /** All payments are gone: a new history begins, which no counter of the old one can be taken for. */
  purge(): void {
    this.discard();
    startHistory(this.#orm);
  }
}

/** Begins a new history, unless nobody uses Redis. Inside a write transaction. */
function startHistory(orm: OpenDatabase["orm"]): void {
  orm.update(cluster).set({ counterEpoch: newEpoch() }).where(isNotNull(cluster.counterEpoch)).run();
  orm.delete(paymentCounterOutbox).run();
}

/**
 * At the start of a replica. The first one up begins a new history: the database may be a restored backup,
 * older than what Redis has. Inside the transaction that registers it.
 */
export function beginCounters({ orm }: OpenDatabase, usesRedis: boolean, hasLivePeers: boolean): void {
  const known = orm.select({ epoch: cluster.counterEpoch }).from(cluster).get()?.epoch ?? null;
  if (hasLivePeers && (known !== null || !usesRedis)) return;
  orm
    .update(cluster)
    .set({ counterEpoch: usesRedis ? newEpoch() : null })
    .run();
  orm.delete(paymentCounterOutbox).run();
}

/** Random, so that a restored database never happens upon a name that was used since its backup. */
function newEpoch(): string {
  return crypto.randomUUID();
}

/** Rows that Redis has stay for this long: for readers, and for a Redis that lost its last seconds. */
const KEPT_MS = 5_000;
const TRIM_EVERY_MS = 500;
/** Redis is away: past this many rows (half a minute of load) rebuilding the counters is the shorter way. */
const ROWS_MAX = 5_000;

/** Keeps the outbox short. A chore of the store thread, see engine/store-thread.ts. */
export class CounterKeeper {
  readonly #orm: OpenDatabase["orm"];
  readonly #applied: { readonly counterApplied: number };
  readonly #first;
  #trimAtMs = 0;

  /** @param applied tells the last delta that Redis has */
  constructor({ orm }: OpenDatabase, applied: { readonly counterApplied: number }) {
    this.#orm = orm;
    this.#applied = applied;
    this.#first = orm
      .select({
        first: min(paymentCounterOutbox.seq),
        firstKept: sql<number | null>`min(${paymentCounterOutbox.seq}) FILTER (
          WHERE ${paymentCounterOutbox.atMs} BETWEEN ${sql.placeholder("fromMs")} AND ${sql.placeholder("toMs")})`,
        last: sql<number>`(SELECT ${cluster.counterSeq} FROM ${cluster})`,
      })
      .from(paymentCounterOutbox)
      .prepare();
  }

  isDue(nowMs: number): boolean {
    // Also when the clock was set back.
    if (nowMs < this.#trimAtMs && nowMs >= this.#trimAtMs - TRIM_EVERY_MS) return false;
    this.#trimAtMs = nowMs + TRIM_EVERY_MS;
    const { first, last, end } = this.#rows(nowMs);
    return first !== null && (last - first > ROWS_MAX || first < end);
  }

  run(nowMs: number): void {
    const { first, last, end } = this.#rows(nowMs);
    if (first !== null && last - first > ROWS_MAX) startHistory(this.#orm);
    else this.#orm.delete(paymentCounterOutbox).where(lt(paymentCounterOutbox.seq, end)).run();
  }

  committed(): void {}

  /**
   * Which rows there are, and the first that is to stay. Only what lies before it goes, never a row between others:
   * where a clock was set back, later rows have earlier times.
   */
  #rows(nowMs: number): { first: number | null; last: number; end: number } {
    const row = this.#first.get({ fromMs: nowMs - KEPT_MS, toMs: nowMs + KEPT_MS });
    if (row === undefined) return { first: null, last: 0, end: 0 };
    const { first, firstKept, last } = row;
    return { first, last, end: Math.min(this.#applied.counterApplied + 1, firstKept ?? last + 1) };
  }
}
