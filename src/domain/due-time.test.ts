import { expect, test } from "bun:test";
import { isDue } from "./due-time.ts";

const NOW = 1_763_600_000_000;
const EVERY = 1_000;

test.each([
  ["not before its time", NOW + EVERY, false],
  ["a millisecond before it", NOW + 1, false],
  ["when it has come", NOW, true],
  ["long after", 0, true],
  ["when the clock was set back since it was put off", NOW + EVERY + 1, true],
] as const)("%s", (_, dueAtMs, due) => {
  expect(isDue(NOW, dueAtMs, EVERY)).toBe(due);
});
