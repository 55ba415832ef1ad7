import { blob, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const idempotencyRecords = sqliteTable("idempotency_records", {
  scope: blob("scope", { mode: "buffer" }).primaryKey(),
  fingerprint: blob("fingerprint", { mode: "buffer" }).notNull(),
  reply: text("reply").notNull(),
  expiresAtMs: integer("expires_at_ms").notNull(),
  command: text("command"),
});
