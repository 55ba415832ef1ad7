import { and, asc, desc, eq, lt, or, sql } from "drizzle-orm";
import { formatTimestamp } from "../../domain/timestamp.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { conditionOf, type DeadLetterFilter } from "./filter-queries.ts";
import {
  deadLetterEvents,
  deadLetters,
  JOB_STATES,
  type JobAction,
  type JobStatus,
  requeueJobs,
} from "./table.ts";

export interface DeadLetterView {
  readonly id: number;
  readonly source: string;
  readonly subject: string;
  readonly error: { readonly name: string; readonly message: string; readonly code: string };
  readonly originalTopic: string | null;
  readonly originalMessage: unknown;
  readonly attempts: number;
  /** How often it ended badly. */
  readonly deaths: number;
  readonly firstDiedAt: string;
  readonly diedAt: string;
}

export interface DeadLetterEventView {
  readonly at: string;
  readonly event: string;
  readonly outcome?: string;
  readonly code?: string;
  readonly who?: string;
}

/** A job: what is done with all letters that match, in the background. */
export interface JobView {
  readonly id: number;
  readonly action: JobAction;
  readonly status: JobStatus;
  /** When it began. */
  readonly matched: number;
  /** Letters that it is done with. */
  readonly done: number;
  readonly refused: number;
  readonly perSecond: number;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

/** Where a page ended: letters of one millisecond are told apart by their ids. */
export interface DeadLetterCursor {
  readonly diedAtMs: number;
  readonly id: number;
}

export interface DeadLetterPage {
  readonly items: readonly DeadLetterView[];
  readonly last: DeadLetterCursor | null;
}

/** Reads of the dead-letter list, on main's own connection. */
export class DeadLetterQueries {
  readonly #orm: OpenDatabase["orm"];

  constructor({ orm }: OpenDatabase) {
    this.#orm = orm;
  }

  /** Open letters, the latest first, behind `after`, or from the one of number `offset` on. */
  list(filter: DeadLetterFilter, limit: number, after: DeadLetterCursor | null, offset = 0): DeadLetterPage {
    const behind =
      after === null
        ? undefined
        : or(
            lt(deadLetters.diedAtMs, after.diedAtMs),
            and(eq(deadLetters.diedAtMs, after.diedAtMs), lt(deadLetters.id, after.id)),
          );
    const rows = this.#orm
      .select()
      .from(deadLetters)
      .where(and(conditionOf(filter), behind))
      .orderBy(desc(deadLetters.diedAtMs), desc(deadLetters.id))
      .limit(limit)
      .offset(offset)
      .all();
    const last = rows.at(-1);
    return {
      items: rows.map(viewOf),
      last: last === undefined ? null : { diedAtMs: last.diedAtMs, id: last.id },
    };
  }

  /** How many open letters of each source match. */
  count(filter: DeadLetterFilter): Record<string, number> {
    const rows = this.#orm
      .select({ source: deadLetters.source, count: sql<number>`count(*)` })
      .from(deadLetters)
      .where(conditionOf(filter))
      .groupBy(deadLetters.source)
      .all();
    return Object.fromEntries(rows.map(({ source, count }) => [source, count]));
  }

  /** An open letter with everything that ever happened to it, or null. */
  find(id: number): (DeadLetterView & { readonly history: readonly DeadLetterEventView[] }) | null {
    const open = and(eq(deadLetters.id, id), eq(deadLetters.isOpen, 1));
    const [row] = this.#orm.select().from(deadLetters).where(open).all();
    if (row === undefined) return null;
    const events = this.#orm
      .select()
      .from(deadLetterEvents)
      .where(eq(deadLetterEvents.letterId, id))
      .orderBy(asc(deadLetterEvents.atMs), asc(deadLetterEvents.id))
      .all();
    return { ...viewOf(row), history: events.map(eventViewOf) };
  }

  /** A requeue or a discard of many letters, or null. What it is done with has the action's own name. */
  job(action: JobAction, id: number) {
    const wanted = and(eq(requeueJobs.id, id), eq(requeueJobs.action, action));
    const [row] = this.#orm.select().from(requeueJobs).where(wanted).all();
    if (row === undefined) return null;
    const { done, ...job } = jobViewOf(row);
    return { ...job, ...(action === "requeue" ? { requeued: done } : { discarded: done }) };
  }

  /** Requeues and discards of many letters, the latest first. @param status null: any @param below an id, or null */
  jobs(status: JobStatus | null, limit: number, below: number | null): JobView[] {
    // A constant: only so does SQLite use the index of those that are running.
    const conditions = and(
      status === null
        ? undefined
        : sql`${requeueJobs.state} = ${sql.raw(String(JOB_STATES.indexOf(status)))}`,
      below === null ? undefined : lt(requeueJobs.id, below),
    );
    const rows = this.#orm.select().from(requeueJobs).where(conditions);
    return rows.orderBy(desc(requeueJobs.id)).limit(limit).all().map(jobViewOf);
  }
}

function jobViewOf(row: typeof requeueJobs.$inferSelect): JobView {
  return {
    id: row.id,
    action: row.action,
    status: JOB_STATES[row.state] ?? "running",
    matched: row.matched,
    done: row.requeued,
    refused: row.refused,
    perSecond: row.perSecond,
    startedAt: formatTimestamp(row.createdAtMs),
    endedAt: row.endedAtMs === null ? null : formatTimestamp(row.endedAtMs),
  };
}

function viewOf(row: typeof deadLetters.$inferSelect): DeadLetterView {
  return {
    id: row.id,
    source: row.source,
    subject: row.subject,
    error: { name: row.errorName, message: row.errorMessage, code: row.errorCode },
    originalTopic: row.originalTopic,
    // writer.ts wrote it as JSON
    originalMessage: JSON.parse(row.originalMessage),
    attempts: row.attempts,
    deaths: row.deaths,
    firstDiedAt: formatTimestamp(row.firstDiedAtMs),
    diedAt: formatTimestamp(row.diedAtMs),
  };
}

function eventViewOf(row: typeof deadLetterEvents.$inferSelect): DeadLetterEventView {
  return {
    at: formatTimestamp(row.atMs),
    event: row.event,
    ...(row.outcome === null ? {} : { outcome: row.outcome }),
    ...(row.code === null ? {} : { code: row.code }),
    ...(row.who === null ? {} : { who: row.who }),
  };
}
