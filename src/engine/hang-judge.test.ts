import { expect, test } from "bun:test";
import { HangJudge, LOOK_MS } from "./hang-judge.ts";

function verdicts(looks: readonly (readonly [afterMs: number, isLate: boolean])[]) {
  let now = 0;
  const judge = new HangJudge(now);
  return looks.map(([afterMs, isLate]) => {
    now += afterMs;
    return judge.look(isLate, now);
  });
}

test("a thread that is late at seven looks in a row hangs, and that is said once", () => {
  const late = Array.from({ length: 9 }, () => [LOOK_MS, true] as const);
  expect(verdicts(late)).toEqual(["suspect", null, null, null, null, null, "hangs", null, null]);
});

test("one look at which it is not late begins the count anew", () => {
  const looks = Array.from({ length: 12 }, (_, index) => [LOOK_MS, index !== 5] as const);
  expect(verdicts(looks)).not.toContain("hangs");
});

test("looks after which the judge itself had slept are none", () => {
  const looks = Array.from({ length: 20 }, (_, index) => [index % 5 === 0 ? 60_000 : LOOK_MS, true] as const);
  expect(verdicts(looks)).not.toContain("hangs");
});
