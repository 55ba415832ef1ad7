import { expect, test } from "bun:test";
import { createLogger } from "../log/logger.ts";
import { createMetricsMemory, Metrics } from "../metrics/metrics.ts";
import type { StreamCursor, StreamStore } from "./stream-store.ts";
import { TopicStreams } from "./topic-streams.ts";

const log = createLogger({ level: "error", thread: "test", replica: "one", write: () => {} });
const NOW_MS = 1_763_600_000_000;
const HEAD = { topic: "payments", partition: 0, slot: 0, nextOffset: 1 };

function streamsOf(rank: number, atMs: number) {
  const seen = { ranks: 0, asks: 0, appends: 0 };
  const store = {
    cursors: async () => {
      seen.asks++;
      return new Map<string, StreamCursor>();
    },
    append: async () => {
      seen.appends++;
      return { nextOffset: 1, lastAtMs: atMs };
    },
    // What a StreamStore has besides is private, or not called.
  } as unknown as StreamStore;
  const message = { offset: 0, key: "k", value: "{}", headers: "{}", atMs };
  const streams = new TopicStreams({
    feed: { heads: () => [HEAD], messagesFrom: () => [message] },
    store,
    rank: () => {
      seen.ranks++;
      return rank;
    },
    metrics: new Metrics(createMetricsMemory(1), 0),
    log,
    onPublished: () => {},
  });
  return { streams, seen };
}

test("Redis and the rank are asked for every second, also after the clock was set back by an hour", async () => {
  const { streams, seen } = streamsOf(0, NOW_MS - 60_000);
  const setBackMs = NOW_MS - 3_600_000;
  for (const nowMs of [NOW_MS, NOW_MS + 500, setBackMs, setBackMs + 500, setBackMs + 1_000]) {
    await streams.step(nowMs);
  }
  expect(seen).toMatchObject({ ranks: 3, asks: 3 });
});

test("whoever is not the first publishes what stays behind, and what was written in the future", async () => {
  for (const [atMs, appends] of [
    [NOW_MS - 500, 0],
    [NOW_MS - 60_000, 1],
    [NOW_MS + 3_600_000, 1],
  ] as const) {
    const { streams, seen } = streamsOf(1, atMs);
    await streams.step(NOW_MS);
    expect(seen.appends).toBe(appends);
  }
});
