import { and, eq, gt, inArray, isNull, lte, or, sql } from "drizzle-orm";
import { compile } from "./compiled-statement.ts";
import type { OpenDatabase } from "./database.ts";
import { tasks } from "./tables.ts";
import { TASK_KIND_NAMES, TASK_KINDS, type TaskKind, taskKindOf } from "./task-kinds.ts";

/**
 * The durable queue: rows of `tasks`, written in the same transaction as what they are about.
 *
 *            add (room in dispatch)            finish
 *   ───────► leased to this replica ─────────────────────► gone
 *     add      ▲              │ park (later, or handed back)
 *  (no room)   │ leaseDue     ▼
 *   ───────► free, due at next_attempt_at_ms
 *
 * A task that is leased to this replica is also in the memory of its dispatch thread, or about to be:
 * `inDispatch` counts them, and `add` leaves a task free when there is no room. What an outcome says of
 * a task that is no longer leased to this replica (purged, taken over) changes nothing.
 */
export interface LeasedTask {
  readonly id: number;
  readonly subject: number;
  readonly attempts: number;
  /** The only upstream that may have seen the subject; 0 none; payments: 3 either processor. */
  readonly upstream: number;
}

const WAIT_AFTER_SET_BACK_MS = 5_000;

export class TaskQueue {
  readonly #orm: OpenDatabase["orm"];
  readonly #owner: () => number;
  readonly #statements;
  readonly #lanes: Readonly<Record<TaskKind, Lane>>;
  #closed = false;

  /**
   * @param owner the replica's number, asked at each use because a fenced replica gets its lease anew
   * @param dispatchThreads each has room for `inDispatchMax` tasks of every kind
   */
  constructor({ orm }: OpenDatabase, owner: () => number, dispatchThreads: number) {
    this.#orm = orm;
    this.#owner = owner;
    const lane = (kind: TaskKind): Lane => ({
      inDispatchMax: TASK_KINDS[kind].inDispatchMax * dispatchThreads,
      inDispatch: 0,
      inDispatchCommitted: 0,
      nextFreeAtMs: 0,
      nextFreeAtMsCommitted: 0,
    });
    this.#lanes = {
      payment: lane("payment"),
      userPayment: lane("userPayment"),
      order: lane("order"),
      accountPayment: lane("accountPayment"),
    };
    this.#statements = prepareStatements(orm);
  }

  /**
   * Whether `leaseDue` would find something to do. It waits until a good part of dispatch is empty,
   * because leasing one by one would be dear.
   */
  hasDue(kind: TaskKind, nowMs: number): boolean {
    const lane = this.#lanes[kind];
    return !this.#closed && nowMs >= lane.nextFreeAtMs && lane.inDispatch <= lane.inDispatchMax * 0.75;
  }

  /** From now on every task stays in the database: dispatch is stopping. */
  close(): void {
    this.#closed = true;
  }

  /** Looks for free tasks at the next chance, even if this replica knows of none: others may have freed some. */
  lookForFree(): void {
    for (const kind of TASK_KIND_NAMES) this.#lanes[kind].nextFreeAtMs = 0;
  }

  /**
   * Adds a task that is due now.
   * @param upstream written down as possibly seen, if the task goes to dispatch at once
   * @returns its id, and whether dispatch is to get it
   */
  add(kind: TaskKind, subject: number, upstream: number, nowMs: number): { id: number; leased: boolean } {
    const lane = this.#lanes[kind];
    const leased = !this.#closed && lane.inDispatch < lane.inDispatchMax;
    const { number } = TASK_KINDS[kind];
    const owner = leased ? this.#owner() : null;
    const seen = leased ? upstream : 0;
    const inserted = this.#statements.insert.run(number, subject, nowMs, nowMs, owner, null, seen);
    const id = Number(inserted.lastInsertRowid);
    if (leased) lane.inDispatch++;
    else freeFrom(lane, nowMs);
    return { id, leased };
  }

  /**
   * Adds a task that waits in the database until `atMs`, when a replica that has room takes it.
   * @param place "here": only this replica can do it while it lives (what it needs is in its memory)
   */
  schedule(
    kind: TaskKind,
    subject: number,
    nowMs: number,
    atMs = nowMs,
    place: "here" | "anywhere" = "anywhere",
  ): void {
    const home = place === "here" ? this.#owner() : null;
    this.#statements.insert.run(TASK_KINDS[kind].number, subject, nowMs, atMs, null, home, 0);
    freeFrom(this.#lanes[kind], atMs);
  }

  /** As `schedule`, about a subject that `upstream` may have seen. */
  scheduleSeen(kind: TaskKind, subject: number, upstream: number, nowMs: number, atMs: number): void {
    this.#statements.insert.run(TASK_KINDS[kind].number, subject, nowMs, atMs, null, null, upstream);
    freeFrom(this.#lanes[kind], atMs);
  }

  /** From now on `upstream` may have seen whatever a task of this kind is about, and none is due before `atMs`. */
  doubtKind(kind: TaskKind, upstream: number, atMs: number): void {
    this.#orm
      .update(tasks)
      .set({ upstream, nextAttemptAtMs: sql`max(${tasks.nextAttemptAtMs}, ${atMs})` })
      .where(eq(tasks.kind, TASK_KINDS[kind].number))
      .run();
  }

  /** Ends a task. @returns its subject, or null if it is not leased to this replica */
  finish(id: number): number | null {
    const row = this.#statements.find.get(id, this.#owner());
    if (row === null) return null;
    this.#statements.finish.run(id);
    this.#lanes[taskKindOf(row.kind)].inDispatch--;
    return row.subject;
  }

  /** Notes an attempt that did not end the task. @param upstream what may have seen it now; 0 none */
  noteAttempt(id: number, upstream: number): { subject: number; attempts: number } | null {
    return this.#statements.note.get({ id, owner: this.#owner(), upstream }) ?? null;
  }

  /** Writes down, before the call, which upstream may see the task. @returns false if it is not ours */
  assign(id: number, upstream: number): boolean {
    return this.#statements.assign.run(id, this.#owner(), upstream).changes > 0;
  }

  /** Frees a task for any replica from `nextAttemptAtMs` on. @param upstream as in noteAttempt */
  park(id: number, upstream: number, nextAttemptAtMs: number): void {
    const row = this.#statements.park.get({ id, owner: this.#owner(), upstream, at: nextAttemptAtMs });
    if (row === undefined) return;
    const lane = this.#lanes[taskKindOf(row.kind)];
    lane.inDispatch--;
    freeFrom(lane, nextAttemptAtMs);
  }

  /** Leases free tasks that are due, oldest first, at most `limit` and as many as dispatch has room for. */
  leaseDue(kind: TaskKind, nowMs: number, limit: number): LeasedTask[] {
    if (!this.hasDue(kind, nowMs)) return [];
    const lane = this.#lanes[kind];
    const { number } = TASK_KINDS[kind];
    const room = Math.min(limit, lane.inDispatchMax - lane.inDispatch);
    const due = this.#statements.due.all({ kind: number, owner: this.#owner(), now: nowMs, limit: room });
    if (due.length > 0) {
      const ids = due.map((task) => task.id);
      this.#orm.update(tasks).set({ leaseOwner: this.#owner() }).where(inArray(tasks.id, ids)).run();
      lane.inDispatch += due.length;
    }
    if (due.length < room) {
      lane.nextFreeAtMs =
        this.#statements.nextFree.get({ kind: number, owner: this.#owner() })?.at ?? Number.POSITIVE_INFINITY;
    }
    return due;
  }

  /**
   * Frees everything that is leased to `owner`: its process is gone, or its lease was lost. All of it was due when it
   * was leased, and is now, whatever the clock says by now.
   */
  freeAllOf(owner: number, nowMs: number): void {
    const nextAttemptAtMs = sql`min(${tasks.nextAttemptAtMs}, ${nowMs})`;
    this.#orm
      .update(tasks)
      .set({ leaseOwner: null, nextAttemptAtMs })
      .where(eq(tasks.leaseOwner, owner))
      .run();
    // What only that process could do falls to others now: they find out what can still be done.
    this.#orm.update(tasks).set({ home: null }).where(eq(tasks.home, owner)).run();
    this.lookForFree();
  }

  /**
   * The clock was set back: nothing waits for longer than a moment that is not far from any policy's. How long each
   * was really to wait is not known any more; an attempt too early does no harm.
   */
  clockWasSetBack(nowMs: number): void {
    const latest = nowMs + WAIT_AFTER_SET_BACK_MS;
    this.#orm
      .update(tasks)
      .set({ nextAttemptAtMs: latest })
      .where(and(isNull(tasks.leaseOwner), gt(tasks.nextAttemptAtMs, latest)))
      .run();
    this.lookForFree();
  }

  /** Deletes every task of a kind, whoever has it. */
  deleteKind(kind: TaskKind): void {
    this.#orm.delete(tasks).where(eq(tasks.kind, TASK_KINDS[kind].number)).run();
    this.recount();
  }

  /** Counts anew what this replica has leased, after something outside this class changed it. */
  recount(): void {
    const counts = this.#orm
      .select({ kind: tasks.kind, count: sql<number>`count(*)` })
      .from(tasks)
      .where(eq(tasks.leaseOwner, this.#owner()))
      .groupBy(tasks.kind)
      .all();
    for (const kind of TASK_KIND_NAMES) {
      const { number } = TASK_KINDS[kind];
      this.#lanes[kind].inDispatch = counts.find((row) => row.kind === number)?.count ?? 0;
    }
    this.lookForFree();
  }

  /** The transaction of the last changes was committed. */
  committed(): void {
    for (const kind of TASK_KIND_NAMES) {
      const lane = this.#lanes[kind];
      lane.inDispatchCommitted = lane.inDispatch;
      lane.nextFreeAtMsCommitted = lane.nextFreeAtMs;
    }
  }

  /** The transaction of the last changes was rolled back: so is the count. */
  rolledBack(): void {
    for (const kind of TASK_KIND_NAMES) {
      const lane = this.#lanes[kind];
      lane.inDispatch = lane.inDispatchCommitted;
      lane.nextFreeAtMs = lane.nextFreeAtMsCommitted;
    }
  }
}

/** What is known of one kind without asking the database. */
interface Lane {
  readonly inDispatchMax: number;
  inDispatch: number;
  inDispatchCommitted: number;
  /** When the next free task is due, at the earliest: spares the look for it. Infinity: there is none. */
  nextFreeAtMs: number;
  nextFreeAtMsCommitted: number;
}

function freeFrom(lane: Lane, atMs: number): void {
  lane.nextFreeAtMs = Math.min(lane.nextFreeAtMs, atMs);
}

function prepareStatements(orm: OpenDatabase["orm"]) {
  const mine = and(eq(tasks.id, sql.placeholder("id")), eq(tasks.leaseOwner, sql.placeholder("owner")));
  const ofKind = eq(tasks.kind, sql.placeholder("kind"));
  const forUs = or(isNull(tasks.home), eq(tasks.home, sql.placeholder("owner")));
  const upstream = sql`${sql.placeholder("upstream")}`;
  return {
    insert: compile(
      orm,
      orm.insert(tasks).values({
        kind: sql.placeholder("kind"),
        subject: sql.placeholder("subject"),
        addedAtMs: sql.placeholder("added"),
        nextAttemptAtMs: sql.placeholder("at"),
        leaseOwner: sql.placeholder("owner"),
        home: sql.placeholder("home"),
        upstream: sql.placeholder("upstream"),
      }),
      ["kind", "subject", "added", "at", "owner", "home", "upstream"],
    ),
    // Not DELETE … RETURNING: its rows go through a table of their own, for which SQLite takes 100 KiB each time.
    find: compile<{ subject: number; kind: number }>(
      orm,
      orm.select({ subject: tasks.subject, kind: tasks.kind }).from(tasks).where(mine),
      ["id", "owner"],
    ),
    finish: compile(orm, orm.delete(tasks).where(eq(tasks.id, sql.placeholder("id"))), ["id"]),
    note: orm
      .update(tasks)
      .set({ attempts: sql`${tasks.attempts} + 1`, upstream })
      .where(mine)
      .returning({ subject: tasks.subject, attempts: tasks.attempts })
      .prepare(),
    assign: compile(orm, orm.update(tasks).set({ upstream }).where(mine), ["id", "owner", "upstream"]),
    park: orm
      .update(tasks)
      .set({ leaseOwner: null, upstream, nextAttemptAtMs: sql`${sql.placeholder("at")}` })
      .where(mine)
      .returning({ kind: tasks.kind })
      .prepare(),
    due: orm
      .select({
        id: tasks.id,
        subject: tasks.subject,
        attempts: tasks.attempts,
        upstream: tasks.upstream,
      })
      .from(tasks)
      .where(and(ofKind, isNull(tasks.leaseOwner), lte(tasks.nextAttemptAtMs, sql.placeholder("now")), forUs))
      .orderBy(tasks.nextAttemptAtMs)
      .limit(sql.placeholder("limit"))
      .prepare(),
    nextFree: orm
      .select({ at: tasks.nextAttemptAtMs })
      .from(tasks)
      .where(and(ofKind, isNull(tasks.leaseOwner), forUs))
      .orderBy(tasks.nextAttemptAtMs)
      .limit(1)
      .prepare(),
  };
}
