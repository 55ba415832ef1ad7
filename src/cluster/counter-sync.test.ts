import { expect, test } from "bun:test";
import { createLogger } from "../log/logger.ts";
import { createMetricsMemory, Metrics } from "../metrics/metrics.ts";
import type { CounterFeed } from "./counter-feed.ts";
import type { ApplyResult, CounterStore } from "./counter-store.ts";
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

function syncWith(apply: () => ApplyResult) {
  let calls = 0;
  const store = {
    appliedSeq: async () => 0,
    trim: async () => {},
    build: async () => false,
    apply: async () => {
      calls++;
      return apply();
    },
    // What a CounterStore has besides is private, or not called.
  } as unknown as CounterStore;
  const applied: number[] = [];
  const metrics = new Metrics(createMetricsMemory(1), 0);
  const onApplied = (seq: number) => applied.push(seq);
  const sync = new CounterSync({ feed: FEED, store, replicaName: "one", metrics, log, onApplied });
  return { sync, applied, calls: () => calls };
}

test("what is applied is noted", async () => {
  const { sync, applied, calls } = syncWith(() => ({ kind: "applied", seq: 5 }));
  await sync.step(HEAD, 1);
  expect([applied, calls()]).toEqual([[5], 1]);
});

test("a Redis that says applied and never gets ahead does not keep a step for ever", async () => {
  const { sync, applied, calls } = syncWith(() => ({ kind: "applied", seq: 0 }));
  await sync.step(HEAD, 1);
  expect(applied).toEqual([0]);
  expect(calls()).toBeLessThan(2_000);
});
