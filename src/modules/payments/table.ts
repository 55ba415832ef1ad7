import { blob, integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What `payments.status` means. A final state is never left, except that a dead one may be requeued. */
export const PAYMENT_STATUS = { pending: 0, settled: 1, dead: 2 } as const;
export type PaymentStatusName = keyof typeof PAYMENT_STATUS;

/** The name of a number in `payments.status`. */
export function statusName(status: number): PaymentStatusName {
  if (status === PAYMENT_STATUS.pending) return "pending";
  return status === PAYMENT_STATUS.settled ? "settled" : "dead";
}

/**
 * An event: the processor has recorded another amount than was to be paid, for instance because the id was used before a purge.
 * Summaries count what is recorded, so this event belongs to the books: `amountCents` is what the payment counts with.
 */
export const AMOUNT_DIFFERS = "amount_differs";

export const payments = sqliteTable("payments", {
  seq: integer("seq").primaryKey({ autoIncrement: true }),
  correlationId: blob("correlation_id", { mode: "buffer" }).notNull().unique(),
  amountCents: integer("amount_cents").notNull(),
  status: integer("status").notNull().default(PAYMENT_STATUS.pending),
  processor: integer("processor").notNull().default(0),
  acceptedAtMs: integer("accepted_at_ms").notNull(),
  requestedAtMs: integer("requested_at_ms"),
  settledAtMs: integer("settled_at_ms"),
  feeCents: integer("fee_cents"),
  attempts: integer("attempts").notNull().default(0),
  lastError: text("last_error"),
});

export const paymentEvents = sqliteTable("payment_events", {
  id: integer("id").primaryKey(),
  paymentSeq: integer("payment_seq").notNull(),
  atMs: integer("at_ms").notNull(),
  event: text("event").notNull(),
  processor: integer("processor").notNull().default(0),
  outcome: text("outcome"),
  code: text("code"),
  latencyMs: real("latency_ms"),
  amountCents: integer("amount_cents"),
  isLookup: integer("is_lookup").notNull().default(0),
  status: integer("status"),
  excerpt: text("excerpt"),
});

export const paymentRollups = sqliteTable(
  "payment_rollups",
  {
    level: integer("level").notNull(),
    bucket: integer("bucket").notNull(),
    defaultCount: integer("default_count").notNull(),
    defaultCents: integer("default_cents").notNull(),
    fallbackCount: integer("fallback_count").notNull(),
    fallbackCents: integer("fallback_cents").notNull(),
  },
  (table) => [primaryKey({ columns: [table.level, table.bucket] })],
);

export const paymentCounterOutbox = sqliteTable("payment_counter_outbox", {
  seq: integer("seq").primaryKey(),
  atMs: integer("at_ms").notNull(),
  deltas: text("deltas").notNull(),
});
