import { expect, test } from "bun:test";
import { createLogger } from "../log/logger.ts";
import { createMetricsMemory, Metrics } from "../metrics/metrics.ts";
import type { CounterFeed } from "./counter-feed.ts";
import type { ApplyResult, CounterDeltas, CounterStore } from "./counter-store.ts";
import { CounterSync } from "./counter-sync.ts";

const log = createLogger({ level: "error", thread: "test", replica: "one", write: () => {} });
const HEAD = { databaseId: "database", epoch: "epoch", seq: 5, purgeGeneration: 0 };
const FEED: CounterFeed = {
  head: () => HEAD,
  rowsAfter: (seq, limit) =>
    Array.from({ length: Math.min(limit, Math.max(0, HEAD.seq - seq)) }, (_, index) => ({
      seq: seq + index + 1,
      atMs: 1,
      deltas: [[1, 1, 100, 0, 0]],
    })),
  snapshot: () => null,
  rank: () => 0,
};

function syncWith(apply: (given: CounterDeltas) => ApplyResult, feed = FEED) {
  let calls = 0;
  let trims = 0;
  const store = {
    appliedSeq: async () => 0,
    trim: async () => {
      trims++;
    },
    build: async () => false,
    apply: async (given: CounterDeltas) => {
      calls++;
      return apply(given);
    },
    // What a CounterStore has besides is private, or not called.
  } as unknown as CounterStore;
  const applied: number[] = [];
  const metrics = new Metrics(createMetricsMemory(1), 0);
  const onApplied = (seq: number) => applied.push(seq);
  const sync = new CounterSync({ feed, store, replicaName: "one", metrics, log, onApplied });
  return { sync, applied, calls: () => calls, trims: () => trims };
}

test("what is applied is noted", async () => {
  const { sync, applied, calls } = syncWith(() => ({ kind: "applied", seq: 5 }));
  await sync.step(HEAD, 1);
  expect([applied, calls()]).toEqual([[5], 1]);
});

test("rank and trim are looked at every second, also after the clock was set back by an hour", async () => {
  let ranks = 0;
  const rank = () => {
    ranks++;
    return 0;
  };
  const { sync, trims } = syncWith(() => ({ kind: "applied", seq: 5 }), { ...FEED, rank });
  const nowMs = Date.now();
  const setBackMs = nowMs - 3_600_000;
  for (const atMs of [nowMs, nowMs + 500, setBackMs, setBackMs + 500, setBackMs + 1_000]) {
    await sync.step(HEAD, atMs);
  }
  expect([ranks, trims()]).toEqual([3, 3]);
});

test("whoever is not the first feeds a row that nobody has fed, and one of the future, too", async () => {
  const feedOf = (atMs: number): CounterFeed => ({
    ...FEED,
    rank: () => 2,
    rowsAfter: (seq, limit) => FEED.rowsAfter(seq, limit).map((row) => ({ ...row, atMs })),
  });
  const fed = async (atMs: number) => {
    const { sync, calls } = syncWith(() => ({ kind: "applied", seq: 5 }), feedOf(atMs));
    await sync.step(HEAD, Date.now());
    return calls();
  };
  const nowMs = Date.now();
  // A busy machine may take its time between this and the look at it, so it is a little ahead.
  expect(await fed(nowMs + 500)).toBe(0);
  expect(await fed(nowMs - 60_000)).toBe(1);
  expect(await fed(nowMs + 3_600_000)).toBe(1);
});

test("a Redis that says applied and never gets ahead does not keep a step for ever", async () => {
  const { sync, applied, calls } = syncWith(() => ({ kind: "applied", seq: 0 }));
  await sync.step(HEAD, 1);
  expect(applied).toEqual([0]);
  expect(calls()).toBeLessThan(2_000);
});

test("rows behind a gap are not applied as if nothing were missing: the counters are built anew", async () => {
  let snapshots = 0;
  const feed: CounterFeed = {
    ...FEED,
    rowsAfter: (seq, limit) => FEED.rowsAfter(seq, limit).filter((row) => row.seq !== 3),
    snapshot: () => {
      snapshots++;
      return null;
    },
  };
  const ends: number[] = [];
  // As Redis does: it has what it was told that it has now.
  const apply = ({ lastSeq }: CounterDeltas): ApplyResult => {
    ends.push(lastSeq);
    return { kind: "applied", seq: lastSeq };
  };
  const { sync, applied } = syncWith(apply, feed);
  await sync.step(HEAD, 1);
  // 1 and 2, and not 4 and 5.
  expect([ends, applied, snapshots]).toEqual([[2], [], 1]);
});
