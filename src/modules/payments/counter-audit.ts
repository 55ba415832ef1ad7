import type { CountedWindow } from "../../cluster/counter-store.ts";
import { bucketOf, type RollupRange } from "../../domain/rollup.ts";
import type { CounterQueries } from "./counter-queries.ts";
import type { PaymentQueries } from "./queries.ts";
import type { SummarySums } from "./rollup-queries.ts";

/** What the counters in Redis say of some buckets, and what the database does. */
export type CounterComparison =
  | { readonly kind: "compared"; readonly expected: SummarySums; readonly found: SummarySums }
  /** Redis has another history, or is too far behind to be completed: a moment later it may be neither. */
  | { readonly kind: "not_yet"; readonly why: string };

/** Deltas that Redis may lack, at most. */
const TAIL_ROWS_MAX = 10_000;

/**
 * Compares an answer of Redis with the database, exactly, also while payments are settled: the deltas that Redis does not
 * have yet are added to its answer from the very state of the database that it is compared with.
 */
export function compareCounters(
  counted: CountedWindow,
  ranges: readonly RollupRange[],
  counters: CounterQueries,
  queries: PaymentQueries,
): CounterComparison {
  return counters.atOneMoment(() => {
    const head = counters.head();
    if (head.epoch !== counted.epoch) return notYet("Redis has the counters of another history");
    const behind = head.seq - counted.appliedSeq;
    const rows = counters.rowsAfter(counted.appliedSeq, TAIL_ROWS_MAX);
    if (behind < 0 || rows.length !== behind) return notYet(`Redis is ${behind} transactions behind`);
    const found = queries.sums(counted.missing);
    add(found, counted.sums);
    for (const [atMs, defaultCount, defaultCents, fallbackCount, fallbackCents] of rows.flatMap(
      ({ deltas }) => deltas,
    )) {
      // What Redis does not keep was read from the database just now, this delta included.
      if (!liesIn(ranges, atMs) || liesIn(counted.missing, atMs)) continue;
      add(found, { defaultCount, defaultCents, fallbackCount, fallbackCents });
    }
    return { kind: "compared", expected: queries.sums(ranges), found };
  });
}

function notYet(why: string): CounterComparison {
  return { kind: "not_yet", why };
}

function add(sums: SummarySums, more: Readonly<SummarySums>): void {
  sums.defaultCount += more.defaultCount;
  sums.defaultCents += more.defaultCents;
  sums.fallbackCount += more.fallbackCount;
  sums.fallbackCents += more.fallbackCents;
}

function liesIn(ranges: readonly RollupRange[], atMs: number): boolean {
  return ranges.some(({ level, first, last }) => {
    const bucket = bucketOf(atMs, level);
    return bucket >= first && bucket <= last;
  });
}
