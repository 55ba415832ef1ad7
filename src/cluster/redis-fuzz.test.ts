/**
 * R13: whatever Redis answers, nothing throws at the process, every question ends in its time, and what is taken for
 * an answer is one: whole numbers, and parts of what was asked for. (What is thrown at the process fails a test run.)
 */
import { afterEach, expect, test } from "bun:test";
import type { Redis } from "ioredis";
import { type RollupRange, rangesOf } from "../domain/rollup.ts";
import { SharedState } from "../engine/shared-state.ts";
import { createLogger } from "../log/logger.ts";
import { createMetricsMemory, Metrics } from "../metrics/metrics.ts";
import { SeededRandom } from "../upstreams/fixtures/random.ts";
import type { CounterFeed } from "./counter-feed.ts";
import { type CountedWindow, CounterStore } from "./counter-store.ts";
import { CounterSync } from "./counter-sync.ts";
import { array, bulk, type FakeRedis, type RedisCommand, startFakeRedis } from "./fixtures/fake-redis.ts";
import { mangledMessage, mangledReply } from "./fixtures/mangled-replies.ts";
import { LiveRelay } from "./live-relay.ts";
import { listenToPeers } from "./live-state.ts";
import { connectRedis } from "./redis-connection.ts";
import { StreamStore } from "./stream-store.ts";
import type { TopicFeed } from "./topic-feed.ts";
import { TopicStreams } from "./topic-streams.ts";

const { FUZZ_SECONDS = "1" } = process.env;
const FUZZ_MS = Number(FUZZ_SECONDS) * 1000;
const TIMEOUT_MS = FUZZ_MS + 60_000;
/** As much later as a busy machine may notice that a command has had its time. */
const ENDED_MS = 20_000;
const COMMAND_TIMEOUT_MS = 25;
const RANGES = rangesOf(1_752_582_896_123, 1_752_582_996_456);
const NOBODY = "database";

const log = createLogger({ level: "error", thread: "test", replica: "one", write: () => {} });
const metrics = () => new Metrics(createMetricsMemory(1), 0);
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

function serve(answer: (command: RedisCommand) => string | null | undefined): FakeRedis {
  const server = startFakeRedis(answer);
  undo.push(server.stop);
  return server;
}

async function connect(url: string): Promise<Redis> {
  const redis = await connectRedis({ url, name: "fuzz", commandTimeoutMs: COMMAND_TIMEOUT_MS, log });
  undo.push(() => redis.disconnect());
  return redis;
}

/** Runs `step` again and again; one that neither ends nor rejects in time fails. */
async function repeat(name: string, redis: Redis, step: () => Promise<unknown>): Promise<void> {
  const endAt = performance.now() + FUZZ_MS;
  let ended = 0;
  let rejected = 0;
  // On a slow machine longer, until something was answered at all.
  while (performance.now() < (ended > 0 ? endAt : endAt + ENDED_MS)) {
    if (redis.status !== "ready") {
      await Bun.sleep(5);
      continue;
    }
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`${name} has not ended after ${ENDED_MS} ms`)),
      ENDED_MS,
    );
    const outcome = await Promise.race([
      step().then(
        () => "ended",
        (error: unknown) => error,
      ),
      late.promise,
    ]);
    clearTimeout(timer);
    // A fault of ours is no answer of theirs.
    if (outcome instanceof WrongAnswer) throw outcome;
    if (outcome === "ended") ended++;
    else rejected++;
    // Half an answer swallows the next ones: as Cluster does after failures, only at once.
    if (outcome !== "ended" && rejected % 4 === 0) redis.disconnect(true);
    // A command that fails at once would leave no time to reconnect.
    if (outcome !== "ended") await Bun.sleep(1);
  }
  console.log(`${name}: ${ended} ended, ${rejected} rejected`);
  expect(ended).toBeGreaterThan(0);
}

/** Half a second later at each look. */
function clock(): () => number {
  let nowMs = Date.now();
  return () => {
    nowMs += 500;
    return nowMs;
  };
}

class WrongAnswer extends Error {}

function faultOf({ appliedSeq, sums, missing }: CountedWindow): string | null {
  const numbers = [appliedSeq, ...Object.values(sums)];
  if (!numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) return `numbers ${numbers}`;
  const isPart = (part: RollupRange) =>
    RANGES.some(({ level, first, last }) => part.level === level && part.first >= first && part.last <= last);
  if (!missing.every(isPart)) return `missing ${JSON.stringify(missing)}`;
  return new Set(missing.map(({ level, first }) => `${level}:${first}`)).size === missing.length
    ? null
    : "a part twice";
}

test(
  "the counters",
  async () => {
    const random = SeededRandom.forTest("replies to the counters");
    const redis = await connect(serve((command) => mangledReply(random, command)).url);
    const store = new CounterStore(redis, NOBODY);
    await repeat("query", redis, async () => {
      const counted = await store.query(RANGES);
      const fault = counted === null ? null : faultOf(counted);
      if (fault !== null) throw new WrongAnswer(fault);
    });
  },
  TIMEOUT_MS,
);

test(
  "feeding the counters",
  async () => {
    const random = SeededRandom.forTest("replies to the feed");
    const redis = await connect(serve((command) => mangledReply(random, command)).url);
    const head = { databaseId: NOBODY, epoch: "epoch", seq: 12, purgeGeneration: 0 };
    const feed: CounterFeed = {
      head: () => head,
      rowsAfter: (seq, limit) => {
        if (!Number.isSafeInteger(seq)) throw new WrongAnswer(`rows after ${seq}`);
        return Array.from({ length: Math.max(0, Math.min(limit, head.seq - seq)) }, (_, index) => ({
          seq: seq + index + 1,
          atMs: 1,
          deltas: [[1_752_582_896_123, 1, 100, 0, 0]],
        }));
      },
      snapshot: (floors) => ({ epoch: "epoch", seq: head.seq, floors, buckets: [] }),
      rank: () => 0,
    };
    const onApplied = (seq: number) => {
      if (!Number.isSafeInteger(seq) || seq < 0) throw new WrongAnswer(`applied ${seq}`);
    };
    const store = new CounterStore(redis, NOBODY);
    const sync = new CounterSync({ feed, store, replicaName: "one", metrics: metrics(), log, onApplied });
    const later = clock();
    await repeat("step", redis, () => sync.step(head, later()));
  },
  TIMEOUT_MS,
);

test(
  "publishing the topics",
  async () => {
    const random = SeededRandom.forTest("replies to the streams");
    const redis = await connect(serve((command) => mangledReply(random, command)).url);
    const heads = [0, 1].map((partition) => ({
      topic: "payments",
      partition,
      slot: partition,
      nextOffset: 12,
    }));
    const feed: TopicFeed = {
      heads: () => heads,
      messagesFrom: (_, offset, limit) => {
        if (!Number.isSafeInteger(offset)) throw new WrongAnswer(`messages from ${offset}`);
        const count = Math.max(0, Math.min(limit, 12 - offset));
        const rest = { key: "k", value: "{}", headers: "{}", atMs: 7 };
        return Array.from({ length: count }, (_, index) => ({ offset: offset + index, ...rest }));
      },
    };
    const onPublished = (_: number, next: number | null) => {
      if (next !== null && !Number.isSafeInteger(next)) throw new WrongAnswer(`published ${next}`);
    };
    const store = new StreamStore(redis, NOBODY, 100);
    const streams = new TopicStreams({ feed, store, rank: () => 0, metrics: metrics(), log, onPublished });
    const later = clock();
    await repeat("step", redis, () => streams.step(later()));
  },
  TIMEOUT_MS,
);

test(
  "what peers say",
  async () => {
    const random = SeededRandom.forTest("messages of peers");
    const channel = "live";
    const events = `catraca:${NOBODY}:live:events`;
    // The subscriptions themselves are answered well, or nothing would be listened to.
    const server = serve(({ name, args }) =>
      name.endsWith("SUBSCRIBE")
        ? array([bulk(name.toLowerCase()), bulk(args[0] ?? ""), ":1\r\n"])
        : ":1\r\n",
    );
    const [publisher, subscriber] = [await connect(server.url), await connect(server.url)];
    const state = new SharedState(new SharedArrayBuffer(SharedState.bytes()));
    let told = 0;
    const relay = new LiveRelay({
      databaseId: NOBODY,
      replicaName: "one",
      publisher,
      subscriber,
      tell: () => {},
      toMain: () => {
        told++;
      },
    });
    undo.push(() => relay.stop());
    listenToPeers(subscriber, channel, "one", state, (message) => relay.hear(message));
    const endAt = performance.now() + FUZZ_MS;
    let heard = 0;
    subscriber.on("message", () => heard++);
    while (performance.now() < (heard > 0 ? endAt : endAt + ENDED_MS)) {
      if (subscriber.status === "ready")
        relay.take({ kind: "setInterest", events: random.below(9) > 0, results: true });
      for (let count = 0; count < 20; count++) server.say(mangledMessage(random, [channel, events, "other"]));
      await Bun.sleep(2);
      for (const name of ["default", "fallback"] as const) {
        const health = state.health(name);
        if (health === null) continue;
        expect(health.seenAtMs).toBeLessThan(Date.now() + 120_000);
        expect(health.minResponseTimeMs).toBeLessThanOrEqual(3_600_000);
      }
    }
    console.log(`${heard} messages heard, ${told} told`);
    expect(heard).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
