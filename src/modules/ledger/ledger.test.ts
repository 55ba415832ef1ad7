import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { uuidBytes } from "../../domain/uuid.ts";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import { auditLedger } from "./audit.ts";
import { Ledger, type Transfer } from "./ledger.ts";
import { LedgerQueries } from "./queries.ts";
import { FEES_ACCOUNT, OUTSIDE_ACCOUNT } from "./system-accounts.ts";

let store: StoreHarness;
let ledger: Ledger;
let queries: LedgerQueries;
let nowMs = 1_000;

beforeEach(() => {
  nowMs = 1_000;
  store = new StoreHarness();
  ledger = new Ledger(store.context, () => nowMs);
  store.modules.push(ledger);
  queries = new LedgerQueries(store.database);
});
afterEach(() => {
  expect(auditLedger(store.database)).toEqual([]);
  store.close();
});

function deposit(accountId: number, cents: number, id = crypto.randomUUID()): Transfer {
  return {
    id: uuidBytes(id),
    kind: "opening",
    atMs: nowMs,
    entries: [
      { accountId, cents },
      { accountId: OUTSIDE_ACCOUNT, cents: -cents },
    ],
  };
}

function withdrawal(accountId: number, cents: number, feeCents: number): Transfer {
  return {
    id: uuidBytes(crypto.randomUUID()),
    kind: "withdrawal",
    atMs: nowMs,
    reference: 17,
    entries: [
      { accountId, cents: -(cents + feeCents) },
      { accountId: OUTSIDE_ACCOUNT, cents },
      { accountId: FEES_ACCOUNT, cents: feeCents },
    ],
  };
}

/** A user's account with this much in it. */
function accountWith(cents: number): number {
  return store.transact(() => {
    const account = ledger.open("user");
    expect(ledger.transfer(deposit(account, cents))).toEqual({ kind: "done" });
    return account;
  });
}

describe("a transfer", () => {
  test("moves money between accounts and leaves its entries", () => {
    const account = accountWith(10_000);
    store.transact(() => expect(ledger.transfer(withdrawal(account, 6_000, 120))).toEqual({ kind: "done" }));
    expect(queries.account(account)).toEqual({ kind: "user", balanceCents: 3_880, heldCents: 0 });
    expect(queries.account(OUTSIDE_ACCOUNT).balanceCents).toBe(-4_000);
    expect(queries.account(FEES_ACCOUNT).balanceCents).toBe(120);
    const entries = queries.entries(account, Number.MAX_SAFE_INTEGER, 10);
    expect(entries.map(({ kind, cents, balanceAfterCents }) => [kind, cents, balanceAfterCents])).toEqual([
      ["withdrawal", -6_120, 3_880],
      ["opening", 10_000, 10_000],
    ]);
    expect(entries[0]?.reference).toBe(17);
  });

  test("happens once per id, also when it would be refused by now", () => {
    const account = accountWith(100);
    const payOut = withdrawal(account, 100, 0);
    const transfer = { ...payOut, entries: payOut.entries.slice(0, 2) };
    store.transact(() => {
      expect(ledger.transfer(transfer)).toEqual({ kind: "done" });
      expect(ledger.transfer(transfer)).toEqual({ kind: "exists" });
    });
    store.transact(() => expect(ledger.transfer(transfer)).toEqual({ kind: "exists" }));
    expect(queries.account(account).balanceCents).toBe(0);
  });

  test("that the balance does not cover changes nothing", () => {
    const account = accountWith(6_119);
    store.transact(() =>
      expect(ledger.transfer(withdrawal(account, 6_000, 120))).toEqual({
        kind: "refused",
        reason: "insufficient_funds",
      }),
    );
    expect(queries.account(account).balanceCents).toBe(6_119);
    expect(queries.entries(account, Number.MAX_SAFE_INTEGER, 10)).toHaveLength(1);
  });

  test("many in one transaction see each other", () => {
    const account = accountWith(100);
    const outcomes = store.transact(() =>
      Array.from({ length: 10 }, () => ledger.transfer(withdrawal(account, 29, 1)).kind),
    );
    expect(outcomes.filter((kind) => kind === "done")).toHaveLength(3);
    expect(queries.account(account).balanceCents).toBe(10);
  });
});

describe("a hold", () => {
  test("sets money aside that nobody else can take", () => {
    const account = accountWith(10_000);
    store.transact(() => {
      expect(ledger.hold(account, 6_120, nowMs)).toMatchObject({ kind: "held" });
      expect(ledger.hold(account, 6_120, nowMs)).toEqual({ kind: "refused", reason: "insufficient_funds" });
      expect(ledger.transfer(withdrawal(account, 4_000, 0 + 1))).toMatchObject({ kind: "refused" });
    });
    expect(queries.account(account)).toMatchObject({ balanceCents: 10_000, heldCents: 6_120 });
  });

  test("is posted once", () => {
    const account = accountWith(10_000);
    const holdId = heldOf(account, 6_120);
    store.transact(() =>
      expect(ledger.post(holdId, withdrawal(account, 6_000, 120))).toEqual({ kind: "done" }),
    );
    store.transact(() => {
      expect(ledger.post(holdId, withdrawal(account, 6_000, 120))).toEqual({
        kind: "resolved",
        status: "posted",
      });
      expect(ledger.release(holdId, nowMs)).toEqual({ kind: "resolved", status: "posted" });
    });
    expect(queries.account(account)).toMatchObject({ balanceCents: 3_880, heldCents: 0 });
  });

  test("posted for less gives the rest back, and for more than there is it is refused and stays", () => {
    const account = accountWith(10_000);
    const holdId = heldOf(account, 6_000);
    store.transact(() => {
      expect(ledger.post(holdId, withdrawal(account, 10_001, 1))).toMatchObject({ kind: "refused" });
      expect(ledger.account(account).heldCents).toBe(6_000);
      expect(ledger.post(holdId, withdrawal(account, 1_000, 1))).toEqual({ kind: "done" });
    });
    expect(queries.account(account)).toMatchObject({ balanceCents: 8_999, heldCents: 0 });
  });

  test("is released once", () => {
    const account = accountWith(10_000);
    const holdId = heldOf(account, 10_000);
    store.transact(() => {
      expect(ledger.release(holdId, nowMs)).toEqual({ kind: "done" });
      expect(ledger.release(holdId, nowMs)).toEqual({ kind: "resolved", status: "released" });
      expect(ledger.post(holdId, withdrawal(account, 1, 1))).toEqual({
        kind: "resolved",
        status: "released",
      });
    });
    expect(queries.account(account)).toMatchObject({ balanceCents: 10_000, heldCents: 0 });
  });

  test("with an end expires by itself, and only then", () => {
    const account = accountWith(10_000);
    const holdId = store.transact(() => {
      const held = ledger.hold(account, 10_000, nowMs, 5_000);
      return held.kind === "held" ? held.holdId : 0;
    });
    nowMs = 4_999;
    store.transact(() => {});
    expect(queries.account(account).heldCents).toBe(10_000);
    nowMs = 6_000;
    store.transact(() => {});
    expect(queries.account(account).heldCents).toBe(0);
    store.transact(() =>
      expect(ledger.post(holdId, withdrawal(account, 1, 1))).toEqual({ kind: "resolved", status: "expired" }),
    );
  });

  function heldOf(account: number, cents: number): number {
    const held = store.transact(() => ledger.hold(account, cents, nowMs));
    if (held.kind !== "held") throw new Error("there was enough");
    return held.holdId;
  }
});

describe("what is rolled back never was", () => {
  test("balances and holds are as before", () => {
    const account = accountWith(500);
    expect(() =>
      store.transact(() => {
        ledger.transfer(deposit(account, 100));
        ledger.hold(account, 600, nowMs);
        throw new Error("another command has a bug");
      }),
    ).toThrow("a bug");
    expect(queries.account(account)).toMatchObject({ balanceCents: 500, heldCents: 0 });
    store.transact(() => expect(ledger.account(account)).toMatchObject({ balanceCents: 500, heldCents: 0 }));
  });
});

describe("the database itself refuses", () => {
  test.each([
    ["to change an entry", "UPDATE ledger_entries SET cents = cents + 1"],
    ["to delete an entry", "DELETE FROM ledger_entries"],
    ["to change a transfer", "UPDATE ledger_transfers SET at_ms = 0"],
    ["to delete a transfer", "DELETE FROM ledger_transfers"],
    ["an account that is overdrawn", "UPDATE ledger_accounts SET balance_cents = -1 WHERE kind = 3"],
    ["more held than there is", "UPDATE ledger_accounts SET held_cents = 501 WHERE kind = 3"],
  ])("%s", (_, statement) => {
    accountWith(500);
    expect(() => store.database.sqlite.run(statement)).toThrow();
  });

  test("to resolve a hold again", () => {
    const account = accountWith(500);
    store.transact(() => {
      const held = ledger.hold(account, 500, nowMs);
      if (held.kind === "held") ledger.release(held.holdId, nowMs);
    });
    expect(() => store.database.sqlite.run("UPDATE ledger_holds SET status = 1")).toThrow("resolved once");
  });
});
