import { integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** The engine's own tables; the SQL with its comments is in migrations/. */
export const replicas = sqliteTable("replicas", {
  id: integer("id").primaryKey(),
  name: text("name").notNull().unique(),
  epoch: integer("epoch").notNull(),
  leaseUntilMs: integer("lease_until_ms").notNull(),
  ringGeneration: text("ring_generation").notNull(),
  ringPosition: integer("ring_position").notNull(),
  /** Payments below it were purged before they were taken in; null when there is nothing to leave out. */
  purgePosition: integer("purge_position"),
});

export const state = sqliteTable("state", {
  id: integer("id").primaryKey(),
  purgeGeneration: integer("purge_generation").notNull(),
  /** 1: a backup that no replica has been started on yet. */
  isCopy: integer("is_copy").notNull().default(0),
  /** When the first replica was started on what had been a backup; null: it never was one. */
  restoredAtMs: integer("restored_at_ms"),
});

export const cluster = sqliteTable("cluster", {
  id: integer("id").primaryKey(),
  databaseId: text("database_id").notNull(),
  counterEpoch: text("counter_epoch"),
  counterSeq: integer("counter_seq").notNull(),
});

export const healthTurns = sqliteTable("health_turns", {
  processor: integer("processor").primaryKey(),
  owner: integer("owner"),
  grantedAtMs: integer("granted_at_ms").notNull(),
  nextAtMs: integer("next_at_ms").notNull(),
  failing: integer("failing").notNull(),
  minResponseMs: real("min_response_ms").notNull(),
  seenAtMs: integer("seen_at_ms").notNull(),
});

export const tasks = sqliteTable("tasks", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  kind: integer("kind").notNull(),
  subject: integer("subject").notNull(),
  attempts: integer("attempts").notNull().default(0),
  addedAtMs: integer("added_at_ms").notNull(),
  nextAttemptAtMs: integer("next_attempt_at_ms").notNull(),
  leaseOwner: integer("lease_owner"),
  /** The only replica that can do it; null: any. */
  home: integer("home"),
  upstream: integer("upstream").notNull().default(0),
});

export const taskAttempts = sqliteTable(
  "task_attempts",
  {
    kind: integer("kind").notNull(),
    subject: integer("subject").notNull(),
    number: integer("number").notNull(),
    taskId: integer("task_id").notNull(),
    atMs: integer("at_ms").notNull(),
    isLookup: integer("is_lookup").notNull().default(0),
    outcome: text("outcome").notNull(),
    code: text("code"),
    status: integer("status"),
    latencyMs: real("latency_ms"),
    excerpt: text("excerpt"),
  },
  (table) => [primaryKey({ columns: [table.kind, table.subject, table.number] })],
);
