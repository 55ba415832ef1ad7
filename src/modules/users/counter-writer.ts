import { sql } from "drizzle-orm";
import type { OpenDatabase } from "../../store/database.ts";
import type { UserCounter } from "./counters.ts";
import { userCounters } from "./table.ts";

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
