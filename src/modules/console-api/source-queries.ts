import { and, between, eq, gte, inArray, lt, lte, max, min, type SQL, sql } from "drizzle-orm";
import type { AnySQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { UUID_BYTES, uuidBytes } from "../../domain/uuid.ts";
import { uuidRange } from "../../domain/uuid-range.ts";
import type { OpenDatabase } from "../../store/database.ts";
import type {
  FoundPayment,
  PaymentDetail,
  PaymentFilter,
  PaymentOutcome,
  PaymentSource,
  SourceName,
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
  readonly columns: SourceColumns;
  readonly statuses: readonly StatusMeaning[];
  /** Rows of the table that fulfil the condition, the highest `seq` first. */
  readonly select: (condition: SQL | undefined, limit: number) => Row[];
  readonly foundOf: (row: Row, statusOf: (number: number) => StatusMeaning) => FoundPayment;
  /** The rest of what is known of a payment. */
  readonly detailOf: (row: Row, payment: FoundPayment) => Omit<PaymentDetail, "payment">;
}

/** Makes a section searchable: reads only, on main's own connection. */
export function createPaymentSource<Row>({ orm }: OpenDatabase, parts: SourceParts<Row>): PaymentSource {
  const { name, table, columns, statuses, select } = parts;
  const { seq, uuid, createdAtMs } = columns;
  const statusOf = (number: number) => meaningOf(statuses, number);
  const foundOf = (row: Row) => parts.foundOf(row, statusOf);
  const search = (filter: PaymentFilter, place: readonly SQL[], limit: number) => {
    const conditions = conditionsOf(columns, statuses, filter);
    return conditions === null ? [] : select(and(...place, ...conditions), limit).map(foundOf);
  };
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
      return { payment, ...parts.detailOf(row, payment) };
    },
  };
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
