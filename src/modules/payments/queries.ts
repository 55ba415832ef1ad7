import { eq, sql } from "drizzle-orm";
import { toAmount } from "../../domain/money.ts";
import type { ProcessorName } from "../../domain/processor.ts";
import { ROLLUP_BASE, ROLLUP_LEVELS, type RollupRange, rangesOf } from "../../domain/rollup.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { processorOf } from "../../ring/frames.ts";
import { compile } from "../../store/compiled-statement.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { state } from "../../store/tables.ts";
import { RollupQueries, type SummarySums } from "./rollup-queries.ts";
import { AMOUNT_DIFFERS, type PaymentStatusName, paymentEvents, payments, statusName } from "./table.ts";

export interface KnownPayment {
  readonly amountCents: number;
  readonly status: PaymentStatusName;
}

export interface PaymentEventView {
  readonly at: string;
  readonly event:
    | "accepted"
    | "attempt"
    | "settled"
    | "repeated"
    | "conflict"
    | "requeued"
    | typeof AMOUNT_DIFFERS;
  readonly processor?: ProcessorName;
  readonly outcome?: string;
  readonly code?: string;
  readonly latencyMs?: number;
  readonly amount?: number;
}

export interface PaymentView {
  readonly correlationId: string;
  /** What was asked for. */
  readonly amount: number;
  /** What the processor has recorded instead: the summary counts this, and the fee is of it. Usually missing. */
  readonly settledAmount?: number;
  readonly status: PaymentStatusName;
  readonly processor: ProcessorName | null;
  readonly requestedAt: string | null;
  readonly fee: number | null;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly history: readonly PaymentEventView[];
}

export interface ProcessorTotals {
  readonly totalRequests: number;
  readonly totalAmount: number;
}
export type PaymentsSummary = Readonly<Record<ProcessorName, ProcessorTotals>>;

/** Section A's reads, on main's own connection. */
export class PaymentQueries {
  readonly #find;
  readonly #view;
  readonly #events;
  readonly #rollups: RollupQueries;
  readonly #purgeGeneration;

  constructor({ orm }: OpenDatabase) {
    const byId = eq(payments.correlationId, sql.placeholder("id"));
    this.#find = compile<{ amount_cents: number; status: number }>(
      orm,
      orm.select({ amountCents: payments.amountCents, status: payments.status }).from(payments).where(byId),
      ["id"],
    );
    this.#purgeGeneration = orm.select({ generation: state.purgeGeneration }).from(state).prepare();
    this.#view = orm.select().from(payments).where(byId).prepare();
    this.#events = orm
      .select()
      .from(paymentEvents)
      .where(eq(paymentEvents.paymentSeq, sql.placeholder("seq")))
      .orderBy(paymentEvents.id)
      .prepare();
    this.#rollups = new RollupQueries({ orm });
  }

  /** How often payments have been purged. */
  purgeGeneration(): number {
    return this.#purgeGeneration.get()?.generation ?? 0;
  }

  /** What is stored under these 16 bytes, or null. */
  find(id: Uint8Array): KnownPayment | null {
    const row = this.#find.get(id);
    if (row === null) return null;
    return { amountCents: row.amount_cents, status: statusName(row.status) };
  }

  /** A payment with its whole history, or null. */
  view(id: Uint8Array, correlationId: string): PaymentView | null {
    const row = this.#view.get({ id });
    if (row === undefined) return null;
    const history = this.#historyOf(row);
    const settledAmount = history.find(({ event }) => event === AMOUNT_DIFFERS)?.amount;
    return {
      correlationId,
      amount: toAmount(row.amountCents),
      ...(settledAmount === undefined ? {} : { settledAmount }),
      status: statusName(row.status),
      processor: processorOf(row.processor),
      requestedAt: row.requestedAtMs === null ? null : formatTimestamp(row.requestedAtMs),
      fee: row.feeCents === null ? null : toAmount(row.feeCents),
      attempts: row.attempts,
      lastError: row.lastError,
      history,
    };
  }

  /**
   * What each processor took in a window of `requestedAt`, both ends inclusive, ms since the epoch. The work
   * depends on the window's edges alone: a bounded number of buckets, see domain/rollup.ts. All its reads must see one
   * state of the database: call it inside a transaction while others write, unless both ends are open, which is one read.
   */
  summary(fromMs: number, toMs: number): PaymentsSummary {
    return summaryOf(
      this.#rollups.windowSums(Math.max(fromMs, WINDOW_MIN_MS), Math.min(toMs, WINDOW_MAX_MS)),
    );
  }

  /** Sums whole buckets of the rollup. */
  sums(ranges: readonly RollupRange[]): SummarySums {
    return this.#rollups.sums(ranges);
  }

  #historyOf(row: typeof payments.$inferSelect): PaymentEventView[] {
    const history: PaymentEventView[] = [{ at: formatTimestamp(row.acceptedAtMs), event: "accepted" }];
    for (const event of this.#events.all({ seq: row.seq })) {
      const processor = processorOf(event.processor);
      history.push({
        at: formatTimestamp(event.atMs),
        // event-writer.ts wrote it, with this type
        event: event.event as PaymentEventView["event"],
        ...(processor === null ? {} : { processor }),
        ...(event.outcome === null ? {} : { outcome: event.outcome }),
        ...(event.code === null ? {} : { code: event.code }),
        ...(event.latencyMs === null ? {} : { latencyMs: Math.round(event.latencyMs * 1000) / 1000 }),
        ...(event.amountCents === null ? {} : { amount: toAmount(event.amountCents) }),
      });
    }
    const processor = processorOf(row.processor);
    if (row.settledAtMs !== null && processor !== null) {
      // A call that settled it at once has no event; what was asked about an earlier one has, with its own time.
      const isNoted = history.some(({ outcome }) => outcome === "settled");
      const took = isNoted || row.requestedAtMs === null ? null : row.settledAtMs - row.requestedAtMs;
      const latency = took === null ? {} : { latencyMs: Math.max(0, took) };
      history.push({ at: formatTimestamp(row.settledAtMs), event: "settled", processor, ...latency });
    }
    return history;
  }
}

/** The sums as the API shows them. */
export function summaryOf(sums: SummarySums): PaymentsSummary {
  return {
    default: { totalRequests: sums.defaultCount, totalAmount: toAmount(sums.defaultCents) },
    fallback: { totalRequests: sums.fallbackCount, totalAmount: toAmount(sums.fallbackCents) },
  };
}

/** The buckets that make up a window, open ends included: infinite. */
export function windowRanges(fromMs: number, toMs: number): RollupRange[] {
  return rangesOf(Math.max(fromMs, WINDOW_MIN_MS), Math.min(toMs, WINDOW_MAX_MS));
}

/** An open end of a window: whole buckets of the top level, so that it costs no edge. */
const TOP_BUCKET_MS = ROLLUP_BASE ** (ROLLUP_LEVELS - 1);
const WINDOW_MIN_MS = -1000 * TOP_BUCKET_MS;
const WINDOW_MAX_MS = 5000 * TOP_BUCKET_MS - 1;
