import { and, asc, eq, max, sql } from "drizzle-orm";
import { LIMITS } from "../config/limits.ts";
import type { AttemptOutcome, CallReport } from "../domain/attempt-outcome.ts";
import type { OpenDatabase } from "./database.ts";
import { onFirstUse } from "./on-first-use.ts";
import { taskAttempts } from "./tables.ts";
import { TASK_KINDS, type TaskKind } from "./task-kinds.ts";
import type { LeasedTask } from "./task-queue.ts";

/** A call that has come back, as it is noted. */
export interface NewAttempt {
  readonly outcome: AttemptOutcome;
  /** Undefined: no call was made, or it ended in a defect. */
  readonly call?: CallReport | undefined;
  readonly latencyMs: number;
}

export type NotedAttempt = Omit<typeof taskAttempts.$inferSelect, "kind" | "subject" | "number" | "taskId">;
type Task = Pick<LeasedTask, "id" | "subject">;

/**
 * The calls that were made for tasks, whatever they came to. Noted in one place for every kind, before the kind's
 * module decides what the outcome means, and in the same transaction. (Payments of section A are most of the traffic: what
 * settles them stands in their own rows, and what does not in payment_events.)
 */
export class TaskAttempts {
  readonly #statements;

  constructor(orm: OpenDatabase["orm"]) {
    this.#statements = onFirstUse(() => prepareStatements(orm));
  }

  /** Notes an attempt; past the bound per subject, nothing. */
  note(kind: TaskKind, { id, subject }: Task, { outcome, call, latencyMs }: NewAttempt, nowMs: number): void {
    const { number: kindNumber } = TASK_KINDS[kind];
    const number = (this.#statements.last.get({ kind: kindNumber, subject })?.number ?? 0) + 1;
    if (number > LIMITS.historyEventsMax.value) return;
    this.#statements.insert.run({
      kind: kindNumber,
      subject,
      number,
      taskId: id,
      atMs: nowMs,
      isLookup: call?.isLookup === true ? 1 : 0,
      outcome: outcome.kind,
      code: outcome.kind === "settled" ? null : outcome.code,
      status: call?.status ?? null,
      latencyMs: call === undefined ? null : Math.round(latencyMs * 1000) / 1000,
      excerpt: call?.excerpt ?? null,
    });
  }

  /** What was noted for this very task, oldest first: for its subject's dead letter. */
  ofTask(kind: TaskKind, { id, subject }: Task): NotedAttempt[] {
    return this.#statements.ofTask.all({ kind: TASK_KINDS[kind].number, subject, taskId: id });
  }
}

/** A reader of everything that was noted about a subject, oldest first; for main's own connection. */
export function attemptReader(
  { orm }: OpenDatabase,
  kind: TaskKind,
): (subject: number) => readonly NotedAttempt[] {
  const statement = selectOf(orm)
    .where(
      and(
        eq(taskAttempts.kind, TASK_KINDS[kind].number),
        eq(taskAttempts.subject, sql.placeholder("subject")),
      ),
    )
    .orderBy(asc(taskAttempts.number))
    .prepare();
  return (subject) => statement.all({ subject });
}

function selectOf(orm: OpenDatabase["orm"]) {
  const { atMs, isLookup, outcome, code, status, latencyMs, excerpt } = taskAttempts;
  return orm.select({ atMs, isLookup, outcome, code, status, latencyMs, excerpt }).from(taskAttempts);
}

function prepareStatements(orm: OpenDatabase["orm"]) {
  const ofSubject = and(
    eq(taskAttempts.kind, sql.placeholder("kind")),
    eq(taskAttempts.subject, sql.placeholder("subject")),
  );
  return {
    last: orm
      .select({ number: max(taskAttempts.number) })
      .from(taskAttempts)
      .where(ofSubject)
      .prepare(),
    insert: orm
      .insert(taskAttempts)
      .values({
        kind: sql.placeholder("kind"),
        subject: sql.placeholder("subject"),
        number: sql.placeholder("number"),
        taskId: sql.placeholder("taskId"),
        atMs: sql.placeholder("atMs"),
        isLookup: sql.placeholder("isLookup"),
        outcome: sql.placeholder("outcome"),
        code: sql.placeholder("code"),
        status: sql.placeholder("status"),
        latencyMs: sql.placeholder("latencyMs"),
        excerpt: sql.placeholder("excerpt"),
      })
      .prepare(),
    ofTask: selectOf(orm)
      .where(and(ofSubject, eq(taskAttempts.taskId, sql.placeholder("taskId"))))
      .orderBy(asc(taskAttempts.number))
      .prepare(),
  };
}
