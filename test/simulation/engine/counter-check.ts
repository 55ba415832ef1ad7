import { counterPrefix } from "../../../src/cluster/counter-layout.ts";
import { QUERY } from "../../../src/cluster/counter-scripts.ts";
import { bucketOf, ROLLUP_LEVELS } from "../../../src/domain/rollup.ts";
import type { CounterDelta } from "../../../src/modules/payments/counter-writer.ts";
import type { Books } from "./books.ts";
import type { RedisModel } from "./redis-model.ts";

interface Head {
  readonly id: string;
  readonly epoch: string | null;
  readonly seq: number;
}

const TOP_LEVEL = ROLLUP_LEVELS - 1;

/**
 * Each delta is in Redis once: its sums of all time, with the deltas that it does not have yet, are the database's.
 * @param when "all is fed": and it has all deltas
 */
export function checkCounters(
  books: Books,
  redis: RedisModel,
  when: "ever" | "all is fed" = "ever",
): string[] {
  const head = books.database.sqlite
    .query<Head, []>("SELECT database_id AS id, counter_epoch AS epoch, counter_seq AS seq FROM cluster")
    .get();
  if (head === null || head.epoch === null) return when === "ever" ? [] : ["there is no history of counters"];
  const args = [TOP_LEVEL, 0, bucketOf(Number.MAX_SAFE_INTEGER, TOP_LEVEL)];
  // The script answers strings.
  const [epoch, applied, ...sums] = redis.run(QUERY, counterPrefix(head.id), args) as string[];
  if (epoch !== head.epoch) return when === "ever" ? [] : ["Redis has the counters of another history"];
  const behind = head.seq - Number(applied);
  if (when === "all is fed" && behind !== 0) return [`Redis lacks ${behind} deltas`];
  const rows = books.database.sqlite
    .query<{ deltas: string }, [number]>("SELECT deltas FROM payment_counter_outbox WHERE seq > ?")
    .all(Number(applied));
  if (rows.length !== behind)
    return [`the outbox has ${rows.length} of the ${behind} deltas that Redis lacks`];
  const found = sums.map(Number);
  for (const { deltas } of rows) {
    // counter-writer.ts wrote it with this shape.
    for (const [, ...parts] of JSON.parse(deltas) as CounterDelta[]) {
      for (const [index, part] of parts.entries()) found[index] = (found[index] ?? 0) + part;
    }
  }
  const sum = (name: string) =>
    books.count(`SELECT coalesce(sum(${name}), 0) AS n FROM payment_rollups WHERE level = ${TOP_LEVEL}`);
  const expected = ["default_count", "default_cents", "fallback_count", "fallback_cents"].map(sum);
  if (String(found) === String(expected)) return [];
  return [`R13 the counters come to ${found}, the database to ${expected}`];
}
