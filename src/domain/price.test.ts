import { expect, test } from "bun:test";
import { PRICE_MAX_TEN_THOUSANDTHS, type TenThousandths } from "./money.ts";
import { chargeOf, toPrice, totalPrice } from "./price.ts";

const price = (tenThousandths: number) => tenThousandths as TenThousandths; // the tests' own numbers

test("three pieces at 0.3333 cost 0.9999, and a card is charged with 1.00", () => {
  const total = totalPrice(price(3333), 3);
  expect(total).toBe(price(9999));
  expect(chargeOf(price(9999))).toBe(100 as never);
});

test.each([
  [49, 0],
  [50, 1],
  [149, 1],
  [150, 2],
])("%p ten-thousandths are %p cents, half up", (total, cents) => {
  expect(chargeOf(price(total))).toBe(cents as never);
});

test("a total beyond the largest amount is none", () => {
  expect(totalPrice(price(PRICE_MAX_TEN_THOUSANDTHS), 1)).toBe(price(PRICE_MAX_TEN_THOUSANDTHS));
  expect(totalPrice(price(PRICE_MAX_TEN_THOUSANDTHS), 2)).toBeNull();
});

test("a price goes out with its 4 decimals", () => {
  expect(toPrice(199_000)).toBe(19.9);
  expect(toPrice(3333)).toBe(0.3333);
});
