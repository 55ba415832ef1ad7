import { blob, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** The SQL with its comments is in the migration. */
export const reservations = sqliteTable("reservations", {
  id: blob("id", { mode: "buffer" }).primaryKey(),
  productId: integer("product_id").notNull(),
  userId: text("user_id").notNull(),
  quantity: integer("quantity").notNull(),
  held: integer("held").notNull(),
  totalTenThousandths: integer("total_ten_thousandths").notNull(),
  status: integer("status").notNull().default(0),
  createdAtMs: integer("created_at_ms").notNull(),
  expiresAtMs: integer("expires_at_ms").notNull(),
});

export const orders = sqliteTable("orders", {
  seq: integer("seq").primaryKey({ autoIncrement: true }),
  id: blob("id", { mode: "buffer" }).notNull().unique(),
  reservationId: blob("reservation_id", { mode: "buffer" }).notNull().unique(),
  productId: integer("product_id").notNull(),
  userKey: text("user_key").notNull(),
  userId: text("user_id").notNull(),
  quantity: integer("quantity").notNull(),
  totalTenThousandths: integer("total_ten_thousandths").notNull(),
  chargeCents: integer("charge_cents").notNull(),
  description: text("description").notNull(),
  status: integer("status").notNull().default(0),
  attempts: integer("attempts").notNull().default(0),
  lastError: text("last_error"),
  cardLast4: text("card_last4").notNull(),
  sealedCard: text("sealed_card"),
  isCallOut: integer("is_call_out").notNull().default(0),
  isUncertain: integer("is_uncertain").notNull().default(0),
  calledAtMs: integer("called_at_ms"),
  uncertainAtMs: integer("uncertain_at_ms"),
  createdAtMs: integer("created_at_ms").notNull(),
  endedAtMs: integer("ended_at_ms"),
});
