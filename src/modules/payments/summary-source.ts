import type { CounterReader } from "../../cluster/counter-reader.ts";
import type { CountedWindow } from "../../cluster/counter-store.ts";
import { bucketOf, type RollupRange } from "../../domain/rollup.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { CounterQueries } from "./counter-queries.ts";
import { type PaymentQueries, type PaymentsSummary, summaryOf, windowRanges } from "./queries.ts";

/** Past so many rows that Redis does not have yet, the database's own rollup is the quicker way. */
const TAIL_ROWS_MAX = 256;

/**
 * Answers `GET /payments-summary`, exactly as of the moment of the answer: what has been settled and committed
 * by any replica is in it.
 *
 *   Redis: sums as of delta n ──► database, one moment: deltas behind n, and what Redis does not keep ──► sum
 *     └─ none in time, another history, too far behind ──► the database's rollup alone
 *
 * The second step makes the answer as fresh as the database, whatever Redis lags behind: nobody who has seen
 * a payment settled at one replica gets a summary without it from another. It reads a handful of rows.
 */
export class SummarySource {
  readonly #queries: PaymentQueries;
  readonly #counters: CounterQueries;
  readonly #reader: CounterReader | null;
  readonly #metrics: Metrics;

  /** @param reader null without Redis */
  constructor(
    queries: PaymentQueries,
    counters: CounterQueries,
    reader: CounterReader | null,
    metrics: Metrics,
  ) {
    this.#queries = queries;
    this.#counters = counters;
    this.#reader = reader;
    this.#metrics = metrics;
  }

  /** The window's sums, both ends inclusive, ms since the epoch. */
  summary(fromMs: number, toMs: number): PaymentsSummary | Promise<PaymentsSummary> {
    if (this.#reader === null) return this.#fromDatabase(fromMs, toMs);
    return this.#fromRedis(this.#reader, fromMs, toMs);
  }

  #fromDatabase(fromMs: number, toMs: number): PaymentsSummary {
    this.#metrics.increment("summary_answers", "database");
    return this.#counters.atOneMoment(() => this.#queries.summary(fromMs, toMs));
  }

  async #fromRedis(reader: CounterReader, fromMs: number, toMs: number): Promise<PaymentsSummary> {
    const ranges = windowRanges(fromMs, toMs);
    const counted = await reader.query(ranges);
    const summary =
      counted === null
        ? null
        : this.#counters.atOneMoment(() => this.#complete(counted, ranges, fromMs, toMs));
    if (summary === null) return this.#fromDatabase(fromMs, toMs);
    this.#metrics.increment("summary_answers", "redis");
    return summary;
  }

  /** Adds what Redis did not have or does not keep; null if the two do not fit together. */
  #complete(
    counted: CountedWindow,
    ranges: readonly RollupRange[],
    fromMs: number,
    toMs: number,
  ): PaymentsSummary | null {
    const head = this.#counters.head();
    const behind = head.seq - counted.appliedSeq;
    if (head.epoch !== counted.epoch || behind < 0 || behind > TAIL_ROWS_MAX) return null;
    const sums = this.#queries.sums(counted.missing);
    const { sums: known } = counted;
    sums.defaultCount += known.defaultCount;
    sums.defaultCents += known.defaultCents;
    sums.fallbackCount += known.fallbackCount;
    sums.fallbackCents += known.fallbackCents;
    if (behind === 0 || ranges.length === 0) return summaryOf(sums);
    const rows = this.#counters.rowsAfter(counted.appliedSeq, TAIL_ROWS_MAX);
    // Trimmed between the two reads: cannot be completed any more.
    if (rows.length !== behind) return null;
    for (const { deltas } of rows) {
      for (const [atMs, defaultCount, defaultCents, fallbackCount, fallbackCents] of deltas) {
        // What lies in a missing part was read from the database just now, this delta included.
        if (atMs < fromMs || atMs > toMs || liesIn(counted.missing, atMs)) continue;
        sums.defaultCount += defaultCount;
        sums.defaultCents += defaultCents;
        sums.fallbackCount += fallbackCount;
        sums.fallbackCents += fallbackCents;
      }
    }
    return summaryOf(sums);
  }
}

function liesIn(ranges: readonly RollupRange[], atMs: number): boolean {
  return ranges.some(({ level, first, last }) => {
    const bucket = bucketOf(atMs, level);
    return bucket >= first && bucket <= last;
  });
}
