import { sql } from "drizzle-orm";
import type { OpenDatabase } from "../../store/database.ts";
import { userCounters } from "./table.ts";

/**
 * The counters of `GET /api/v1/metrics`, under the names of the original. They are kept in the database, in the
 * transaction of what they count: all replicas show the same numbers, and a restart or kill -9 loses none.
 */
export const USER_COUNTERS = [
  "payments_deposit_requests_total",
  "payments_withdraw_requests_total",
  "idempotency_hits_total",
  "payments_task_enqueued_total",
  "payments_processing_started_total",
  "gateway_success_total",
  "gateway_timeouts_total",
  "gateway_errors_total",
  "gateway_non_retryable_errors_total",
  "payments_success_total",
  "payments_failed_total",
  "payments_retried_total",
  "dlq_written_total",
] as const;

export type UserCounter = (typeof USER_COUNTERS)[number];

/** Counts in memory over a batch, and writes each counter once. */
export class CounterWriter {
  readonly #upsert;
  readonly #deltas = new Map<UserCounter, number>();

  constructor(orm: OpenDatabase["orm"]) {
    this.#upsert = orm
      .insert(userCounters)
      .values({ name: sql.placeholder("name"), value: sql.placeholder("delta") })
      .onConflictDoUpdate({ target: userCounters.name, set: { value: sql.raw("value + excluded.value") } })
      .prepare();
  }

  count(name: UserCounter): void {
    this.#deltas.set(name, (this.#deltas.get(name) ?? 0) + 1);
  }

  /** Writes what the batch counted, in its transaction. */
  flush(): void {
    for (const [name, delta] of this.#deltas) this.#upsert.run({ name, delta });
    this.#deltas.clear();
  }

  discard(): void {
    this.#deltas.clear();
  }
}
