import { blob, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import {
  USER_PAYMENT_STATUSES,
  USER_PAYMENT_TYPES,
  type UserPaymentStatus,
  type UserPaymentType,
} from "../../domain/user-payment.ts";

export const users = sqliteTable("users", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  accountId: integer("account_id").notNull().unique(),
  createdAtMs: integer("created_at_ms").notNull(),
});

export const userPayments = sqliteTable("user_payments", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  uuid: blob("uuid", { mode: "buffer" }).notNull().unique(),
  userId: integer("user_id").notNull(),
  type: integer("type").notNull(),
  amountCents: integer("amount_cents").notNull(),
  commissionCents: integer("commission_cents").notNull(),
  status: integer("status").notNull().default(0),
  holdId: integer("hold_id"),
  attempts: integer("attempts").notNull().default(0),
  lastError: text("last_error"),
  createdAtMs: integer("created_at_ms").notNull(),
  endedAtMs: integer("ended_at_ms"),
});

export const userCounters = sqliteTable("user_counters", {
  name: text("name").primaryKey(),
  value: integer("value").notNull(),
});

/** The number in `user_payments.status`. */
export function statusNumber(status: UserPaymentStatus): number {
  return USER_PAYMENT_STATUSES.indexOf(status);
}

export function statusOf(number: number): UserPaymentStatus {
  const status = USER_PAYMENT_STATUSES[number];
  if (status === undefined) throw new Error(`a payment has the unknown status ${number}`);
  return status;
}

/** The number in `user_payments.type`. */
export function typeNumber(type: UserPaymentType): number {
  return USER_PAYMENT_TYPES.indexOf(type) + 1;
}

export function typeOf(number: number): UserPaymentType {
  const type = USER_PAYMENT_TYPES[number - 1];
  if (type === undefined) throw new Error(`a payment has the unknown type ${number}`);
  return type;
}
