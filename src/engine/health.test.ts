import { expect, test } from "bun:test";
import { healthOf } from "./health.ts";
import type { Replica } from "./replica.ts";
import { SharedState } from "./shared-state.ts";

/** A replica whose threads last came round at these times, ms since the epoch. */
function replicaWith(storeBeatMs: number, dispatchBeatMs: number): Replica {
  const state = new SharedState(new SharedArrayBuffer(SharedState.bytes()));
  state.storeBeatMs = storeBeatMs;
  state.setDispatchBeatMs(0, dispatchBeatMs);
  const settings = { dispatchThreads: 1, databaseFile: "/tmp/none.db" };
  // What healthOf looks at.
  return { state, settings, intake: { fillRatio: 0 } } as unknown as Replica;
}

const NOW_MS = 1_800_000_000_000;

test.each([
  ["a moment ago", NOW_MS - 100, "ok"],
  ["never: it has not begun", 0, "ok"],
  ["long ago", NOW_MS - 5_000, "hanging"],
  [
    "an hour from now: the clock was set back, and it has not come round since",
    NOW_MS + 3_600_000,
    "hanging",
  ],
] as const)("a thread came round %s: %p", (_when, beatMs, health) => {
  expect(healthOf(replicaWith(beatMs, NOW_MS), NOW_MS).storeThread).toBe(health);
  expect(healthOf(replicaWith(NOW_MS, beatMs), NOW_MS).dispatchThreads).toBe(health);
});
