import { blob, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ACCOUNT_PAYMENT_STATES, type AccountPaymentState } from "../../domain/account-payment.ts";

export const accountPayments = sqliteTable("account_payments", {
  seq: integer("seq").primaryKey({ autoIncrement: true }),
  id: blob("id", { mode: "buffer" }).notNull().unique(),
  userId: blob("user_id", { mode: "buffer" }).notNull(),
  accountNumber: text("account_number").notNull(),
  amountCents: integer("amount_cents").notNull(),
  description: text("description"),
  createdAtMs: integer("created_at_ms").notNull(),
  state: integer("state").notNull().default(0),
  processedAtMs: integer("processed_at_ms"),
  details: text("details"),
  calls: integer("calls").notNull().default(0),
  lastError: text("last_error"),
  finalSeq: integer("final_seq"),
});

export type AccountPaymentRow = typeof accountPayments.$inferSelect;

/** The number in `account_payments.state`. */
export function stateNumber(state: AccountPaymentState): number {
  return ACCOUNT_PAYMENT_STATES.indexOf(state);
}

export function stateOf(number: number): AccountPaymentState {
  const state = ACCOUNT_PAYMENT_STATES[number];
  if (state === undefined) throw new Error(`an account payment has the unknown state ${number}`);
  return state;
}
