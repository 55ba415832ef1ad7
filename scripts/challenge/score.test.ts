import { describe, expect, test } from "bun:test";
import { type Outcome, percentile, scoreOf } from "./score.ts";

const quick = Array.from({ length: 100 }, () => 1);

const outcome: Outcome = {
  accepted: 30,
  processed: { default: { count: 20, cents: 200_00 }, fallback: { count: 10, cents: 100_00 } },
  feeShares: { default: 0.05, fallback: 0.15 },
  inconsistencies: 0,
  durationsMs: quick,
};

describe("the score of the challenge", () => {
  test("profit is what was processed, less each processor's fee", () => {
    expect(scoreOf(outcome).profit).toBeCloseTo(200 * 0.95 + 100 * 0.85);
  });
  test("every ms of p99 below 11 is worth 2 % of the profit, and none above costs anything", () => {
    expect(scoreOf(outcome).bonus).toBeCloseTo(275 * 0.2);
    expect(scoreOf({ ...outcome, durationsMs: [11, 11] }).bonus).toBe(0);
    expect(scoreOf({ ...outcome, durationsMs: [500, 500] }).bonus).toBe(0);
  });
  test("one inconsistency costs 35 % of the profit, many cost no more", () => {
    expect(scoreOf({ ...outcome, inconsistencies: 1 }).fine).toBeCloseTo(275 * 0.35);
    expect(scoreOf({ ...outcome, inconsistencies: 6 }).total).toBeCloseTo(275 * (1 - 0.35 + 0.2));
  });
  test("what was accepted and not processed is lag; more processed than accepted disqualifies", () => {
    expect(scoreOf({ ...outcome, accepted: 35 })).toMatchObject({ lag: 5, isDisqualified: false });
    expect(scoreOf({ ...outcome, accepted: 29 })).toMatchObject({ lag: -1, isDisqualified: true });
  });
});

test("the p99 of a hundred values is the second largest", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(values, 0.99)).toBe(99);
  expect(percentile(values, 0.5)).toBe(50);
  expect(percentile([], 0.99)).toBeNaN();
});
