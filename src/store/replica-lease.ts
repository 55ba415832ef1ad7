import { and, eq, gt, ne, sql } from "drizzle-orm";
import { compile } from "./compiled-statement.ts";
import type { OpenDatabase } from "./database.ts";
import { replicas, state } from "./tables.ts";

/**
 * A replica's right to work on the database it shares with others: one lease for the whole replica
 * instead of one per task, renewed by every transaction, so that it costs one row.
 *
 *   register ──► held ── every transaction: verify(), work, advance() ──► release (a clean end)
 *                 │
 *                 └─ not renewed for LEASE_MS: another replica takes over (epoch + 1), and what this one
 *                    still believes it has is void: verify() says "fenced", and it registers anew
 *
 * All methods run inside a write transaction, which is what makes them exact.
 */
export const LEASE_MS = 3000;

/** What `lease_until_ms` is once a lease has ended: below 0, so that nobody waits for it, and tells when. */
export function leaseEndedAt(nowMs: number): number {
  return -nowMs;
}

export interface LeaseRow {
  readonly id: number;
  readonly epoch: number;
  readonly ringGeneration: string;
  readonly ringPosition: number;
}

export type LeaseCheck =
  | {
      readonly kind: "held";
      readonly ringPosition: number;
      readonly purgeGeneration: number;
      /** Payments whose frames stand below it were purged; null: none was. */
      readonly purgePosition: number | null;
    }
  | { readonly kind: "fenced" };

interface VerifiedRow {
  readonly epoch: number;
  readonly ring_position: number;
  readonly purge_position: number | null;
  readonly purge_generation: number;
}

export class ReplicaLease {
  readonly #orm: OpenDatabase["orm"];
  readonly #verify;
  readonly #advance;
  #row: LeaseRow | null = null;
  #rowCommitted: LeaseRow | null = null;

  constructor({ orm }: OpenDatabase) {
    this.#orm = orm;
    const verify = orm
      .select({
        epoch: replicas.epoch,
        ringPosition: replicas.ringPosition,
        purgePosition: replicas.purgePosition,
        purgeGeneration: sql`(SELECT ${state.purgeGeneration} FROM ${state})`.as("purge_generation"),
      })
      .from(replicas)
      .where(eq(replicas.id, sql.placeholder("id")));
    this.#verify = compile<VerifiedRow>(orm, verify, ["id"]);
    const advance = orm
      .update(replicas)
      .set({
        ringPosition: sql`${sql.placeholder("position")}`,
        leaseUntilMs: sql`${sql.placeholder("until")}`,
      })
      .where(eq(replicas.id, sql.placeholder("id")));
    this.#advance = compile(orm, advance, ["id", "position", "until"]);
  }

  /** The number of this replica in the database; only after `register`. */
  get id(): number {
    return this.#held.id;
  }

  /** Takes the lease for a new life of the replica `name`, whatever an earlier life left. */
  register(name: string, nowMs: number): LeaseRow {
    const [row] = this.#orm
      .insert(replicas)
      .values({ name, epoch: 1, leaseUntilMs: nowMs + LEASE_MS, ringGeneration: "", ringPosition: 0 })
      .onConflictDoUpdate({
        target: replicas.name,
        set: { epoch: sql`${replicas.epoch} + 1`, leaseUntilMs: nowMs + LEASE_MS },
      })
      .returning({
        id: replicas.id,
        epoch: replicas.epoch,
        ringGeneration: replicas.ringGeneration,
        ringPosition: replicas.ringPosition,
      })
      .all();
    if (row === undefined) throw new Error("an upsert of the replica's row returned nothing");
    this.#row = row;
    return row;
  }

  /** Notes which ring file belongs to this replica, from which position on. */
  adoptRing(generation: string, position: number): void {
    // Positions of another ring mean nothing in this one.
    const purgePosition = sql`CASE WHEN ${replicas.ringGeneration} = ${generation} THEN ${replicas.purgePosition} END`;
    this.#orm
      .update(replicas)
      .set({ ringGeneration: generation, ringPosition: position, purgePosition })
      .where(eq(replicas.id, this.id))
      .run();
  }

  /** Whether this life of the replica still holds its lease, and what the database knows of its ring. */
  verify(): LeaseCheck {
    const row = this.#verify.get(this.id);
    if (row === null || row.epoch !== this.#held.epoch) return { kind: "fenced" };
    return {
      kind: "held",
      ringPosition: row.ring_position,
      purgeGeneration: row.purge_generation,
      purgePosition: row.purge_position,
    };
  }

  /** Commits to the ring position whose effects this transaction holds, and renews the lease. */
  advance(ringPosition: number, nowMs: number): void {
    this.#advance.run(this.id, ringPosition, nowMs + LEASE_MS);
  }

  /** Ends the lease at a clean stop, so that others need not wait for it to run out. */
  release(nowMs: number): void {
    this.#orm
      .update(replicas)
      .set({ leaseUntilMs: leaseEndedAt(nowMs) })
      .where(eq(replicas.id, this.id))
      .run();
  }

  /** The purge that `purgePosition` is about has been passed. */
  purgePassed(): void {
    this.#orm.update(replicas).set({ purgePosition: null }).where(eq(replicas.id, this.id)).run();
  }

  /** The transaction of the last changes was committed: what was registered in it is held. */
  committed(): void {
    this.#rowCommitted = this.#row;
  }

  /**
   * The transaction of the last changes was rolled back, and with it perhaps a registration: its epoch may be the next
   * that a take-over gives.
   */
  rolledBack(): void {
    this.#row = this.#rowCommitted;
  }

  /** Whether any other replica holds its lease at `nowMs`. */
  hasLivePeers(nowMs: number): boolean {
    const alive = and(ne(replicas.id, this.id), gt(replicas.leaseUntilMs, nowMs));
    return this.#orm.select({ id: replicas.id }).from(replicas).where(alive).limit(1).all().length > 0;
  }

  get #held(): LeaseRow {
    if (this.#row === null) throw new Error("the replica has not been registered yet");
    return this.#row;
  }
}
