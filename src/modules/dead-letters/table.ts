import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const deadLetters = sqliteTable("dead_letters", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  source: text("source").notNull(),
  subject: text("subject").notNull(),
  isOpen: integer("is_open").notNull().default(1),
  errorName: text("error_name").notNull(),
  errorMessage: text("error_message").notNull(),
  errorCode: text("error_code").notNull(),
  originalTopic: text("original_topic"),
  originalMessage: text("original_message").notNull(),
  attempts: integer("attempts").notNull(),
  deaths: integer("deaths").notNull().default(1),
  firstDiedAtMs: integer("first_died_at_ms").notNull(),
  diedAtMs: integer("died_at_ms").notNull(),
});

export const deadLetterEvents = sqliteTable("dead_letter_events", {
  id: integer("id").primaryKey(),
  letterId: integer("letter_id").notNull(),
  atMs: integer("at_ms").notNull(),
  event: text("event").notNull(),
  outcome: text("outcome"),
  code: text("code"),
  who: text("who"),
});

/** What `requeue_jobs.state` means; the last two are final. */
export const JOB_STATES = ["running", "done", "cancelled"] as const;
export type JobStatus = (typeof JOB_STATES)[number];

/** What a job does with each letter that matches. */
export const JOB_ACTIONS = ["requeue", "discard"] as const;
export type JobAction = (typeof JOB_ACTIONS)[number];

export const requeueJobs = sqliteTable("requeue_jobs", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  createdAtMs: integer("created_at_ms").notNull(),
  who: text("who").notNull(),
  action: text("action", { enum: JOB_ACTIONS }).notNull().default("requeue"),
  filter: text("filter").notNull(),
  perSecond: integer("per_second").notNull(),
  matched: integer("matched").notNull(),
  requeued: integer("requeued").notNull().default(0),
  refused: integer("refused").notNull().default(0),
  lastId: integer("last_id").notNull().default(0),
  workedAtMs: integer("worked_at_ms").notNull(),
  state: integer("state").notNull().default(0),
  endedAtMs: integer("ended_at_ms"),
});

export const auditLog = sqliteTable("audit_log", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  atMs: integer("at_ms").notNull(),
  who: text("who").notNull(),
  action: text("action").notNull(),
  subject: text("subject").notNull(),
  result: text("result").notNull(),
});
