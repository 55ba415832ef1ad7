import { describe, expect, test } from "bun:test";
import { readApplied, readCountedWindow } from "./counter-answers.ts";

const RANGES = [
  { level: 0, first: -5, last: 63 },
  { level: 3, first: 10, last: 20 },
];
const SUMS = ["3", "300", "1", "100"];
const READ = { defaultCount: 3, defaultCents: 300, fallbackCount: 1, fallbackCents: 100 };

describe("the answer to a question about a window", () => {
  test("has sums as of a number, and what is missing", () => {
    const answer = ["epoch", "7", ...SUMS, "0", "-5", "-1", "3", "10", "20"];
    expect(readCountedWindow(answer, RANGES)).toEqual({
      epoch: "epoch",
      appliedSeq: 7,
      sums: READ,
      missing: [
        { level: 0, first: -5, last: -1 },
        { level: 3, first: 10, last: 20 },
      ],
    });
  });

  const nonsense: readonly (readonly [name: string, answer: unknown])[] = [
    ["nothing", []],
    ["null", null],
    ["a text", "epoch"],
    ["a number", 1],
    ["too few sums", ["epoch", "7", "3", "300", "1"]],
    ["no number", ["epoch", "x", ...SUMS]],
    ["a sum that is no number", ["epoch", "7", "3", "abc", "1", "100"]],
    ["a sum below 0", ["epoch", "7", "3", "-300", "1", "100"]],
    ["a sum beyond all integers", ["epoch", "7", "3", "9007199254740993", "1", "100"]],
    ["a sum of another type", ["epoch", "7", 3, 300, 1, 100]],
    ["half a missing part", ["epoch", "7", ...SUMS, "0", "-5"]],
    ["a missing part that was not asked for", ["epoch", "7", ...SUMS, "2", "0", "1"]],
    ["a missing part that ends too late", ["epoch", "7", ...SUMS, "0", "-5", "64"]],
    ["a missing part twice", ["epoch", "7", ...SUMS, "0", "-5", "1", "0", "-5", "1"]],
  ];
  test.each(nonsense)("is none when it is %s", (_, answer) => {
    expect(readCountedWindow(answer, RANGES)).toBeNull();
  });
});

describe("the answer to deltas", () => {
  test("says what is in, or that the history is another", () => {
    expect(readApplied(["applied", "12"])).toEqual({ kind: "applied", seq: 12 });
    expect(readApplied(["epoch"])).toEqual({ kind: "other_epoch" });
  });
  test.each([
    [[]],
    [null],
    ["OK"],
    [["applied"]],
    [["applied", "-1"]],
    [["applied", 12]],
    [["applied", "1e3"]],
  ])("is none when it is %j", (answer) => expect(() => readApplied(answer)).toThrow("something else"));
});
