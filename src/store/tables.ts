import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** The engine's own tables; the SQL with its comments is in migrations/. */
export const replicas = sqliteTable("replicas", {
  id: integer("id").primaryKey(),
  name: text("name").notNull().unique(),
  epoch: integer("epoch").notNull(),
  leaseUntilMs: integer("lease_until_ms").notNull(),
  ringGeneration: text("ring_generation").notNull(),
  ringPosition: integer("ring_position").notNull(),
});

export const state = sqliteTable("state", {
  id: integer("id").primaryKey(),
  purgeGeneration: integer("purge_generation").notNull(),
});

export const tasks = sqliteTable("tasks", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  kind: integer("kind").notNull(),
  subject: integer("subject").notNull(),
  attempts: integer("attempts").notNull().default(0),
  addedAtMs: integer("added_at_ms").notNull(),
  nextAttemptAtMs: integer("next_attempt_at_ms").notNull(),
  leaseOwner: integer("lease_owner"),
  upstream: integer("upstream").notNull().default(0),
});
