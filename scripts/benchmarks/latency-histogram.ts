/**
 * Counts of latencies in buckets that grow by the same factor, so that a plot with a logarithmic axis shows 10 µs and
 * 100 ms alike: bucket n begins at FROM_MS × 10^(n / BUCKETS_PER_DECADE).
 */
const FROM_MS = 0.001;
const BUCKETS_PER_DECADE = 20;
const DECADES = 7;
const BUCKETS = BUCKETS_PER_DECADE * DECADES;

/** Counts per bucket; the first and the last also hold what lies beyond. */
export function countLatencies(latenciesMs: Iterable<number>): number[] {
  const counts = new Array<number>(BUCKETS).fill(0);
  for (const ms of latenciesMs) {
    const place = Math.floor(Math.log10(ms / FROM_MS) * BUCKETS_PER_DECADE);
    const bucket = Math.min(BUCKETS - 1, Math.max(0, place));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return counts;
}

/** The counts of several runs together. */
export function addCounts(all: readonly (readonly number[])[]): number[] {
  const sums = new Array<number>(BUCKETS).fill(0);
  for (const counts of all) {
    for (const [bucket, count] of counts.entries()) sums[bucket] = (sums[bucket] ?? 0) + count;
  }
  return sums;
}

/** Where a bucket begins, ms. */
export function bucketFromMs(bucket: number): number {
  return FROM_MS * 10 ** (bucket / BUCKETS_PER_DECADE);
}
