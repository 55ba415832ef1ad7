import { expect, test } from "bun:test";
import { percentileOf } from "./histogram.ts";

const BOUNDS = [1, 10, 100];

test("inside a bucket the observations lie evenly", () => {
  expect(percentileOf(BOUNDS, [0, 10, 0, 0], 0.5)).toBe(5.5);
  expect(percentileOf(BOUNDS, [10, 10, 0, 0], 0.5)).toBe(1);
  expect(percentileOf(BOUNDS, [98, 0, 2, 0], 0.99)).toBeCloseTo(55, 9);
});

test("what lies above every bound counts as the highest one", () => {
  expect(percentileOf(BOUNDS, [1, 0, 0, 99], 0.99)).toBe(100);
});

test("without observations there is no percentile", () => {
  expect(percentileOf(BOUNDS, [0, 0, 0, 0], 0.5)).toBeNull();
});
