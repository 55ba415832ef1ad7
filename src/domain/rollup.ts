/**
 * How a time window is answered without looking at every payment: buckets of 64^level ms, level 0 being
 * a single millisecond. A window is cut into whole buckets, as coarse as possible in its middle and finer
 * towards its edges (a radix tree laid flat), so any millisecond window is exact, and at most
 * 2 × 63 buckets per level are read however long the window is and however many payments it holds. Where taking
 * away is allowed, it is half as many: see `signedRangesOf`.
 *
 *   level 2            ├───────4,096 ms───────┤
 *   level 1       ├64┤├64┤                    ├64┤├64┤
 *   level 0    ││││                                  │││
 *             from                                     to
 */
export const ROLLUP_BASE = 64;

/** 64^6 ms is more than two years: the top level needs no level above it. */
export const ROLLUP_LEVELS = 7;

/** A run of whole buckets of one level, both ends inclusive. */
export interface RollupRange {
  readonly level: number;
  readonly first: number;
  readonly last: number;
}

/** Whole buckets that are added, or taken away because a coarser bucket that was added has more than the window. */
export interface SignedRollupRange extends RollupRange {
  readonly sign: 1 | -1;
}

/** The bucket of `atMs` at a level. */
export function bucketOf(atMs: number, level: number): number {
  return Math.floor(atMs / ROLLUP_BASE ** level);
}

/**
 * Cuts the window into whole buckets.
 * @param fromMs first millisecond, inclusive
 * @param toMs last millisecond, inclusive
 */
export function rangesOf(fromMs: number, toMs: number): RollupRange[] {
  const ranges: RollupRange[] = [];
  let first = fromMs;
  let last = toMs;
  for (let level = 0; level < ROLLUP_LEVELS && first <= last; level++) {
    if (level === ROLLUP_LEVELS - 1) {
      ranges.push({ level, first, last });
      break;
    }
    // The buckets of the next level that lie wholly inside.
    // + 0: a bucket is never -0.
    const firstAbove = Math.ceil(first / ROLLUP_BASE) + 0;
    const lastAbove = Math.floor((last + 1) / ROLLUP_BASE) - 1;
    if (firstAbove > lastAbove) {
      ranges.push({ level, first, last });
      break;
    }
    if (first < firstAbove * ROLLUP_BASE) {
      ranges.push({ level, first, last: firstAbove * ROLLUP_BASE - 1 });
    }
    if (last >= (lastAbove + 1) * ROLLUP_BASE) {
      ranges.push({ level, first: (lastAbove + 1) * ROLLUP_BASE, last });
    }
    first = firstAbove;
    last = lastAbove;
  }
  return ranges;
}

/**
 * Cuts a run of buckets of one level into coarser ones where that is possible: at each edge the nearer bound of the
 * level above, and what lies between is added or taken away. So at most 2 × 32 buckets per level are read, 64 at the last.
 *
 *   wanted         ├────────────────────────────────────┤
 *   level 1, +  ├────────────┼────────────┼────────────┤
 *   level 0     ├──┤ −                                  ├┤ +
 *
 * @param level of `first` and `end`
 * @param end exclusive
 */
export function signedRangesOf(first: number, end: number, level: number): SignedRollupRange[] {
  const ranges: SignedRollupRange[] = [];
  /** What an edge has less (negative: more) than the bound of the level above. */
  const addEdge = (at: number, from: number, to: number): void => {
    if (from < to) ranges.push({ level: at, first: from, last: to - 1, sign: 1 });
    if (from > to) ranges.push({ level: at, first: to, last: from - 1, sign: -1 });
  };
  let at = level;
  let from = first;
  let to = end;
  while (at < ROLLUP_LEVELS - 1 && to - from > ROLLUP_BASE) {
    // + 0: a bucket is never -0.
    const fromAbove = Math.round(from / ROLLUP_BASE) + 0;
    const toAbove = Math.round(to / ROLLUP_BASE) + 0;
    addEdge(at, from, fromAbove * ROLLUP_BASE);
    addEdge(at, toAbove * ROLLUP_BASE, to);
    from = fromAbove;
    to = toAbove;
    at++;
  }
  addEdge(at, from, to);
  return ranges;
}
