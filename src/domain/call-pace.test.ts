import { describe, expect, test } from "bun:test";
import { CALLS_PER_SECOND, CallPace } from "./call-pace.ts";

/** How many calls start within a second if nothing else holds them back. */
function callsPerSecond(pace: CallPace): number {
  let calls = 0;
  for (let timeMs = 0; timeMs < 1_000; timeMs += 1) {
    while (pace.isOpen(timeMs)) {
      pace.take();
      calls += 1;
    }
  }
  return calls;
}

describe("pace of calls", () => {
  test("over a second no more than the rate and one burst", () => {
    const pace = new CallPace(() => 0);
    const calls = callsPerSecond(pace);
    expect(calls).toBeGreaterThanOrEqual(CALLS_PER_SECOND);
    expect(calls).toBeLessThanOrEqual(CALLS_PER_SECOND + 50);
  });

  test("whoever waits is woken when a batch may start, not for each call", () => {
    const pace = new CallPace(() => 0);
    while (pace.isOpen(0)) pace.take();
    expect(pace.wakeAtMs(0)).toBe(5);
    expect(pace.isOpen(5)).toBe(true);
    expect(pace.wakeAtMs(5)).toBe(5);
  });

  test("a load above half of the rate is followed at twice its own, up to a bound", () => {
    const pace = new CallPace(() => 2_000);
    const calls = callsPerSecond(pace);
    expect(calls).toBeGreaterThanOrEqual(3_950);
    expect(calls).toBeLessThanOrEqual(4_150);
    expect(callsPerSecond(new CallPace(() => 50_000))).toBeLessThanOrEqual(6_200);
  });
});
