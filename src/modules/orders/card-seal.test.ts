import { expect, test } from "bun:test";
import type { Card } from "../../domain/card.ts";
import { CardSeal } from "./card-seal.ts";

const ORDER = "0198c2a4-6d1e-7c3b-9a55-2f6f7f1d9e10";
const CARD: Card = {
  number: "4929871234567893",
  expMonth: 12,
  expYear: 2030,
  securityCode: "917",
  holder: "Maria",
};

test("what one process seals it can open, for the same order", () => {
  const key = CardSeal.newKey();
  const sealed = new CardSeal(key).seal(CARD, ORDER);
  expect(new CardSeal(key).open(sealed, ORDER)).toEqual(CARD);
});

test("nobody else can: another process, another order, a changed bit, something else", () => {
  const seal = new CardSeal(CardSeal.newKey());
  const sealed = seal.seal(CARD, ORDER);
  expect(new CardSeal(CardSeal.newKey()).open(sealed, ORDER)).toBeNull();
  expect(seal.open(sealed, ORDER.replace("0198", "0199"))).toBeNull();
  const bytes = Buffer.from(sealed, "base64");
  for (const at of [0, 12, 28, bytes.length - 1]) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(seal.open(changed.toString("base64"), ORDER)).toBeNull();
  }
  for (const text of ["", "AAAA", "no base64!"]) expect(seal.open(text, ORDER)).toBeNull();
});

test("nothing of the card is to be seen, and the same card never looks the same", () => {
  const seal = new CardSeal(CardSeal.newKey());
  const one = seal.seal(CARD, ORDER);
  const other = seal.seal(CARD, ORDER);
  expect(one).not.toBe(other);
  for (const text of [one, Buffer.from(one, "base64").toString("latin1")]) {
    expect(text).not.toContain(CARD.number);
    expect(text).not.toContain("Maria");
  }
});
