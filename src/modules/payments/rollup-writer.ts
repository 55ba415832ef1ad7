import { sql } from "drizzle-orm";
import type { ProcessorName } from "../../domain/processor.ts";
import { bucketOf, ROLLUP_LEVELS } from "../../domain/rollup.ts";
import { compile } from "../../store/compiled-statement.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { paymentRollups } from "./table.ts";

interface RollupDelta {
  readonly level: number;
  readonly bucket: number;
  defaultCount: number;
  defaultCents: number;
  fallbackCount: number;
  fallbackCents: number;
}

/** Adds the settlements of one batch to the rollups: payments that share a bucket share its one write. */
export class RollupWriter {
  readonly #upsert;
  readonly #deltas = new Map<string, RollupDelta>();

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
    for (let level = 0; level < ROLLUP_LEVELS; level++) {
      const delta = this.#deltaOf(level, bucketOf(requestedAtMs, level));
      if (processor === "default") {
        delta.defaultCount++;
        delta.defaultCents += amountCents;
      } else {
        delta.fallbackCount++;
        delta.fallbackCents += amountCents;
      }
    }
  }

  /** Writes the batch's sums, in the transaction that settled its payments. */
  flush(): void {
    if (this.#deltas.size === 0) return;
    for (const delta of this.#deltas.values()) {
      const { level, bucket, defaultCount, defaultCents, fallbackCount, fallbackCents } = delta;
      this.#upsert.run(level, bucket, defaultCount, defaultCents, fallbackCount, fallbackCents);
    }
    this.#deltas.clear();
  }

  discard(): void {
    this.#deltas.clear();
  }

  #deltaOf(level: number, bucket: number): RollupDelta {
    const key = `${level}:${bucket}`;
    let delta = this.#deltas.get(key);
    if (delta === undefined) {
      delta = { level, bucket, defaultCount: 0, defaultCents: 0, fallbackCount: 0, fallbackCents: 0 };
      this.#deltas.set(key, delta);
    }
    return delta;
  }
}
