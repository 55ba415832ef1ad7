import { and, between, eq, sql } from "drizzle-orm";
import {
  bucketOf,
  ROLLUP_BASE,
  type RollupRange,
  type SignedRollupRange,
  signedRangesOf,
} from "../../domain/rollup.ts";
import { compile } from "../../store/compiled-statement.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { paymentRollups } from "./table.ts";

/** Sums of counts and cents, as they are added up. */
export interface SummarySums {
  defaultCount: number;
  defaultCents: number;
  fallbackCount: number;
  fallbackCents: number;
}

/** Of a run of buckets; null if there is none. */
type RollupSums = SummarySums | { readonly defaultCount: null };

/**
 * Buckets of this level, 4 s each, are looked at before what is in them. With ten million payments stored most of the
 * time goes into finding pages of the finer levels, which have a bucket for nearly each payment: three of them per edge
 * of a window (one per level), of which the cache has none.
 */
const COARSE_LEVEL = 2;
const COARSE_MS = ROLLUP_BASE ** COARSE_LEVEL;
/** Up to so many payments a bucket is read by the millisecond: not more rows than an edge of a level may have anyway. */
const FEW_PAYMENTS = ROLLUP_BASE;

/** Sums over the rollups, on the connection of whoever asks. */
export class RollupQueries {
  readonly #sums;
  readonly #count;

  constructor({ orm }: Pick<OpenDatabase, "orm">) {
    const { level, bucket, defaultCount, defaultCents, fallbackCount, fallbackCents } = paymentRollups;
    this.#sums = compile<RollupSums>(
      orm,
      orm
        .select({
          defaultCount: sql`sum(${defaultCount})`.as("defaultCount"),
          defaultCents: sql`sum(${defaultCents})`.as("defaultCents"),
          fallbackCount: sql`sum(${fallbackCount})`.as("fallbackCount"),
          fallbackCents: sql`sum(${fallbackCents})`.as("fallbackCents"),
        })
        .from(paymentRollups)
        .where(
          and(
            eq(level, sql.placeholder("level")),
            between(bucket, sql.placeholder("first"), sql.placeholder("last")),
          ),
        ),
      ["level", "first", "last"],
    );
    this.#count = compile<{ count: number }>(
      orm,
      orm
        .select({ count: sql`${defaultCount} + ${fallbackCount}`.as("count") })
        .from(paymentRollups)
        .where(and(eq(level, sql.placeholder("level")), eq(bucket, sql.placeholder("bucket")))),
      ["level", "bucket"],
    );
  }

  /** Sums whole buckets. */
  sums(ranges: readonly RollupRange[]): SummarySums {
    const sums = noSums();
    for (const range of ranges) this.#add(sums, range, 1);
    return sums;
  }

  /**
   * Sums a window, as the sums of its `rangesOf` with fewer pages and rows. All reads must see one state of
   * the database: what is taken away was added before.
   *
   *   ├╌╌ piece ╌╌┼── 4 s ──┼── 4 s ──┼─ … ─┼── 4 s ──┼╌╌ piece ╌╌┤
   *
   * @param fromMs first millisecond, inclusive; finite
   * @param toMs last millisecond, inclusive; finite
   */
  windowSums(fromMs: number, toMs: number): SummarySums {
    const sums = noSums();
    // + 0: a bucket is never -0.
    const first = Math.ceil(fromMs / COARSE_MS) + 0;
    const end = bucketOf(toMs + 1, COARSE_LEVEL);
    if (first > end) {
      // Inside of one bucket.
      this.#addPiece(sums, fromMs, toMs);
      return sums;
    }
    this.#addPiece(sums, fromMs, first * COARSE_MS - 1);
    this.#addSigned(sums, signedRangesOf(first, end, COARSE_LEVEL));
    this.#addPiece(sums, end * COARSE_MS, toMs);
    return sums;
  }

  /** Adds a part of one bucket of the coarse level. */
  #addPiece(sums: SummarySums, fromMs: number, toMs: number): void {
    if (fromMs > toMs) return;
    const payments = this.#count.get(COARSE_LEVEL, bucketOf(fromMs, COARSE_LEVEL))?.count ?? 0;
    if (payments === 0) return;
    if (payments <= FEW_PAYMENTS) this.#add(sums, { level: 0, first: fromMs, last: toMs }, 1);
    else this.#addSigned(sums, signedRangesOf(fromMs, toMs + 1, 0));
  }

  #addSigned(sums: SummarySums, ranges: readonly SignedRollupRange[]): void {
    for (const range of ranges) this.#add(sums, range, range.sign);
  }

  #add(sums: SummarySums, { level, first, last }: RollupRange, sign: 1 | -1): void {
    const row = this.#sums.get(level, first, last);
    // Of no bucket at all.
    if (row === null || row.defaultCount === null) return;
    sums.defaultCount += sign * row.defaultCount;
    sums.defaultCents += sign * row.defaultCents;
    sums.fallbackCount += sign * row.fallbackCount;
    sums.fallbackCents += sign * row.fallbackCents;
  }
}

function noSums(): SummarySums {
  return { defaultCount: 0, defaultCents: 0, fallbackCount: 0, fallbackCents: 0 };
}
