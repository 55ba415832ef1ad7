import { and, between, eq, gte, inArray, lt, lte, max, min, type SQL, sql } from "drizzle-orm";
import type { AnySQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { UUID_BYTES, uuidBytes } from "../../domain/uuid.ts";
import { uuidRange } from "../../domain/uuid-range.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { type WaitingTask, waitingTask } from "../../store/queue-state.ts";
import { attemptReader } from "../../store/task-attempts.ts";
import type { TaskKind } from "../../store/task-kinds.ts";
import {
  attemptEntry,
  type FoundPayment,
  type NextAttempt,
  type PaymentDetail,
  type PaymentFilter,
  type PaymentOutcome,
  type PaymentSource,
  type SourceName,
  type UpstreamName,
} from "./payment-source.ts";

/** A section's status: its own word, the number in its table, and the outcome that it amounts to. */
export interface StatusMeaning {
  readonly name: string;
  readonly number: number;
  readonly outcome: PaymentOutcome;
}

/** Where a section keeps what a search looks at. */
export interface SourceColumns {
  readonly seq: AnySQLiteColumn;
  readonly status: AnySQLiteColumn;
  readonly amountCents: AnySQLiteColumn;
  readonly lastError: AnySQLiteColumn;
  readonly createdAtMs: AnySQLiteColumn;
  /** Where the UUID of a payment is; where there is none, `seq` is what clients know. */
  readonly uuid?: AnySQLiteColumn;
  /** Where the processor is, and the number of each; missing where there are no processors. */
  readonly processor?: { readonly column: AnySQLiteColumn; readonly numberOf: (name: string) => number };
}

export interface SourceParts<Row> {
  readonly name: SourceName;
  readonly table: SQLiteTable;
  /** The kind of task whose subject is the `seq` of a payment. */
  readonly taskKind: TaskKind;
  /** Who is called for such a task; null: that differs, and `detailOf` knows the attempts. */
  readonly upstream: UpstreamName | null;
  readonly columns: SourceColumns;
  readonly statuses: readonly StatusMeaning[];
  /** Rows of the table that fulfil the condition, the highest `seq` first. */
  readonly select: (condition: SQL | undefined, limit: number) => Row[];
  readonly foundOf: (row: Row, statusOf: (number: number) => StatusMeaning) => FoundPayment;
  /** The rest of what is known of a payment. */
  readonly detailOf: (row: Row, payment: FoundPayment) => SourceDetail;
}

export interface SourceDetail extends Omit<PaymentDetail, "payment" | "nextAttempt"> {
  /** How it began, and what else happened; the attempts that were noted for its task belong after the first. */
  readonly timeline: PaymentDetail["timeline"];
  /**
   * Where the replica that has a payment in hand decides when to try it again: not before, ms since the epoch.
   * @param attempts of its task so far
   */
  readonly notBeforeMs?: (attempts: number) => number;
}

/** Makes a section searchable: reads only, on main's own connection. */
export function createPaymentSource<Row>(database: OpenDatabase, parts: SourceParts<Row>): PaymentSource {
  const { orm } = database;
  const { name, table, taskKind, upstream, columns, statuses, select } = parts;
  const { seq, uuid, createdAtMs } = columns;
  const statusOf = (number: number) => meaningOf(statuses, number);
  const foundOf = (row: Row) => parts.foundOf(row, statusOf);
  const search = (filter: PaymentFilter, place: readonly SQL[], limit: number) => {
    const conditions = conditionsOf(columns, statuses, filter);
    return conditions === null ? [] : select(and(...place, ...conditions), limit).map(foundOf);
  };
  const attemptsOf = attemptReader(database, taskKind);
  const bounds = orm
    .select({ first: sql<number | null>`${min(seq)}`, last: sql<number | null>`${max(seq)}` })
    .from(table)
    .prepare();
  const createdFrom = orm
    .select({ atMs: sql<number>`${createdAtMs}` })
    .from(table)
    .where(gte(seq, sql.placeholder("seq")))
    .orderBy(seq)
    .limit(1)
    .prepare();
  return {
    name,
    statuses: statuses.map((status) => status.name),
    bounds: () => {
      const { first = null, last = null } = bounds.get() ?? {};
      return first === null || last === null ? null : { first, last };
    },
    createdFrom: (from) => createdFrom.get({ seq: from })?.atMs ?? null,
    between: (filter, low, below, limit) => search(filter, [gte(seq, low), lt(seq, below)], limit),
    byId: (filter, text, limit) => {
      const place = uuid === undefined ? sameNumber(seq, text) : sameStart(uuid, text);
      return place === null ? [] : search(filter, [place], limit);
    },
    detail: (id) => {
      const place = uuid === undefined ? sameNumber(seq, id) : sameUuid(uuid, id);
      const [row] = place === null ? [] : select(place, 1);
      if (row === undefined) return null;
      const payment = foundOf(row);
      const { facts, timeline: told, notBeforeMs } = parts.detailOf(row, payment);
      const attempts = attemptsOf(payment.seq).map((attempt) => attemptEntry(upstream, attempt));
      const timeline = [...told.slice(0, 1), ...attempts, ...told.slice(1)];
      const task = payment.outcome === "pending" ? waitingTask(database, taskKind, payment.seq) : null;
      return { payment, facts, timeline, nextAttempt: task && nextAttemptOf(task, notBeforeMs) };
    },
  };
}

function nextAttemptOf(
  { nextAttemptAtMs, replica, attempts }: WaitingTask,
  notBeforeMs: SourceDetail["notBeforeMs"],
): NextAttempt {
  const decidedByReplica = replica === null ? undefined : notBeforeMs?.(attempts);
  return { atMs: Math.max(nextAttemptAtMs, decidedByReplica ?? 0), replica };
}

function sameNumber(column: AnySQLiteColumn, text: string): SQL | null {
  return /^\d{1,16}$/.test(text) ? eq(column, Number(text)) : null;
}

function sameUuid(column: AnySQLiteColumn, text: string): SQL | null {
  return text.length === UUID_BYTES * 2 + 4 ? eq(column, Buffer.from(uuidBytes(text))) : null;
}

function sameStart(column: AnySQLiteColumn, text: string): SQL | null {
  const range = uuidRange(text);
  return range === null ? null : between(column, Buffer.from(range.low), Buffer.from(range.high));
}

/** The conditions of a filter; null if nothing of the section can pass. */
function conditionsOf(
  columns: SourceColumns,
  statuses: readonly StatusMeaning[],
  filter: PaymentFilter,
): SQL[] | null {
  const { state, processor, error, minCents, maxCents, fromMs, toMs } = filter;
  const conditions: SQL[] = [];
  if (state !== undefined) {
    const meant = statuses.filter((status) => status.name === state || status.outcome === state);
    if (meant.length === 0) return null;
    const numbers = meant.map(({ number }) => number);
    conditions.push(inArray(columns.status, numbers));
  }
  if (processor !== undefined) {
    if (columns.processor === undefined) return null;
    conditions.push(eq(columns.processor.column, columns.processor.numberOf(processor)));
  }
  if (error !== undefined) conditions.push(eq(columns.lastError, error));
  if (minCents !== undefined) conditions.push(gte(columns.amountCents, minCents));
  if (maxCents !== undefined) conditions.push(lte(columns.amountCents, maxCents));
  if (fromMs !== undefined) conditions.push(gte(columns.createdAtMs, fromMs));
  if (toMs !== undefined) conditions.push(lte(columns.createdAtMs, toMs));
  return conditions;
}

function meaningOf(statuses: readonly StatusMeaning[], number: number): StatusMeaning {
  const meaning = statuses.find((status) => status.number === number);
  if (meaning === undefined) throw new Error(`a payment has the unknown status ${number}`);
  return meaning;
}
