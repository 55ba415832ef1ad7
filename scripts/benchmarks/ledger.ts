import type { Database } from "bun:sqlite";
import { join } from "node:path";
import { Ledger } from "../../src/modules/ledger/ledger.ts";
import { OUTSIDE_ACCOUNT } from "../../src/modules/ledger/system-accounts.ts";
import { openWriter } from "../../src/store/database.ts";
import { runBatch } from "../../src/store/group-commit.ts";
import { migrate } from "../../src/store/migrations.ts";
import { type Family, repeat } from "./family.ts";
import { writeGeneratedId } from "./generated-payments.ts";
import { makeDirectory, removeDirectory } from "./processes.ts";

/** Transfers per second through the ledger's own code, beside raw statements that leave the same rows. */
const TRANSFERS = 60_000;
const QUICK_TRANSFERS = 6_000;
const PER_TRANSACTION = 64;
const ACCOUNTS = 100;
const CENTS = 100;

export const ledger: Family = {
  name: "ledger",
  about: "transfers/s of the ledger alone, beside raw bun:sqlite",
  seconds: 25,
  run: async (effort) => {
    const transfers = effort.isQuick ? QUICK_TRANSFERS : TRANSFERS;
    // Once for the compiler.
    for (const prepare of [prepareRaw, prepareLedger]) measure(QUICK_TRANSFERS, prepare);
    const rounds = await repeat(effort, async () => ({
      raw: measure(transfers, prepareRaw),
      ours: measure(transfers, prepareLedger),
    }));
    return {
      figures: [
        {
          name: "ledger: transfers",
          unit: "/s",
          values: rounds.map(({ ours }) => ours),
          yardstick: { name: "raw bun:sqlite, the same rows", values: rounds.map(({ raw }) => raw) },
          goal: null,
          note: `transactions of ${PER_TRANSACTION}, ${ACCOUNTS} accounts, two entries each`,
        },
      ],
    };
  },
};

/** Writes the transfers `first` to `end` - 1 inside a transaction. */
type Batch = (first: number, end: number) => void;

/** Exported for scripts/profile, with `prepareLedger`. */
export function measure(
  transfers: number,
  prepare: (file: string) => { database: Database; write: Batch },
): number {
  const directory = makeDirectory();
  const { database, write } = prepare(join(directory, "catraca.db"));
  const startedAt = performance.now();
  for (let first = 0; first < transfers; first += PER_TRANSACTION) {
    const end = Math.min(transfers, first + PER_TRANSACTION);
    const batch = runBatch(database, () => write(first, end));
    if (batch.kind !== "committed") throw batch.error;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  check(database, transfers);
  database.close();
  removeDirectory(directory);
  return transfers / seconds;
}

export function prepareLedger(file: string): { database: Database; write: Batch } {
  const database = openWriter(file, "process");
  migrate(database.sqlite);
  const book = new Ledger(database);
  const opened = runBatch(database.sqlite, () => Array.from({ length: ACCOUNTS }, () => book.open("wallet")));
  if (opened.kind !== "committed") throw opened.error;
  const accounts = opened.value;
  const write: Batch = (first, end) => {
    for (let index = first; index < end; index++) {
      const id = Buffer.alloc(16);
      writeGeneratedId(2, index, id);
      const accountId = accounts[index % ACCOUNTS] ?? 0;
      const entries = [
        { accountId: OUTSIDE_ACCOUNT, cents: -CENTS },
        { accountId, cents: CENTS },
      ];
      const { kind } = book.transfer({ id, kind: "walletDeposit", entries, atMs: Date.now() });
      if (kind !== "done") throw new Error(`a transfer was ${kind}`);
    }
    book.beforeCommit();
  };
  return { database: database.sqlite, write };
}

function prepareRaw(file: string): { database: Database; write: Batch } {
  const { sqlite } = openWriter(file, "process");
  migrate(sqlite);
  const open = sqlite.prepare<{ id: number }, []>(
    "INSERT INTO ledger_accounts (kind) VALUES (4) RETURNING id",
  );
  const accounts = Array.from({ length: ACCOUNTS }, () => open.get()?.id ?? 0);
  const balances = new Map<number, number>([[OUTSIDE_ACCOUNT, 0], ...accounts.map((id) => [id, 0] as const)]);
  const addTransfer = sqlite.prepare("INSERT INTO ledger_transfers (id, kind, at_ms) VALUES (?, 4, ?)");
  const addEntry = sqlite.prepare("INSERT INTO ledger_entries VALUES (?, ?, ?, ?)");
  const setBalance = sqlite.prepare("UPDATE ledger_accounts SET balance_cents = ? WHERE id = ?");
  const move = (accountId: number, seq: number | bigint, cents: number) => {
    const balance = (balances.get(accountId) ?? 0) + cents;
    balances.set(accountId, balance);
    addEntry.run(accountId, seq, cents, balance);
  };
  const write: Batch = (first, end) => {
    const touched = new Set([OUTSIDE_ACCOUNT]);
    for (let index = first; index < end; index++) {
      const id = Buffer.alloc(16);
      writeGeneratedId(2, index, id);
      const accountId = accounts[index % ACCOUNTS] ?? 0;
      const { lastInsertRowid: seq } = addTransfer.run(id, Date.now());
      move(OUTSIDE_ACCOUNT, seq, -CENTS);
      move(accountId, seq, CENTS);
      touched.add(accountId);
    }
    for (const accountId of touched) setBalance.run(balances.get(accountId) ?? 0, accountId);
  };
  return { database: sqlite, write };
}

function check(sqlite: Database, transfers: number): void {
  const row = sqlite
    .query<{ transfers: number; sum: number; outside: number }, [number]>(
      `SELECT (SELECT count(*) FROM ledger_transfers) AS transfers, sum(balance_cents) AS sum,
              sum(balance_cents) FILTER (WHERE id = ?) AS outside FROM ledger_accounts`,
    )
    .get(OUTSIDE_ACCOUNT);
  if (row?.transfers !== transfers || row.sum !== 0 || row.outside !== -transfers * CENTS) {
    throw new Error(`${transfers} transfers should be in the books: ${JSON.stringify(row)}`);
  }
}
