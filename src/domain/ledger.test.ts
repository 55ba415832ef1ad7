import { describe, expect, test } from "bun:test";
import { type Account, availableCents, exceedsBalanceLimit, refusalOf, requireBalanced } from "./ledger.ts";
import { decideHold, HOLD_STATUSES } from "./ledger-hold.ts";
import { LedgerSheet } from "./ledger-sheet.ts";

const user = (balanceCents: number, heldCents = 0): Account => ({ kind: "user", balanceCents, heldCents });

describe("what may be taken", () => {
  test("is the balance less what is held, to the cent", () => {
    expect(availableCents(user(100, 40))).toBe(60);
    expect(refusalOf(user(100, 40), -60)).toBeNull();
    expect(refusalOf(user(100, 40), -61)).toBe("insufficient_funds");
  });

  test("includes what a posted hold sets free", () => {
    expect(refusalOf(user(100, 40), -100, 40)).toBeNull();
    expect(refusalOf(user(100, 40), -101, 40)).toBe("insufficient_funds");
  });

  test("has no end outside, where money comes from", () => {
    expect(refusalOf({ kind: "outside", balanceCents: 0, heldCents: 0 }, -1_000)).toBeNull();
    expect(refusalOf({ kind: "fees", balanceCents: 0, heldCents: 0 }, -1)).toBe("insufficient_funds");
  });

  test("never leaves what is exact", () => {
    expect(refusalOf(user(Number.MAX_SAFE_INTEGER), 1)).toBe("balance_limit");
    expect(refusalOf({ kind: "outside", balanceCents: Number.MIN_SAFE_INTEGER, heldCents: 0 }, -1)).toBe(
      "balance_limit",
    );
  });

  test("a balance may reach the limit and not pass it", () => {
    expect(exceedsBalanceLimit(user(999_999_999_998), 1)).toBe(false);
    expect(exceedsBalanceLimit(user(999_999_999_999), 1)).toBe(true);
  });
});

describe("entries that are no transfer are a bug", () => {
  test.each([
    ["one side", [{ accountId: 1, cents: 5 }]],
    ["none", []],
    [
      "money from nowhere",
      [
        { accountId: 1, cents: 5 },
        { accountId: 2, cents: -4 },
      ],
    ],
    [
      "nothing moves",
      [
        { accountId: 1, cents: 0 },
        { accountId: 2, cents: 0 },
      ],
    ],
    [
      "half a cent",
      [
        { accountId: 1, cents: 0.5 },
        { accountId: 2, cents: -0.5 },
      ],
    ],
    [
      "to itself",
      [
        { accountId: 1, cents: 5 },
        { accountId: 1, cents: -5 },
      ],
    ],
  ])("%s", (_, entries) => {
    expect(() => requireBalanced(entries)).toThrow();
  });
});

describe("a hold is decided once", () => {
  test("from held there is a way to each end", () => {
    expect(decideHold("held", "post")).toBe("posted");
    expect(decideHold("held", "release")).toBe("released");
    expect(decideHold("held", "expire")).toBe("expired");
  });

  test("from an end there is none", () => {
    for (const status of HOLD_STATUSES.slice(1)) {
      for (const decision of ["post", "release", "expire"] as const) {
        expect(decideHold(status, decision)).toBeNull();
      }
    }
  });
});

describe("a sheet", () => {
  const sheetOf = (accounts: Record<number, Account>) =>
    new LedgerSheet((id) => {
      const account = accounts[id];
      if (account === undefined) throw new Error(`no account ${id}`);
      return account;
    });

  test("writes each account once, with everything that happened to it", () => {
    const sheet = sheetOf({ 1: { kind: "outside", balanceCents: -100, heldCents: 0 }, 2: user(100) });
    for (let i = 0; i < 3; i++) {
      sheet.apply([
        { accountId: 2, cents: 10 },
        { accountId: 1, cents: -10 },
      ]);
    }
    sheet.hold(2, 50);
    expect(sheet.changes()).toEqual([
      { id: 2, balanceCents: 130, heldCents: 50 },
      { id: 1, balanceCents: -130, heldCents: 0 },
    ]);
  });

  test("does not write what was only read", () => {
    const sheet = sheetOf({ 2: user(100) });
    expect(sheet.account(2).balanceCents).toBe(100);
    expect(sheet.changes()).toEqual([]);
  });

  test("refuses to be written when money was made, or an account is short", () => {
    const made = sheetOf({ 2: user(100) });
    made.apply([{ accountId: 2, cents: 1 }]);
    expect(() => made.changes()).toThrow("by 1 cents");
    const short = sheetOf({ 2: user(100) });
    short.hold(2, 101);
    expect(() => short.changes()).toThrow("101 held");
    const over = sheetOf({ 2: user(100) });
    over.free({ accountId: 2, cents: 1 });
    expect(() => over.changes()).toThrow("-1 held");
  });
});
