import { sql } from "drizzle-orm";
import type { ProcessorName } from "../../domain/processor.ts";
import { ROLLUP_BASE, ROLLUP_LEVELS } from "../../domain/rollup.ts";
import { compile } from "../../store/compiled-statement.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { paymentRollups } from "./table.ts";

interface RollupDelta {
  readonly bucket: number;
  defaultCount: number;
  defaultCents: number;
  fallbackCount: number;
  fallbackCents: number;
}

/** Adds the settlements of one batch to the rollups: payments that share a bucket share its one write. */
export class RollupWriter {
  readonly #upsert;
  readonly #levels = Array.from({ length: ROLLUP_LEVELS }, (_, level) => new RollupLevel(level));

  constructor(orm: OpenDatabase["orm"]) {
    const grow = (column: string) => sql.raw(`${column} + excluded.${column}`);
    const query = orm
      .insert(paymentRollups)
      .values({
        level: sql.placeholder("level"),
        bucket: sql.placeholder("bucket"),
        defaultCount: sql.placeholder("defaultCount"),
        defaultCents: sql.placeholder("defaultCents"),
        fallbackCount: sql.placeholder("fallbackCount"),
        fallbackCents: sql.placeholder("fallbackCents"),
      })
      .onConflictDoUpdate({
        target: [paymentRollups.level, paymentRollups.bucket],
        set: {
          defaultCount: grow("default_count"),
          defaultCents: grow("default_cents"),
          fallbackCount: grow("fallback_count"),
          fallbackCents: grow("fallback_cents"),
        },
      });
    const names = ["level", "bucket", "defaultCount", "defaultCents", "fallbackCount", "fallbackCents"];
    this.#upsert = compile(orm, query, names);
  }

  /** Counts a settled payment under the time that the processor recorded. */
  add(processor: ProcessorName, requestedAtMs: number, amountCents: number): void {
    let bucket = requestedAtMs;
    for (const level of this.#levels) {
      const delta = level.deltaOf(bucket);
      if (processor === "default") {
        delta.defaultCount++;
        delta.defaultCents += amountCents;
      } else {
        delta.fallbackCount++;
        delta.fallbackCents += amountCents;
      }
      // The next level's bucket, see bucketOf: rounding down twice is rounding down once.
      bucket = Math.floor(bucket / ROLLUP_BASE);
    }
  }

  /** Writes the batch's sums, in the transaction that settled its payments. */
  flush(): void {
    for (const level of this.#levels) {
      for (const delta of level.deltas()) {
        const { bucket, defaultCount, defaultCents, fallbackCount, fallbackCents } = delta;
        this.#upsert.run(level.level, bucket, defaultCount, defaultCents, fallbackCount, fallbackCents);
      }
      level.clear();
    }
  }

  discard(): void {
    for (const level of this.#levels) level.clear();
  }
}

/** What one batch adds to the buckets of one level. Payments of a batch are close: most share the last bucket. */
class RollupLevel {
  readonly level: number;
  readonly #deltas = new Map<number, RollupDelta>();
  #last: RollupDelta | undefined;

  constructor(level: number) {
    this.level = level;
  }

  deltaOf(bucket: number): RollupDelta {
    if (this.#last?.bucket === bucket) return this.#last;
    let delta = this.#deltas.get(bucket);
    if (delta === undefined) {
      delta = { bucket, defaultCount: 0, defaultCents: 0, fallbackCount: 0, fallbackCents: 0 };
      this.#deltas.set(bucket, delta);
    }
    this.#last = delta;
    return delta;
  }

  deltas(): Iterable<RollupDelta> {
    return this.#deltas.values();
  }

  clear(): void {
    this.#deltas.clear();
    this.#last = undefined;
  }
}
