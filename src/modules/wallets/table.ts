import { blob, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { WALLET_OPERATION_TYPES, type WalletOperationType } from "../../domain/wallet-operation.ts";

/** What `wallet_operations.status` means; a queued operation is in the intake log, not in the table. */
export const OPERATION_STATUS = { applied: 1, rejected: 2 } as const;

export const wallets = sqliteTable("wallets", {
  accountId: integer("account_id").primaryKey(),
  uuid: blob("uuid", { mode: "buffer" }).notNull().unique(),
  createdAtMs: integer("created_at_ms").notNull(),
});

export const walletOperations = sqliteTable(
  "wallet_operations",
  {
    accountId: integer("account_id").notNull(),
    id: blob("id", { mode: "buffer" }).notNull(),
    type: integer("type").notNull(),
    amountCents: integer("amount_cents").notNull(),
    status: integer("status").notNull(),
    reason: text("reason"),
    balanceAfterCents: integer("balance_after_cents").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.id] })],
);

/** The number in `wallet_operations.type` and in frames. */
export function operationTypeNumber(type: WalletOperationType): number {
  return WALLET_OPERATION_TYPES.indexOf(type) + 1;
}

export function operationTypeOf(number: number): WalletOperationType {
  const type = WALLET_OPERATION_TYPES[number - 1];
  if (type === undefined) throw new Error(`an operation has the unknown type ${number}`);
  return type;
}
