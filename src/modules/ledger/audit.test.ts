import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { uuidBytes } from "../../domain/uuid.ts";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import { auditLedger, type LedgerDifference } from "./audit.ts";
import { Ledger } from "./ledger.ts";
import { OUTSIDE_ACCOUNT } from "./system-accounts.ts";

let store: StoreHarness;
let account: number;

beforeEach(() => {
  store = new StoreHarness();
  const ledger = new Ledger(store.context);
  store.modules.push(ledger);
  account = store.transact(() => {
    const opened = ledger.open("wallet");
    ledger.transfer({
      id: uuidBytes(crypto.randomUUID()),
      kind: "opening",
      atMs: 1,
      entries: [
        { accountId: opened, cents: 1_000 },
        { accountId: OUTSIDE_ACCOUNT, cents: -1_000 },
      ],
    });
    ledger.hold(opened, 300, 1);
    return opened;
  });
});
afterEach(() => store.close());

/** Does what only somebody with the database in his hands could do. */
function tamper(statement: string): LedgerDifference[] {
  const { sqlite } = store.database;
  for (const trigger of ["ledger_entries_no_update", "ledger_entries_no_delete"]) {
    sqlite.run(`DROP TRIGGER ${trigger}`);
  }
  sqlite.run("PRAGMA ignore_check_constraints = ON");
  sqlite.run(statement);
  return auditLedger(store.database);
}

const rulesOf = (differences: readonly LedgerDifference[]) => differences.map(({ rule }) => rule);

describe("the audit", () => {
  test("finds nothing where nothing is wrong", () => {
    expect(auditLedger(store.database)).toEqual([]);
  });

  test("finds a balance that was changed", () => {
    const differences = tamper(`UPDATE ledger_accounts SET balance_cents = 1001 WHERE id = ${account}`);
    expect(differences).toEqual([
      { rule: "sum_of_all_is_zero", subject: null, expectedCents: 0, foundCents: 1 },
      { rule: "balance_is_sum_of_entries", subject: account, expectedCents: 1_000, foundCents: 1_001 },
    ]);
  });

  test("finds money that was moved without a transfer", () => {
    const differences = tamper(
      `UPDATE ledger_accounts SET balance_cents = balance_cents + iif(id = ${account}, 5, -5) WHERE id IN (1, ${account})`,
    );
    expect(rulesOf(differences)).toEqual(["balance_is_sum_of_entries", "balance_is_sum_of_entries"]);
  });

  test("finds an entry that was changed or lost", () => {
    expect(rulesOf(tamper(`UPDATE ledger_entries SET cents = 999 WHERE account_id = ${account}`))).toEqual([
      "balance_is_sum_of_entries",
      "transfer_is_balanced",
      "history_adds_up",
    ]);
  });

  test("finds a transfer without entries", () => {
    const differences = tamper("DELETE FROM ledger_entries");
    expect(rulesOf(differences)).toContain("transfer_is_balanced");
  });

  test("finds a history that does not add up", () => {
    expect(rulesOf(tamper("UPDATE ledger_entries SET balance_after_cents = 7 WHERE cents > 0"))).toEqual([
      "history_adds_up",
    ]);
  });

  test("finds money that is held by nobody, or more than there is", () => {
    expect(rulesOf(tamper(`UPDATE ledger_accounts SET held_cents = 299 WHERE id = ${account}`))).toEqual([
      "held_is_sum_of_open_holds",
    ]);
    store.database.sqlite.run(`UPDATE ledger_accounts SET held_cents = 1001 WHERE id = ${account}`);
    expect(rulesOf(auditLedger(store.database))).toEqual([
      "held_is_sum_of_open_holds",
      "available_is_not_negative",
    ]);
  });
});
