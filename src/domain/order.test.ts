import { expect, test } from "bun:test";
import { ORDER_STATUSES, ORDER_TRANSITIONS, orderStatusNumber, orderStatusOf } from "./order.ts";

test("the whole table of transitions", () => {
  const ways = Object.entries(ORDER_TRANSITIONS).map(([name, { from, to }]) => `${from} ${name} ${to}`);
  expect(ways).toEqual([
    "PENDING call PROCESSING",
    "PROCESSING authorize AUTHORIZED",
    "PROCESSING fail FAILED",
    "FAILED requeue PENDING",
  ]);
});

test("nothing leads out of AUTHORIZED", () => {
  expect(Object.values(ORDER_TRANSITIONS).map(({ from }): string => from)).not.toContain("AUTHORIZED");
});

test("the numbers are those of the contract", () => {
  expect(ORDER_STATUSES.map(orderStatusNumber)).toEqual([0, 1, 2, 3]);
  expect([0, 1, 2, 3].map(orderStatusOf)).toEqual(["PENDING", "PROCESSING", "AUTHORIZED", "FAILED"]);
  expect(() => orderStatusOf(4)).toThrow(RangeError);
});
