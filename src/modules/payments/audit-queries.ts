import type { ProcessorName } from "../../domain/processor.ts";
import { formatUuid } from "../../domain/uuid.ts";
import { processorOf } from "../../ring/frames.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { TASK_KINDS } from "../../store/task-kinds.ts";
import { AMOUNT_DIFFERS, PAYMENT_STATUS, type PaymentStatusName, statusName } from "./table.ts";

/** What the books of section A contradict each other in; empty when they are sound. */
export interface PaymentDifference {
  /** What should hold, as a sentence. */
  readonly rule: string;
  /** How often it does not, as a sentence. */
  readonly found: string;
  readonly count: number;
  /** Some of the places where it does not. */
  readonly examples: readonly string[];
}

const { pending, settled } = PAYMENT_STATUS;
const KIND = TASK_KINDS.payment.number;
const EXAMPLES_MAX = 5;

const ID = "lower(hex(p.correlation_id))";
/** What a payment `p` counts with: another amount than was asked for, if its processor has recorded that. */
const SETTLED_CENTS = `coalesce((SELECT e.amount_cents FROM payment_events e
  WHERE e.payment_seq = p.seq AND e.event = '${AMOUNT_DIFFERS}'), p.amount_cents)`;
const SUMS = "default_count AS a, default_cents AS b, fallback_count AS c, fallback_cents AS d";
/** Two books are compared by adding one and taking the other away: a join of both would look at each pair of rows. */
const TAKEN_AWAY = "-default_count, -default_cents, -fallback_count, -fallback_cents";
const NOT_ZERO = "sum(a) <> 0 OR sum(b) <> 0 OR sum(c) <> 0 OR sum(d) <> 0";

/** Each selects what breaks it: a payment's id, or the name of a place. */
export const PAYMENT_RULE_QUERIES: Readonly<Record<string, string>> = {
  "every pending payment has exactly one task": `
    SELECT ${ID} AS place FROM payments p WHERE p.status = ${pending}
      AND (SELECT count(*) FROM tasks t WHERE t.kind = ${KIND} AND t.subject = p.seq) <> 1`,
  "no task is about a payment that is not pending": `
    SELECT coalesce(${ID}, 'task ' || t.id) AS place FROM tasks t LEFT JOIN payments p ON p.seq = t.subject
      WHERE t.kind = ${KIND} AND (p.seq IS NULL OR p.status <> ${pending})`,
  "every settled payment has a processor, a time and a fee": `
    SELECT ${ID} AS place FROM payments p WHERE status = ${settled}
      AND (processor NOT IN (1, 2) OR requested_at_ms IS NULL OR settled_at_ms IS NULL OR fee_cents IS NULL)`,
  // Every payment is in the millisecond of its requestedAt, and every millisecond in the bucket above it: so any
  // window is right.
  "the rollup of every millisecond counts the payments settled in it, and their cents": `
    SELECT 'millisecond ' || coalesce(bucket, 'unknown') AS place FROM (
      SELECT requested_at_ms AS bucket, processor = 1 AS a, iif(processor = 1, cents, 0) AS b,
             processor = 2 AS c, iif(processor = 2, cents, 0) AS d
        FROM (SELECT requested_at_ms, processor, ${SETTLED_CENTS} AS cents
                FROM payments p WHERE status = ${settled})
      UNION ALL
      SELECT bucket, ${TAKEN_AWAY} FROM payment_rollups WHERE level = 0)
    GROUP BY bucket HAVING ${NOT_ZERO}`,
  "the rollups of every level are the sums of the level below": `
    SELECT 'level ' || level || ' bucket ' || bucket AS place FROM (
      SELECT level + 1 AS level, bucket >> 6 AS bucket, ${SUMS} FROM payment_rollups WHERE level < 6
      UNION ALL
      SELECT level, bucket, ${TAKEN_AWAY} FROM payment_rollups WHERE level > 0)
    GROUP BY level, bucket HAVING ${NOT_ZERO}`,
};

/** Compares payments, tasks and rollups in one snapshot. */
export function auditPayments({ sqlite }: OpenDatabase): PaymentDifference[] {
  const inOneSnapshot = sqlite.transaction(() =>
    Object.entries(PAYMENT_RULE_QUERIES).flatMap(([rule, query]) => {
      const rows = sqlite
        .query<{ place: string; count: number }, []>(
          `SELECT place, count(*) OVER () AS count FROM (${query}) LIMIT ${EXAMPLES_MAX}`,
        )
        .all();
      const [first] = rows;
      if (first === undefined) return [];
      const { count } = first;
      return [
        { rule, found: `broken ${count} times`, count, examples: rows.map(({ place }) => readable(place)) },
      ];
    }),
  );
  return inOneSnapshot();
}

export const PAYMENT_RULES = Object.keys(PAYMENT_RULE_QUERIES).length;

function readable(place: string): string {
  return /^[0-9a-f]{32}$/.test(place) ? formatUuid(Buffer.from(place, "hex"), 0) : place;
}

/** A payment as it is compared with the processors. */
export interface AuditedPayment {
  readonly seq: number;
  readonly correlationId: string;
  /** What it is counted with, if it is settled. */
  readonly amountCents: number;
  readonly status: PaymentStatusName;
  /** Where and under which time it is settled. */
  readonly processor: ProcessorName | null;
  readonly requestedAtMs: number | null;
}

export interface PaymentCounts {
  readonly pending: number;
  readonly settled: number;
  readonly dead: number;
  /** Settled ones whose processor has recorded another amount than was asked for. */
  readonly otherAmount: number;
  /** When the oldest of all, and of those that are pending, was accepted, ms; null: there is none. */
  readonly oldestAtMs: number | null;
  readonly oldestPendingAtMs: number | null;
  /** The first and the last time that a processor recorded, ms. */
  readonly firstRequestedAtMs: number | null;
  readonly lastRequestedAtMs: number | null;
}

interface PaymentRow {
  readonly seq: number;
  readonly id: Uint8Array;
  readonly cents: number;
  readonly status: number;
  readonly processor: number;
  readonly requestedAtMs: number | null;
}

const COLUMNS = `seq, correlation_id AS id, ${SETTLED_CENTS} AS cents, status, processor, requested_at_ms AS requestedAtMs`;
/** Shuffles rows by a seed: multiplying by an odd number modulo 2^32 after an exclusive or (which SQLite spells so). */
const SHUFFLED = "((((seq | ?1) - (seq & ?1)) * 2654435761) & 4294967295)";

/** What the audit reads of payments, on a connection of its own. */
export class PaymentAuditQueries {
  readonly #sqlite: OpenDatabase["sqlite"];

  constructor({ sqlite }: OpenDatabase) {
    this.#sqlite = sqlite;
  }

  counts(): PaymentCounts {
    const row = this.#sqlite
      .query<PaymentCounts, []>(
        `SELECT count(*) FILTER (WHERE status = ${pending}) AS pending, count(*) FILTER (WHERE status = ${settled}) AS settled,
                count(*) FILTER (WHERE status = ${PAYMENT_STATUS.dead}) AS dead, min(accepted_at_ms) AS oldestAtMs,
                min(accepted_at_ms) FILTER (WHERE status = ${pending}) AS oldestPendingAtMs,
                (SELECT count(*) FROM payment_events WHERE event = '${AMOUNT_DIFFERS}') AS otherAmount,
                min(requested_at_ms) AS firstRequestedAtMs, max(requested_at_ms) AS lastRequestedAtMs
           FROM payments`,
      )
      .get();
    if (row === null) throw new Error("a count returned nothing");
    return row;
  }

  /**
   * Payments of all states, the same for the same seed: half of them from those that were called more than once, as far
   * as there are any, because only those can have been charged twice by a defect of routing.
   */
  sample(limit: number, seed: number): AuditedPayment[] {
    const half = Math.ceil(limit / 2);
    const called = this.#rows(`WHERE attempts > 1 ORDER BY ${SHUFFLED} LIMIT ?2`, seed, half);
    const known = new Set(called.map(({ seq }) => seq));
    const others = this.#rows(`ORDER BY ${SHUFFLED} LIMIT ?2`, seed, limit).filter(
      ({ seq }) => !known.has(seq),
    );
    return [...called, ...others].slice(0, limit).map(paymentOf);
  }

  /** All payments behind `seq`, by row, at most `limit`. */
  page(seq: number, limit: number): AuditedPayment[] {
    return this.#rows("WHERE seq > ?1 ORDER BY seq LIMIT ?2", seq, limit).map(paymentOf);
  }

  /** The payment as it is now, or null. */
  find(seq: number): AuditedPayment | null {
    const [row] = this.#rows("WHERE seq = ?1 LIMIT ?2", seq, 1);
    return row === undefined ? null : paymentOf(row);
  }

  /** Ids of payments that are settled at a processor under these times. */
  settledBetween(processor: number, fromMs: number, toMs: number, limit: number): string[] {
    return this.#sqlite
      .query<{ id: Uint8Array }, [number, number, number, number]>(
        "SELECT correlation_id AS id FROM payments WHERE processor = ? AND requested_at_ms BETWEEN ? AND ? LIMIT ?",
      )
      .all(processor, fromMs, toMs, limit)
      .map(({ id }) => formatUuid(id, 0));
  }

  #rows(rest: string, first: number, second: number): PaymentRow[] {
    return this.#sqlite
      .query<PaymentRow, [number, number]>(`SELECT ${COLUMNS} FROM payments p ${rest}`)
      .all(first, second);
  }
}

function paymentOf(row: PaymentRow): AuditedPayment {
  return {
    seq: row.seq,
    correlationId: formatUuid(row.id, 0),
    amountCents: row.cents,
    status: statusName(row.status),
    processor: processorOf(row.processor),
    requestedAtMs: row.requestedAtMs,
  };
}
