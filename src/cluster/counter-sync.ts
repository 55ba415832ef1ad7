import { isDue } from "../domain/due-time.ts";
import type { Logger } from "../log/logger.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { CounterFeed, CounterHead, CounterRow } from "./counter-feed.ts";
import { floorsAt } from "./counter-layout.ts";
import type { CounterStore } from "./counter-store.ts";

/**
 * Feeds the counters in Redis from the database's outbox.
 *
 *   head has moved ──► rows behind what Redis has ──► APPLY ──► applied: go on from there
 *                                                        └────► other history, or rows are gone: build anew
 *
 * The live replica with the lowest number feeds; the others look now and then whether rows stay unfed and do it
 * themselves then. Two that feed at once do no harm, because Redis takes each number once.
 */
export interface CounterSyncParts {
  readonly feed: CounterFeed;
  readonly store: CounterStore;
  readonly replicaName: string;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Hears up to which number Redis has everything. */
  readonly onApplied: (seq: number) => void;
}

/** How long a row waits for company: every round trip costs Redis and us some 50 µs of CPU. */
const TICK_MS = 40;
/** How much later each further replica steps in. */
const RANK_MS = 300;
const RANK_LOOK_MS = 1_000;
const TRIM_MS = 1_000;
/** Rows, and payments in them, that one call applies: some ms of Redis. */
const ROWS_MAX = 64;
const DELTAS_MAX = 400;
/** Calls per step: a Redis that never gets ahead, whatever it answers, is asked again in the next one. */
const ROUNDS_MAX = 1_000;

export class CounterSync {
  readonly #parts: CounterSyncParts;
  /** What Redis has, as far as known; null: ask. */
  #applied: { readonly epoch: string; readonly seq: number } | null = null;
  #rank = 0;
  #rankAtMs = 0;
  #trimAtMs = 0;

  constructor(parts: CounterSyncParts) {
    this.#parts = parts;
  }

  /** How long to wait before the next `step`, ms. */
  get pauseMs(): number {
    return TICK_MS + this.#rank * RANK_MS;
  }

  /** Brings Redis up to date, or a good part of the way. Rejects when Redis is away: what it has is asked next time. */
  async step(head: CounterHead, nowMs: number): Promise<void> {
    const { epoch } = head;
    if (epoch === null) return;
    this.#lookAtRank(nowMs);
    try {
      await this.#catchUp(head, epoch);
      if (this.#rank === 0 && isDue(nowMs, this.#trimAtMs, TRIM_MS)) {
        this.#trimAtMs = nowMs + TRIM_MS;
        await this.#parts.store.trim(epoch, nowMs);
        // Redis may have been emptied while there was nothing to add.
        this.#applied = null;
      }
    } catch (error) {
      this.#applied = null;
      throw error;
    }
  }

  async #catchUp(head: CounterHead, epoch: string): Promise<void> {
    const { store, feed, metrics } = this.#parts;
    let seq = this.#applied?.epoch === epoch && this.#rank === 0 ? this.#applied.seq : null;
    seq ??= await store.appliedSeq(epoch);
    for (let round = 0; round < ROUNDS_MAX && seq !== null && seq < head.seq; round++) {
      const rows = upTo(feed.rowsAfter(seq, ROWS_MAX));
      const first = rows[0];
      const last = rows.at(-1);
      // Trimmed away: Redis has lost more than the outbox still has.
      if (first === undefined || last === undefined || first.seq !== seq + 1) {
        seq = null;
        break;
      }
      // A row of the future was written before the clock was set back: nobody is about to feed it.
      if (Math.abs(Date.now() - last.atMs) < this.#rank * RANK_MS) break;
      const deltas = rows.flatMap((row) => row.deltas);
      const result = await store.apply({ epoch, firstSeq: first.seq, lastSeq: last.seq, deltas });
      if (result.kind === "applied" && result.seq === last.seq) {
        metrics.add("counter_deltas_applied", rows.length);
      }
      seq = result.kind === "applied" ? result.seq : null;
    }
    if (seq === null) seq = await this.#build();
    this.#note(seq === null ? null : { epoch, seq }, head);
  }

  async #build(): Promise<number | null> {
    const { store, feed, log } = this.#parts;
    const nowMs = Date.now();
    // Others wait their turn here, too: building is the dearest step.
    if (this.#rank > 0) return null;
    const snapshot = feed.snapshot(floorsAt(nowMs));
    if (snapshot === null || !(await store.build(snapshot, nowMs))) return null;
    log.info("built the counters in Redis from the database", { seq: snapshot.seq });
    return await store.appliedSeq(snapshot.epoch);
  }

  #note(applied: { readonly epoch: string; readonly seq: number } | null, head: CounterHead): void {
    this.#applied = applied;
    if (applied === null) return;
    this.#parts.onApplied(applied.seq);
    this.#parts.metrics.set("counter_lag", Math.max(0, head.seq - applied.seq));
  }

  #lookAtRank(nowMs: number): void {
    if (!isDue(nowMs, this.#rankAtMs, RANK_LOOK_MS)) return;
    this.#rankAtMs = nowMs + RANK_LOOK_MS;
    this.#rank = this.#parts.feed.rank(this.#parts.replicaName, nowMs);
  }
}

/** As many rows as one call may apply, at least one, and none behind a gap: Redis would take what is missing for applied. */
function upTo(rows: readonly CounterRow[]): CounterRow[] {
  let deltas = 0;
  let count = 0;
  for (const row of rows) {
    deltas += row.deltas.length;
    if (count > 0 && (deltas > DELTAS_MAX || row.seq !== (rows[count - 1]?.seq ?? 0) + 1)) break;
    count++;
  }
  return rows.slice(0, count);
}
