import { blob, integer, primaryKey, sqliteTable } from "drizzle-orm/sqlite-core";
import type { AccountKind } from "../../domain/ledger.ts";
import { HOLD_STATUSES, type HoldStatus } from "../../domain/ledger-hold.ts";

/** The numbers in `ledger_accounts.kind`. */
export const ACCOUNT_KINDS = { outside: 1, fees: 2, user: 3, wallet: 4 } as const satisfies Record<
  AccountKind,
  number
>;

/** What a transfer is: the numbers in `ledger_transfers.kind`. */
export const TRANSFER_KINDS = {
  opening: 1,
  deposit: 2,
  withdrawal: 3,
  walletDeposit: 4,
  walletWithdrawal: 5,
} as const;
export type TransferKind = keyof typeof TRANSFER_KINDS;

export const ledgerAccounts = sqliteTable("ledger_accounts", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  kind: integer("kind").notNull(),
  balanceCents: integer("balance_cents").notNull().default(0),
  heldCents: integer("held_cents").notNull().default(0),
});

export const ledgerTransfers = sqliteTable("ledger_transfers", {
  seq: integer("seq").primaryKey(),
  id: blob("id", { mode: "buffer" }).notNull().unique(),
  kind: integer("kind").notNull(),
  reference: integer("reference"),
  atMs: integer("at_ms").notNull(),
});

export const ledgerEntries = sqliteTable(
  "ledger_entries",
  {
    accountId: integer("account_id").notNull(),
    transferSeq: integer("transfer_seq").notNull(),
    cents: integer("cents").notNull(),
    balanceAfterCents: integer("balance_after_cents").notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.transferSeq] })],
);

export const ledgerHolds = sqliteTable("ledger_holds", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  accountId: integer("account_id").notNull(),
  cents: integer("cents").notNull(),
  status: integer("status").notNull().default(0),
  createdAtMs: integer("created_at_ms").notNull(),
  expiresAtMs: integer("expires_at_ms"),
  resolvedAtMs: integer("resolved_at_ms"),
});

export function accountKindOf(number: number): AccountKind {
  return nameOf(ACCOUNT_KINDS, number);
}

export function transferKindOf(number: number): TransferKind {
  return nameOf(TRANSFER_KINDS, number);
}

export function holdStatusOf(number: number): HoldStatus {
  const status = HOLD_STATUSES[number];
  if (status === undefined) throw new Error(`a hold has the unknown status ${number}`);
  return status;
}

function nameOf<Name extends string>(numbers: Readonly<Record<Name, number>>, number: number): Name {
  for (const name in numbers) if (numbers[name] === number) return name;
  throw new Error(`a row has the unknown kind ${number}`);
}
