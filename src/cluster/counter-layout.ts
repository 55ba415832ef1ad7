import { bucketOf, ROLLUP_BASE, ROLLUP_LEVELS } from "../domain/rollup.ts";

/**
 * The counters in Redis: the rollup of domain/rollup.ts, each level only as far back as it is worth its memory.
 *
 *   <prefix>                        hash: epoch, build, applied, floor0 … floor6
 *   <prefix>:<build>:<level>:<n>    hash of one chunk: 64 buckets, "count cents count cents" by bucket mod 64
 *   <prefix>:<build>:index:<level>  sorted set of the chunks there are, by n
 *   <prefix>:builds                 sorted set of the builds begun, by time
 *
 * A bucket below its level's floor is not kept: what a window needs of those comes from the database. Above
 * the floor a missing bucket is empty. Floors are whole chunks, and only rise.
 */
export const CHUNK_BUCKETS = ROLLUP_BASE;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/**
 * How far back each level goes: at most 120,000 + 19,000 + 21,000 + 30,000 buckets, some 15 MB, whatever the load.
 * The upper levels grow by some 2,000 buckets a year.
 */
const KEPT_MS: readonly number[] = [2 * MINUTE_MS, 20 * MINUTE_MS, DAY_MS, 90 * DAY_MS];
/** "From ever", as a number that Redis and JavaScript both carry exactly. */
const FLOOR_OF_ALL = -(2 ** 53) + 1;

/** Where each level begins at `nowMs`: the first bucket that is kept. */
export function floorsAt(nowMs: number): number[] {
  return Array.from({ length: ROLLUP_LEVELS }, (_, level) => {
    const keptMs = KEPT_MS[level];
    if (keptMs === undefined) return FLOOR_OF_ALL;
    return Math.floor(bucketOf(nowMs - keptMs, level) / CHUNK_BUCKETS) * CHUNK_BUCKETS;
  });
}

/** The keys' prefix. Replicas of one database share it; two databases on one Redis do not meet. */
export function counterPrefix(databaseId: string): string {
  return `catraca:${databaseId}:counters`;
}

/** What a window or a bucket holds. */
export interface CounterSums {
  defaultCount: number;
  defaultCents: number;
  fallbackCount: number;
  fallbackCents: number;
}

export function noSums(): CounterSums {
  return { defaultCount: 0, defaultCents: 0, fallbackCount: 0, fallbackCents: 0 };
}

/** The bucket's value as it stands in a chunk. */
export function packSums(sums: CounterSums): string {
  return `${sums.defaultCount} ${sums.defaultCents} ${sums.fallbackCount} ${sums.fallbackCents}`;
}
