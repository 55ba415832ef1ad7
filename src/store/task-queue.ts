import { and, eq, inArray, isNull, lte, sql } from "drizzle-orm";
import type { OpenDatabase } from "./database.ts";
import { tasks } from "./tables.ts";

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
  readonly kind: number;
  readonly subject: number;
  readonly attempts: number;
  /** The only upstream that may have seen the subject; 0 none. */
  readonly upstream: number;
}

export class TaskQueue {
  readonly #orm: OpenDatabase["orm"];
  readonly #owner: () => number;
  readonly #inDispatchMax: number;
  readonly #statements;
  #inDispatch = 0;
  #inDispatchCommitted = 0;
  /** When the next free task is due, at the earliest: spares the look for them. Infinity: there is none. */
  #nextFreeAtMs = 0;
  #nextFreeAtMsCommitted = 0;
  #closed = false;

  /**
   * @param owner the replica's number, asked at each use because a fenced replica gets its lease anew
   * @param inDispatchMax tasks that the dispatch threads hold in memory, all together
   */
  constructor({ orm }: OpenDatabase, owner: () => number, inDispatchMax: number) {
    this.#orm = orm;
    this.#owner = owner;
    this.#inDispatchMax = inDispatchMax;
    this.#statements = prepareStatements(orm);
  }

  get inDispatch(): number {
    return this.#inDispatch;
  }

  /**
   * Whether `leaseDue` would find something to do. It waits until a good part of dispatch is empty,
   * because leasing one by one would be dear.
   */
  hasDue(nowMs: number): boolean {
    return !this.#closed && nowMs >= this.#nextFreeAtMs && this.#inDispatch <= this.#inDispatchMax * 0.75;
  }

  /** From now on every task stays in the database: dispatch is stopping. */
  close(): void {
    this.#closed = true;
  }

  /** Looks for free tasks at the next chance, even if this replica knows of none: others may have freed some. */
  lookForFree(): void {
    this.#nextFreeAtMs = 0;
  }

  /**
   * Adds a task that is due now.
   * @param upstream written down as possibly seen, if the task goes to dispatch at once
   * @returns its id, and whether dispatch is to get it
   */
  add(kind: number, subject: number, upstream: number, nowMs: number): { id: number; leased: boolean } {
    const leased = !this.#closed && this.#inDispatch < this.#inDispatchMax;
    const id = this.#statements.insert.get({
      kind,
      subject,
      at: nowMs,
      owner: leased ? this.#owner() : null,
      upstream: leased ? upstream : 0,
    }).id;
    if (leased) this.#inDispatch++;
    else this.#freeFrom(nowMs);
    return { id, leased };
  }

  /** Ends a task. @returns its subject, or null if it is not leased to this replica */
  finish(id: number): number | null {
    const row = this.#statements.finish.get({ id, owner: this.#owner() });
    if (row === undefined) return null;
    this.#inDispatch--;
    return row.subject;
  }

  /** Notes an attempt that did not end the task. @param upstream what may have seen it now; 0 none */
  noteAttempt(id: number, upstream: number): { subject: number; attempts: number } | null {
    return this.#statements.note.get({ id, owner: this.#owner(), upstream }) ?? null;
  }

  /** Writes down, before the call, which upstream may see the task. @returns false if it is not ours */
  assign(id: number, upstream: number): boolean {
    return this.#statements.assign.get({ id, owner: this.#owner(), upstream }) !== undefined;
  }

  /** Frees a task for any replica from `nextAttemptAtMs` on. @param upstream as in noteAttempt */
  park(id: number, upstream: number, nextAttemptAtMs: number): void {
    const row = this.#statements.park.get({ id, owner: this.#owner(), upstream, at: nextAttemptAtMs });
    if (row === undefined) return;
    this.#inDispatch--;
    this.#freeFrom(nextAttemptAtMs);
  }

  /** Leases free tasks that are due, oldest first, at most `limit` and as many as dispatch has room for. */
  leaseDue(nowMs: number, limit: number): LeasedTask[] {
    if (!this.hasDue(nowMs)) return [];
    const room = Math.min(limit, this.#inDispatchMax - this.#inDispatch);
    const due = this.#statements.due.all({ now: nowMs, limit: room });
    if (due.length > 0) {
      const ids = due.map((task) => task.id);
      this.#orm.update(tasks).set({ leaseOwner: this.#owner() }).where(inArray(tasks.id, ids)).run();
      this.#inDispatch += due.length;
    }
    if (due.length < room) this.#nextFreeAtMs = this.#statements.nextFree.get()?.at ?? Number.POSITIVE_INFINITY;
    return due;
  }

  /** Frees everything that is leased to `owner`: its process is gone, or its lease was lost. */
  freeAllOf(owner: number): void {
    this.#orm.update(tasks).set({ leaseOwner: null }).where(eq(tasks.leaseOwner, owner)).run();
    this.lookForFree();
  }

  /** Deletes every task of a kind, whoever has it. */
  deleteKind(kind: number): void {
    const [mine] = this.#orm
      .select({ count: sql<number>`count(*)` })
      .from(tasks)
      .where(and(eq(tasks.kind, kind), eq(tasks.leaseOwner, this.#owner())))
      .all();
    this.#orm.delete(tasks).where(eq(tasks.kind, kind)).run();
    this.#inDispatch -= mine?.count ?? 0;
  }

  /** Counts anew what this replica has leased, after something outside this class changed it. */
  recount(): void {
    const [mine] = this.#orm
      .select({ count: sql<number>`count(*)` })
      .from(tasks)
      .where(eq(tasks.leaseOwner, this.#owner()))
      .all();
    this.#inDispatch = mine?.count ?? 0;
    this.lookForFree();
  }

  /** The transaction of the last changes was committed. */
  committed(): void {
    this.#inDispatchCommitted = this.#inDispatch;
    this.#nextFreeAtMsCommitted = this.#nextFreeAtMs;
  }

  /** The transaction of the last changes was rolled back: so is the count. */
  rolledBack(): void {
    this.#inDispatch = this.#inDispatchCommitted;
    this.#nextFreeAtMs = this.#nextFreeAtMsCommitted;
  }

  #freeFrom(atMs: number): void {
    this.#nextFreeAtMs = Math.min(this.#nextFreeAtMs, atMs);
  }
}

function prepareStatements(orm: OpenDatabase["orm"]) {
  const mine = and(eq(tasks.id, sql.placeholder("id")), eq(tasks.leaseOwner, sql.placeholder("owner")));
  const upstream = sql`${sql.placeholder("upstream")}`;
  return {
    insert: orm
      .insert(tasks)
      .values({
        kind: sql.placeholder("kind"),
        subject: sql.placeholder("subject"),
        addedAtMs: sql.placeholder("at"),
        nextAttemptAtMs: sql.placeholder("at"),
        leaseOwner: sql.placeholder("owner"),
        upstream: sql.placeholder("upstream"),
      })
      .returning({ id: tasks.id })
      .prepare(),
    finish: orm.delete(tasks).where(mine).returning({ subject: tasks.subject }).prepare(),
    note: orm
      .update(tasks)
      .set({ attempts: sql`${tasks.attempts} + 1`, upstream })
      .where(mine)
      .returning({ subject: tasks.subject, attempts: tasks.attempts })
      .prepare(),
    assign: orm.update(tasks).set({ upstream }).where(mine).returning({ id: tasks.id }).prepare(),
    park: orm
      .update(tasks)
      .set({ leaseOwner: null, upstream, nextAttemptAtMs: sql`${sql.placeholder("at")}` })
      .where(mine)
      .returning({ id: tasks.id })
      .prepare(),
    due: orm
      .select({
        id: tasks.id,
        kind: tasks.kind,
        subject: tasks.subject,
        attempts: tasks.attempts,
        upstream: tasks.upstream,
      })
      .from(tasks)
      .where(and(isNull(tasks.leaseOwner), lte(tasks.nextAttemptAtMs, sql.placeholder("now"))))
      .orderBy(tasks.nextAttemptAtMs)
      .limit(sql.placeholder("limit"))
      .prepare(),
    nextFree: orm
      .select({ at: tasks.nextAttemptAtMs })
      .from(tasks)
      .where(isNull(tasks.leaseOwner))
      .orderBy(tasks.nextAttemptAtMs)
      .limit(1)
      .prepare(),
  };
}
