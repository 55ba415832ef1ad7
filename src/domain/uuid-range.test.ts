import { expect, test } from "bun:test";
import { formatUuid } from "./uuid.ts";
import { uuidRange } from "./uuid-range.ts";

const rangeOf = (text: string) => {
  const range = uuidRange(text);
  return range === null ? null : [formatUuid(range.low, 0), formatUuid(range.high, 0)];
};

test("a beginning stands for every UUID that begins so, in any letter case, with or without hyphens", () => {
  const expected = ["4a790100-0000-0000-0000-000000000000", "4a7901ff-ffff-ffff-ffff-ffffffffffff"];
  expect(rangeOf("4a7901")).toEqual(expected);
  expect(rangeOf("4A7901")).toEqual(expected);
  expect(rangeOf("4a790100-0")).toEqual([expected[0] ?? "", "4a790100-0fff-ffff-ffff-ffffffffffff"]);
});

test("a whole UUID stands for itself", () => {
  const id = "4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3";
  expect(rangeOf(id)).toEqual([id, id]);
});

test("anything else stands for nothing", () => {
  for (const text of ["", "-", "xyz", "4a79 ", `${"0".repeat(33)}`]) expect(rangeOf(text)).toBeNull();
});
