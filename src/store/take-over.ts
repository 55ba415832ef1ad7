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
 *         ▲           what it wrote from here     (those with an       from the committed position      │
 *         │           on would be void            upstream: uncertain) up to the head                   │
 *         └──────── it woke, acknowledged more, and died before it could register again ◄───────────────┘
 *
 * A frozen owner may wake at any moment. That is safe without its lock: its position in the ring is a row of
 * the database, moved here and by its own store thread in write transactions only, and its store thread
 * looks at epoch and position at the start of each. What its main acknowledges meanwhile stands behind the
 * position and is taken in by itself when it registers again, or from here if it does not live that long.
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
/** After a failure that is no frame's alone, so many frames are taken in one by one. */
const SUSPECTS = LIMITS.batchFramesMax.value;

export class TakeOver {
  readonly #parts: TakeOverParts;
  readonly #expired;
  readonly #ended;
  /** Rings whose position was moved by this transaction: their owners get the room once it is committed. */
  readonly #moved: { readonly memory: RingMemory; readonly position: number }[] = [];
  /** The frame that is being handled, or was the last one; and those that threw: left out next time. */
  #current: { readonly replica: number; readonly position: number; isTaken: boolean } | null = null;
  readonly #poison = new Set<string>();
  /** Rings of replicas that have ended, to see what stands in them. */
  readonly #endedRings = new Map<number, RingMemory>();
  /** Replicas whose ring cannot be read now: said once. */
  readonly #unreadable = new Set<string>();
  /** Frames still to be taken in one by one. */
  #suspects = 0;
  #hasMore = false;
  #retireAtMs = Number.NEGATIVE_INFINITY;

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
    this.#ended = parts.database.orm.select().from(replicas).where(lt(replicas.leaseUntilMs, 0)).prepare();
  }

  /** Whether a replica's lease has run out, or more stands in its ring; a look outside of any transaction. */
  isDue(nowMs: number): boolean {
    return this.#gone(nowMs).length > 0 || this.#isRetireDue(nowMs);
  }

  /** The last transaction took in a part: the next one should not wait. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** Takes over from everybody who is gone: a bounded part per transaction. */
  run(nowMs: number, take: TakeFrame): void {
    this.#hasMore = false;
    this.#current = null;
    for (const row of this.#gone(nowMs)) {
      this.#takeOver(row, nowMs, take);
      // One by one: what fails from here on must be the fault of this frame.
      if (this.#suspects > 0 && this.#current !== null) break;
    }
    if (this.#isRetireDue(nowMs)) this.#retire(nowMs);
  }

  committed(): void {
    if (this.#moved.length > 0 && this.#suspects > 0) this.#suspects--;
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
    const culprit = this.#current;
    this.#current = null;
    if (troubleOf(error) !== null) return;
    this.#hasMore = true;
    if (culprit === null) return;
    // What fails behind the last frame may be any frame's fault: they are tried one by one.
    if (culprit.isTaken && this.#suspects === 0) {
      this.#suspects = SUSPECTS;
      return;
    }
    this.#poison.add(placeOf(culprit));
    this.#parts.log.error("a dead replica's frame is left out because it cannot be processed: a defect", {
      error,
    });
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

  /** Those whose lease ran out, and those that have ended and whose ring has more. */
  #gone(nowMs: number): ReplicaRow[] {
    const expired = this.#expired.all({ now: nowMs, latest: nowMs + 2 * LEASE_MS });
    const ended = this.#ended.all().filter((row) => this.#isLeftBehind(row));
    return [...expired, ...ended].filter((row) => row.id !== this.#parts.lease.id);
  }

  /** Whether a replica acknowledged something after its end: it was frozen, woke, and died before it came round. */
  #isLeftBehind(row: ReplicaRow): boolean {
    let memory = this.#endedRings.get(row.id);
    if (memory?.generation !== row.ringGeneration) {
      const attached = attachRingFile(this.#parts.ringPathOf(row.name));
      if (attached.kind === "refused" || attached.memory.generation !== row.ringGeneration) return false;
      memory = attached.memory;
      this.#endedRings.set(row.id, memory);
    }
    return memory.hasPlausiblePositions() && memory.loadHead() !== row.ringPosition;
  }

  /** Also when the clock was set back. */
  #isRetireDue(nowMs: number): boolean {
    return nowMs >= this.#retireAtMs || nowMs < this.#retireAtMs - RETIRE_EVERY_MS;
  }

  #takeOver(row: ReplicaRow, nowMs: number, take: TakeFrame): void {
    const { database, tasks, log } = this.#parts;
    tasks.freeAllOf(row.id, nowMs);
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
      if (!this.#unreadable.has(row.name)) this.#parts.log.error(attached.message);
      this.#unreadable.add(row.name);
      return { ...nothing, isComplete: false };
    }
    this.#unreadable.delete(row.name);
    const { memory } = attached;
    // Another ring than the one whose position the database knows: its owner has made it anew, empty.
    if (memory.generation !== row.ringGeneration || !memory.hasPlausiblePositions()) return nothing;
    const ring = new RingConsumer(memory);
    if (!ring.canSeek(position)) return nothing;
    ring.seek(position);
    let frames = 0;
    const framesMax = this.#suspects > 0 ? 1 : LIMITS.batchFramesMax.value;
    while (frames < framesMax && this.#next(ring)) {
      frames++;
      this.#handle(row, ring, take);
    }
    this.#moved.push({ memory, position: ring.cursor });
    const isComplete = ring.cursor === ring.readablePosition;
    if (!isComplete) this.#hasMore = true;
    return { position: ring.cursor, frames, isComplete };
  }

  #handle(row: ReplicaRow, ring: RingConsumer, take: TakeFrame): void {
    const position = ring.cursor;
    if (this.#poison.has(placeOf({ replica: row.id, position }))) return;
    this.#current = { replica: row.id, position, isTaken: false };
    take(ring, isBelow(position, row.purgePosition));
    this.#current.isTaken = true;
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
      this.#endedRings.delete(row.id);
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
