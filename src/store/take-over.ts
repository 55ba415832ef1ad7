import { rmSync } from "node:fs";
import { and, eq, gt, lt, ne, or, sql } from "drizzle-orm";
import { LIMITS } from "../config/limits.ts";
import type { Logger } from "../log/logger.ts";
import { RingConsumer } from "../ring/ring-consumer.ts";
import { RingCorruptError } from "../ring/ring-corrupt-error.ts";
import { attachRingFile, openRingFileForTakeover } from "../ring/ring-file.ts";
import type { RingMemory } from "../ring/ring-memory.ts";
import type { OpenDatabase } from "./database.ts";
import { LEASE_MS, leaseEndedAt, type ReplicaLease } from "./replica-lease.ts";
import { replicas } from "./tables.ts";
import type { TaskQueue } from "./task-queue.ts";
import { troubleOf } from "./trouble.ts";

/**
 * The work of replicas that are gone. A replica whose lease ran out was killed, or is frozen: nobody can tell.
 *
 *   lease ran out ──► fenced: epoch + 1 ──► its tasks freed ──► frames of its ring taken in ──► lease ended
 *                     what it wrote from here     (those with an       from the committed position
 *                     on would be void            upstream: uncertain) up to the head
 *
 * A frozen owner may wake at any moment. That is safe without its lock: its position in the ring is a row of
 * the database, moved here and by its own store thread in write transactions only, and its store thread
 * looks at epoch and position at the start of each. What its main acknowledges meanwhile stands behind the
 * position and is taken in by whoever comes next.
 *
 * All methods but `isDue` and `committed` run inside a write transaction.
 */
type ReplicaRow = typeof replicas.$inferSelect;

/** Handles one frame of another replica's ring; `isPurged` says that a purge came after it. */
export type TakeFrame = (ring: RingConsumer, isPurged: boolean) => void;

export interface TakeOverParts {
  readonly database: OpenDatabase;
  readonly lease: ReplicaLease;
  readonly tasks: TaskQueue;
  readonly ringPathOf: (replicaName: string) => string;
  readonly log: Logger;
}

/** A replica that has been gone for so long is not coming back; if it does, it starts anew. */
const RETIRE_AFTER_MS = 24 * 3_600_000;
const RETIRE_EVERY_MS = 60_000;

export class TakeOver {
  readonly #parts: TakeOverParts;
  readonly #expired;
  /** Rings whose position was moved by this transaction: their owners get the room once it is committed. */
  readonly #moved: { readonly memory: RingMemory; readonly position: number }[] = [];
  /** The frame being handled, and one that threw: left out next time. */
  #current: { readonly replica: number; readonly position: number } | null = null;
  readonly #poison = new Set<string>();
  #retireAtMs = 0;

  constructor(parts: TakeOverParts) {
    this.#parts = parts;
    this.#expired = parts.database.orm
      .select()
      .from(replicas)
      .where(
        and(
          gt(replicas.leaseUntilMs, 0),
          or(
            lt(replicas.leaseUntilMs, sql.placeholder("now")),
            // The clock was set back: no lease lasts so long, and whoever lives has renewed it by now.
            gt(replicas.leaseUntilMs, sql.placeholder("latest")),
          ),
        ),
      )
      .prepare();
  }

  /** Whether a replica's lease has run out; a look outside of any transaction. */
  isDue(nowMs: number): boolean {
    return this.#expiredOthers(nowMs).length > 0 || nowMs >= this.#retireAtMs;
  }

  /** Takes over from everybody whose lease ran out: a bounded part per transaction. */
  run(nowMs: number, take: TakeFrame): void {
    for (const row of this.#expiredOthers(nowMs)) this.#takeOver(row, nowMs, take);
    if (nowMs >= this.#retireAtMs) this.#retire(nowMs);
  }

  committed(): void {
    for (const { memory, position } of this.#moved) {
      // Signed distance: positions wrap. An owner that woke meanwhile may be further on already.
      if (((memory.loadTail() - position) | 0) < 0) memory.storeTail(position);
    }
    this.#moved.length = 0;
    this.#current = null;
  }

  /** @param error what made the transaction fail */
  rolledBack(error: unknown): void {
    this.#moved.length = 0;
    if (this.#current !== null && troubleOf(error) === null) {
      this.#poison.add(placeOf(this.#current));
      this.#parts.log.error("a dead replica's frame is left out because it cannot be processed: a defect", {
        error,
      });
    }
    this.#current = null;
  }

  /** Everything that any other replica has acknowledged until now counts as purged. */
  markPurged(): void {
    const { database, lease, ringPathOf } = this.#parts;
    for (const row of database.orm.select().from(replicas).where(ne(replicas.id, lease.id)).all()) {
      const attached = attachRingFile(ringPathOf(row.name));
      if (attached.kind !== "attached" || attached.memory.generation !== row.ringGeneration) continue;
      const purgePosition = attached.memory.loadHead();
      if (purgePosition === row.ringPosition) continue;
      database.orm.update(replicas).set({ purgePosition }).where(eq(replicas.id, row.id)).run();
    }
  }

  #expiredOthers(nowMs: number): ReplicaRow[] {
    return this.#expired
      .all({ now: nowMs, latest: nowMs + 2 * LEASE_MS })
      .filter((row) => row.id !== this.#parts.lease.id);
  }

  #takeOver(row: ReplicaRow, nowMs: number, take: TakeFrame): void {
    const { database, tasks, log } = this.#parts;
    tasks.freeAllOf(row.id);
    const taken = this.#takeIn(row, take);
    log.warn("took over from a replica whose lease ran out", {
      from: row.name,
      frames: taken.frames,
      complete: taken.isComplete,
    });
    database.orm
      .update(replicas)
      .set({
        epoch: row.epoch + 1,
        ringPosition: taken.position,
        // Not complete: it stays run out, and the next transaction goes on.
        leaseUntilMs: taken.isComplete ? leaseEndedAt(nowMs) : row.leaseUntilMs,
        purgePosition: taken.isComplete ? null : row.purgePosition,
      })
      .where(eq(replicas.id, row.id))
      .run();
  }

  #takeIn(row: ReplicaRow, take: TakeFrame): { position: number; frames: number; isComplete: boolean } {
    const position = row.ringPosition;
    const nothing = { position, frames: 0, isComplete: true };
    const attached = attachRingFile(this.#parts.ringPathOf(row.name));
    if (attached.kind === "refused") {
      if (attached.code === "RING_MISSING") return nothing;
      // It may be readable later, or to a newer executable: then its frames are still to be taken in.
      this.#parts.log.error(attached.message);
      return { ...nothing, isComplete: false };
    }
    const { memory } = attached;
    // Another ring than the one whose position the database knows: its owner has made it anew, empty.
    if (memory.generation !== row.ringGeneration || !memory.hasPlausiblePositions()) return nothing;
    const ring = new RingConsumer(memory);
    if (!ring.canSeek(position)) return nothing;
    ring.seek(position);
    let frames = 0;
    while (frames < LIMITS.batchFramesMax.value && this.#next(ring)) {
      frames++;
      this.#handle(row, ring, take);
    }
    this.#moved.push({ memory, position: ring.cursor });
    return { position: ring.cursor, frames, isComplete: ring.cursor === ring.readablePosition };
  }

  #handle(row: ReplicaRow, ring: RingConsumer, take: TakeFrame): void {
    const position = ring.cursor;
    if (this.#poison.has(placeOf({ replica: row.id, position }))) return;
    this.#current = { replica: row.id, position };
    take(ring, isBelow(position, row.purgePosition));
    this.#current = null;
  }

  #next(ring: RingConsumer): boolean {
    try {
      return ring.next();
    } catch (error) {
      if (!(error instanceof RingCorruptError)) throw error;
      this.#parts.log.error("the rest of a dead replica's intake log is unreadable and given up", { error });
      ring.seek(ring.readablePosition);
      return false;
    }
  }

  /** Deletes what replicas left that ended long ago and owe nothing. */
  #retire(nowMs: number): void {
    const { database, lease, ringPathOf, log } = this.#parts;
    this.#retireAtMs = nowMs + RETIRE_EVERY_MS;
    const endedBefore = leaseEndedAt(nowMs - RETIRE_AFTER_MS);
    const gone = and(
      lt(replicas.leaseUntilMs, 0),
      gt(replicas.leaseUntilMs, endedBefore),
      ne(replicas.id, lease.id),
    );
    for (const row of database.orm.select().from(replicas).where(gone).all()) {
      const path = ringPathOf(row.name);
      const opened = openRingFileForTakeover(path);
      if (opened.kind === "refused" && opened.code !== "RING_MISSING") continue;
      if (opened.kind === "opened") {
        const { memory } = opened.ring;
        const isDrained = memory.generation === row.ringGeneration && memory.loadHead() === row.ringPosition;
        // The lock's file stays: without it two could believe to hold the lock.
        if (isDrained) rmSync(path, { force: true });
        opened.ring.close();
        if (!isDrained) continue;
      }
      database.orm.delete(replicas).where(eq(replicas.id, row.id)).run();
      log.info("forgot a replica that has been gone for a day", { name: row.name });
    }
  }
}

function placeOf({ replica, position }: { replica: number; position: number }): string {
  return `${replica}:${position}`;
}

/** Whether the frame that ends at `position` stands below the purge. */
export function isBelow(position: number, purgePosition: number | null): boolean {
  return purgePosition !== null && ((position - purgePosition) | 0) <= 0;
}
