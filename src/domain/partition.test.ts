import { expect, test } from "bun:test";
import { partitionOf } from "./partition.ts";

test("the hash is FNV-1a, so that stored messages stay where they are", () => {
  // Published values: "" is 811c9dc5, "a" is e40c292c, "foobar" is bf9cf968.
  expect(partitionOf("a", 1 << 30)).toBe(0xe40c292c % (1 << 30));
  expect(partitionOf("foobar", 1 << 30)).toBe(0xbf9cf968 % (1 << 30));
});

test("one partition takes everything", () => {
  for (const key of ["", "a", "ação"]) expect(partitionOf(key, 1)).toBe(0);
});

test("many keys are spread over all partitions", () => {
  const counts = [0, 0, 0];
  for (let key = 0; key < 3_000; key++) {
    const partition = partitionOf(`order-${key}`, counts.length);
    counts[partition] = (counts[partition] ?? 0) + 1;
  }
  for (const count of counts) expect(count).toBeGreaterThan(800);
});
