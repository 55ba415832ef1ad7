/**
 * Percentiles out of a histogram whose buckets count what is at most their bound:
 *
 *   bounds   0.001   0.005   0.01
 *   counts     12      80      7      1      the last one counts what is above every bound
 *
 * Inside a bucket the observations are taken to lie evenly, as Prometheus' histogram_quantile does.
 * @param share 0.5 for the median
 * @returns in the unit of the bounds; the highest bound for what is above it; null without observations
 */
export function percentileOf(
  bounds: readonly number[],
  counts: ArrayLike<number>,
  share: number,
): number | null {
  let total = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) total += counts[bucket] ?? 0;
  if (total <= 0) return null;
  const rank = share * total;
  let below = 0;
  for (const [bucket, bound] of bounds.entries()) {
    const count = counts[bucket] ?? 0;
    if (count > 0 && below + count >= rank) {
      const lower = bounds[bucket - 1] ?? 0;
      return lower + ((bound - lower) * (rank - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1) ?? null;
}
