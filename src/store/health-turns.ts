import { and, eq, sql } from "drizzle-orm";
import { PROCESSOR_NAMES, type ProcessorName } from "../domain/processor.ts";
import { processorNumber } from "../ring/frames.ts";
import { HEALTH_SPACING_MS, HEALTH_TIMEOUT_MS } from "../upstreams/processor-health.ts";
import type { OpenDatabase } from "./database.ts";
import type { ReplicaLease } from "./replica-lease.ts";
import { healthTurns, replicas } from "./tables.ts";

/**
 * Whose turn it is to ask a processor for its health: one call at a time and per HEALTH_SPACING_MS over all
 * replicas, also while they come and go, because the turn is a row of the database that they share, and the
 * row remembers when the last call ended.
 *
 *   free ──► granted to a replica whose dispatch wants to ask ──► ended: free again HEALTH_SPACING_MS later
 *              └─ the replica died: free again once its call cannot have begun less than that ago
 */
/** The call must begin within this time of the grant; dispatch looks at the clock right before. */
export const GRANT_MS = 2_000;
/** From the grant until the next turn when nothing is heard any more. */
const TURN_MS_MAX = GRANT_MS + HEALTH_TIMEOUT_MS + HEALTH_SPACING_MS;
const LOOK_MS = 250;

/** What a processor said of itself. */
export interface HealthWord {
  readonly failing: boolean;
  readonly minResponseTimeMs: number;
  readonly seenAtMs: number;
}

/** The slots through which dispatch asks and is told, see engine/shared-state.ts. */
export interface HealthTurnSlots {
  readonly pollWanted: (name: ProcessorName) => boolean;
  readonly setPollGrant: (name: ProcessorName, untilMs: number) => void;
  readonly pollEndedMs: (name: ProcessorName) => number;
  readonly health: (name: ProcessorName) => HealthWord | null;
  readonly setPeerHealth: (name: ProcessorName, health: HealthWord) => void;
}

type TurnRow = typeof healthTurns.$inferSelect & { readonly ownerLeaseUntilMs: number | null };

export class HealthTurns {
  readonly #orm: OpenDatabase["orm"];
  readonly #lease: ReplicaLease;
  readonly #slots: HealthTurnSlots;
  readonly #rows;
  readonly #grantedAtMs: Record<ProcessorName, number> = { default: 0, fallback: 0 };
  readonly #endedSeen: Record<ProcessorName, number> = { default: 0, fallback: 0 };
  /** Told to dispatch once the transaction is committed. */
  #granted: { readonly name: ProcessorName; readonly atMs: number }[] = [];
  #lookAtMs = 0;

  constructor({ orm }: OpenDatabase, lease: ReplicaLease, slots: HealthTurnSlots) {
    this.#orm = orm;
    this.#lease = lease;
    this.#slots = slots;
    this.#rows = orm
      .select({
        processor: healthTurns.processor,
        owner: healthTurns.owner,
        grantedAtMs: healthTurns.grantedAtMs,
        nextAtMs: healthTurns.nextAtMs,
        failing: healthTurns.failing,
        minResponseMs: healthTurns.minResponseMs,
        seenAtMs: healthTurns.seenAtMs,
        ownerLeaseUntilMs: sql<number | null>`${replicas.leaseUntilMs}`,
      })
      .from(healthTurns)
      .leftJoin(replicas, eq(replicas.id, healthTurns.owner))
      .prepare();
  }

  /** Whether there is something to write; tells dispatch what others heard besides. Outside a transaction. */
  isDue(nowMs: number): boolean {
    // Also when the clock was set back.
    if (nowMs < this.#lookAtMs && nowMs >= this.#lookAtMs - LOOK_MS) return false;
    this.#lookAtMs = nowMs + LOOK_MS;
    const rows = this.#rows.all();
    for (const row of rows) this.#passOn(row);
    return PROCESSOR_NAMES.some((name) => this.#hasEnded(name) || this.#mayGrant(name, rows, nowMs));
  }

  /** Notes calls that ended, and takes turns that are free. Inside a write transaction. */
  run(nowMs: number): void {
    this.#granted = [];
    for (const name of PROCESSOR_NAMES) if (this.#hasEnded(name)) this.#noteEnd(name);
    const rows = this.#rows.all();
    for (const name of PROCESSOR_NAMES) {
      if (!this.#mayGrant(name, rows, nowMs)) continue;
      this.#update(name, { owner: this.#lease.id, grantedAtMs: nowMs, nextAtMs: nowMs + TURN_MS_MAX });
      this.#granted.push({ name, atMs: nowMs });
    }
  }

  committed(): void {
    for (const name of PROCESSOR_NAMES) this.#endedSeen[name] = this.#slots.pollEndedMs(name);
    for (const { name, atMs } of this.#granted) {
      this.#grantedAtMs[name] = atMs;
      this.#slots.setPollGrant(name, atMs + GRANT_MS);
    }
    this.#granted = [];
  }

  #hasEnded(name: ProcessorName): boolean {
    return this.#slots.pollEndedMs(name) !== this.#endedSeen[name];
  }

  #noteEnd(name: ProcessorName): void {
    const health = this.#slots.health(name);
    if (health !== null) {
      const { failing, minResponseTimeMs: minResponseMs, seenAtMs } = health;
      this.#update(name, { failing: failing ? 1 : 0, minResponseMs, seenAtMs });
    }
    // Unless this replica slept so long that the turn is another's by now.
    const mine = and(eq(healthTurns.processor, processorNumber(name)), eq(healthTurns.owner, this.#lease.id));
    const nextAtMs = this.#slots.pollEndedMs(name) + HEALTH_SPACING_MS;
    this.#orm.update(healthTurns).set({ owner: null, nextAtMs }).where(mine).run();
  }

  #mayGrant(name: ProcessorName, rows: readonly TurnRow[], nowMs: number): boolean {
    if (!this.#slots.pollWanted(name)) return false;
    const row = rows.find((candidate) => candidate.processor === processorNumber(name));
    if (row === undefined) throw new Error(`there is no row for the health of ${name}`);
    if (nowMs >= row.nextAtMs) return true;
    // The clock was set back: nothing is ever granted for longer.
    if (row.nextAtMs - nowMs > TURN_MS_MAX) return true;
    // Also a turn of this replica's own, taken by an earlier life that was killed during its call.
    const isFromEarlierLife = row.owner === this.#lease.id && row.grantedAtMs !== this.#grantedAtMs[name];
    const ownerIsGone = row.owner !== null && ((row.ownerLeaseUntilMs ?? 0) < nowMs || isFromEarlierLife);
    return ownerIsGone && nowMs >= row.grantedAtMs + GRANT_MS + HEALTH_SPACING_MS;
  }

  #passOn(row: TurnRow): void {
    const name = PROCESSOR_NAMES[row.processor - 1];
    if (name === undefined || row.seenAtMs === 0) return;
    const { seenAtMs, minResponseMs: minResponseTimeMs } = row;
    this.#slots.setPeerHealth(name, { failing: row.failing === 1, minResponseTimeMs, seenAtMs });
  }

  #update(name: ProcessorName, values: Partial<typeof healthTurns.$inferInsert>): void {
    this.#orm
      .update(healthTurns)
      .set(values)
      .where(eq(healthTurns.processor, processorNumber(name)))
      .run();
  }
}
