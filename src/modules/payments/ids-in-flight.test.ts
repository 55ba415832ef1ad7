import { expect, test } from "bun:test";
import { IdsInFlight } from "./ids-in-flight.ts";

test("an id is known until the store has committed past its frame", () => {
  const ids = new IdsInFlight();
  ids.add("a", 100, 10);
  ids.add("b", 200, 20);
  ids.forgetUpTo(9);
  expect([ids.amountOf("a"), ids.amountOf("b")]).toEqual([100, 200]);
  ids.forgetUpTo(10);
  expect([ids.amountOf("a"), ids.amountOf("b")]).toEqual([undefined, 200]);
});

test("positions may wrap at 2^32", () => {
  const ids = new IdsInFlight();
  ids.add("before", 1, 0xffff_fff8);
  ids.add("after", 2, 8);
  ids.forgetUpTo(0xffff_fff8);
  expect(ids.amountOf("before")).toBeUndefined();
  expect(ids.amountOf("after")).toBe(2);
  ids.forgetUpTo(8);
  expect(ids.size).toBe(0);
});

test("memory does not grow with what has passed", () => {
  const ids = new IdsInFlight();
  for (let i = 1; i <= 100_000; i++) {
    ids.add(`id-${i}`, i, i);
    ids.forgetUpTo(i - 5);
  }
  expect(ids.size).toBe(5);
});
