import { describe, expect, test } from "bun:test";
import { ConcurrencyLimit, LIMIT_INITIAL, LIMIT_MINIMUM } from "./concurrency-limit.ts";

/** A round trip in which every place is used: all calls begin at `nowMs` and end `latencyMs` later. */
function roundTrip(limit: ConcurrencyLimit, nowMs: number, latencyMs: number): number {
  const calls = limit.value;
  limit.wasReached();
  for (let call = 0; call < calls; call += 1) limit.answered(latencyMs, nowMs + latencyMs);
  return nowMs + latencyMs;
}

describe("growth", () => {
  test("doubles once per round trip up to the maximum, however slow the processor is", () => {
    for (const latencyMs of [1, 20, 2_000]) {
      const limit = new ConcurrencyLimit(256);
      const values = [limit.value];
      let nowMs = 0;
      for (let round = 0; round < 3; round += 1) {
        nowMs = roundTrip(limit, nowMs, latencyMs);
        values.push(limit.value);
      }
      expect(values).toEqual([64, 128, 256, 256]);
    }
  });

  test("none while nothing is held back by it", () => {
    const limit = new ConcurrencyLimit(256);
    for (let call = 0; call < 1_000; call += 1) limit.answered(10, call * 20);
    expect(limit.value).toBe(LIMIT_INITIAL);
  });

  test("stops when latency grows with what is in flight: goes back, tries again later", () => {
    const limit = new ConcurrencyLimit(256);
    let nowMs = roundTrip(limit, 0, 50);
    expect(limit.value).toBe(128);
    nowMs = roundTrip(limit, nowMs, 100);
    expect(limit.value).toBe(64);
    nowMs = roundTrip(limit, nowMs, 50);
    expect(limit.value).toBe(64);
    roundTrip(limit, nowMs + 5_000, 50);
    expect(limit.value).toBe(128);
  });

  test("a delay that rises at the maximum does not lower it", () => {
    const limit = new ConcurrencyLimit(64);
    const nowMs = roundTrip(limit, 0, 1);
    roundTrip(limit, nowMs, 2_000);
    expect(limit.value).toBe(64);
  });

  test("with payments waiting and nobody to take them it does not wait for answers", () => {
    const limit = new ConcurrencyLimit(256);
    limit.pressed(0);
    limit.pressed(50);
    expect(limit.value).toBe(128);
    limit.pressed(100);
    expect(limit.value).toBe(256);
  });
});

describe("decrease", () => {
  test("a refusal and a timeout lower it, once per round trip", () => {
    const limit = new ConcurrencyLimit(256);
    limit.timedOut(100, 1_000);
    limit.timedOut(100, 1_001);
    expect(limit.value).toBe(LIMIT_INITIAL / 2);
    const other = new ConcurrencyLimit(256);
    other.refused(5, 1_000);
    expect(other.value).toBe(44);
  });

  test("not below the minimum, and not above the maximum that is set", () => {
    const limit = new ConcurrencyLimit(256);
    for (let time = 0; time < 100; time += 1) limit.timedOut(1, time * 10);
    expect(limit.value).toBe(LIMIT_MINIMUM);
    expect(new ConcurrencyLimit(4).value).toBe(4);
  });

  test("after an outage it begins at half", () => {
    const limit = new ConcurrencyLimit(256);
    let nowMs = 0;
    for (let round = 0; round < 3; round += 1) nowMs = roundTrip(limit, nowMs, 20);
    limit.restart(nowMs);
    expect(limit.value).toBe(128);
    limit.restart(nowMs);
    expect(limit.value).toBe(LIMIT_INITIAL);
  });
});
