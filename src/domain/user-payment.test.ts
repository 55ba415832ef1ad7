import { describe, expect, test } from "bun:test";
import { requireBalanced } from "./ledger.ts";
import { paymentEntries, transactionStatusOf, USER_PAYMENT_STATUSES } from "./user-payment.ts";

const ACCOUNTS = { outside: 1, fees: 2, user: 3 };

describe("how a payment moves money", () => {
  test("a deposit credits the amount less the fee", () => {
    expect(paymentEntries("deposit", ACCOUNTS, 10_000, 200)).toEqual([
      { accountId: 1, cents: -10_000 },
      { accountId: 2, cents: 200 },
      { accountId: 3, cents: 9_800 },
    ]);
  });

  test("a withdrawal debits the amount and the fee", () => {
    expect(paymentEntries("withdraw", ACCOUNTS, 10_000, 200)).toEqual([
      { accountId: 1, cents: 10_000 },
      { accountId: 2, cents: 200 },
      { accountId: 3, cents: -10_200 },
    ]);
  });

  test.each([
    ["no fee", 1, 0],
    ["everything is fee", 1, 1],
    ["the largest", 999_999_999_999, 20_000_000_000],
  ])("%s: still a transfer", (_, amountCents, feeCents) => {
    for (const type of ["deposit", "withdraw"] as const) {
      expect(() => requireBalanced(paymentEntries(type, ACCOUNTS, amountCents, feeCents))).not.toThrow();
    }
  });
});

test("each state says what became of the money", () => {
  expect(USER_PAYMENT_STATUSES.map(transactionStatusOf)).toEqual(["pending", "pending", "posted", "voided"]);
});
