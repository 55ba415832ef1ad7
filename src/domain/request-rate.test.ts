import { describe, expect, test } from "bun:test";
import { RequestRate } from "./request-rate.ts";

/** A seed for the random cases; set TEST_SEED to repeat a failure. */
const { TEST_SEED } = process.env;
const seed = Number(TEST_SEED ?? Date.now() % 1_000_000);

function numbers(count: number, below: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % below;
  });
}

/** How many of `count` requests at one moment are granted. */
function granted(rate: RequestRate, client: string, count: number, nowMs: number): number {
  return Array.from({ length: count }, () => rate.take(client, nowMs)).filter((waitMs) => waitMs === 0)
    .length;
}

describe("request rate", () => {
  test("a burst is granted at once, then one request per 1/rate", () => {
    const rate = new RequestRate({ perSecond: 10, burst: 5, clients: 8 });
    expect(granted(rate, "a", 20, 1_000)).toBe(5);
    expect(rate.take("a", 1_099)).toBeGreaterThan(0);
    expect(rate.take("a", 1_100)).toBe(0);
    expect(rate.take("a", 1_100)).toBeGreaterThan(0);
  });

  test("after a pause there is a whole burst again, and no more than one", () => {
    const rate = new RequestRate({ perSecond: 10, burst: 5, clients: 8 });
    granted(rate, "a", 20, 1_000);
    expect(granted(rate, "a", 20, 1_000_000)).toBe(5);
  });

  test("a refusal says after how long a request is granted, and costs nothing", () => {
    const rate = new RequestRate({ perSecond: 4, burst: 1, clients: 8 });
    expect(rate.take("a", 0)).toBe(0);
    expect(rate.take("a", 100)).toBeCloseTo(150, 6);
    expect(rate.take("a", 200)).toBeCloseTo(50, 6);
    expect(rate.take("a", 250)).toBe(0);
  });

  test("who keeps exactly to the rate is never refused, for a day", () => {
    const rate = new RequestRate({ perSecond: 3, burst: 1, clients: 8 });
    let refused = 0;
    for (let number = 0; number < 3 * 86_400; number++) {
      if (rate.take("a", (number * 1000) / 3) > 0) refused++;
    }
    expect(refused).toBe(0);
  });

  test("clients do not share", () => {
    const rate = new RequestRate({ perSecond: 1, burst: 2, clients: 8 });
    expect(granted(rate, "a", 9, 0)).toBe(2);
    expect(granted(rate, "b", 9, 0)).toBe(2);
  });

  test(`grants what a bucket of tokens would (seed ${seed})`, () => {
    // A token is 125 of these units, one of which comes back per ms: every number here is exact.
    const token = 125;
    const burst = 16 * token;
    const rate = new RequestRate({ perSecond: 8, burst: 16, clients: 8 });
    let bucket = burst;
    let nowMs = 0;
    for (const pauseMs of numbers(20_000, 250)) {
      nowMs += pauseMs;
      bucket = Math.min(burst, bucket + pauseMs);
      const expected = bucket >= token;
      if (expected) bucket -= token;
      expect(rate.take("a", nowMs) === 0).toBe(expected);
    }
  });
});

describe("its memory", () => {
  test("does not grow with the number of clients", () => {
    const rate = new RequestRate({ perSecond: 1, burst: 1, clients: 100 });
    for (let client = 0; client < 100_000; client++) rate.take(String(client), client);
    expect(rate.size).toBeLessThanOrEqual(200);
  });

  test("keeps who comes, though refused, while others pass by", () => {
    const rate = new RequestRate({ perSecond: 0.001, burst: 1, clients: 100 });
    expect(rate.take("flood", 0)).toBe(0);
    for (let client = 0; client < 10_000; client++) {
      rate.take(String(client), client);
      if (client % 50 === 0) expect(rate.take("flood", client)).toBeGreaterThan(0);
    }
  });

  test("forgets who has not come while as many others did, in his favour", () => {
    const rate = new RequestRate({ perSecond: 0.001, burst: 1, clients: 100 });
    rate.take("a", 0);
    for (let client = 0; client < 99; client++) rate.take(String(client), 1);
    expect(rate.take("a", 2)).toBeGreaterThan(0);
    for (let client = 0; client < 250; client++) rate.take(`x${client}`, 3);
    expect(rate.take("a", 4)).toBe(0);
  });
});
