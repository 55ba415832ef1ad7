import { expect, test } from "bun:test";
import { lastFourOf, readCard } from "./card.ts";

const BODY = {
  card_number: "4111 1111-1111 1234",
  card_exp_month: "07",
  card_exp_year: 29,
  card_security_code: "042",
  card_holder: "Maria",
};

test("a card is read however people write it", () => {
  const read = readCard(BODY);
  if (!read.ok) throw new Error("a good card was refused");
  expect(read.card).toEqual({
    number: "4111111111111234",
    expMonth: 7,
    expYear: 2029,
    securityCode: "042",
    holder: "Maria",
  });
  expect(lastFourOf(read.card)).toBe("1234");
});

test("numbers are taken, and the holder may be missing", () => {
  const numbers = {
    card_number: 4111111111111,
    card_exp_month: 12,
    card_exp_year: 2030,
    card_security_code: 123,
  };
  expect(readCard(numbers)).toMatchObject({ ok: true, card: { number: "4111111111111", holder: null } });
});

test.each([
  ["card_number", "41111"],
  ["card_number", "4111111111111111x"],
  ["card_number", null],
  ["card_exp_month", 13],
  ["card_exp_month", 0],
  ["card_exp_year", 1999],
  ["card_security_code", "12"],
  ["card_security_code", true],
  ["card_holder", "x".repeat(101)],
  ["card_holder", 7],
])("%s %p is refused, and the message does not repeat it", (field, value) => {
  const read = readCard({ ...BODY, [field]: value });
  expect(read).toMatchObject({ ok: false, problems: [{ field }] });
  if (!read.ok && typeof value === "string") expect(JSON.stringify(read)).not.toContain(value);
});

test.each([[undefined], [null], [[]], ["card"], [7]])("%p is no card", (input) => {
  expect(readCard(input)).toMatchObject({ ok: false, problems: [{ field: "" }] });
});
