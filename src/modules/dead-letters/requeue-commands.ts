import { and, asc, eq, gt, lte, sql } from "drizzle-orm";
import type { StoreContext } from "../../store/module.ts";
import { conditionOf, type DeadLetterFilter } from "./filter-queries.ts";
import { deadLetters, JOB_STATES, requeueJobs } from "./table.ts";

export interface NewJob {
  readonly filter: DeadLetterFilter;
  readonly perSecond: number;
  readonly who: string;
  readonly matched: number;
}

type Requeue = (letterId: number, who: string, nowMs: number) => { readonly kind: string };

const RUNNING = JOB_STATES.indexOf("running");
const DONE = JOB_STATES.indexOf("done");
const CANCELLED = JOB_STATES.indexOf("cancelled");

const WORK_EVERY_MS = 50;

/**
 * Requeues of many letters, a few per transaction at the pace that was asked for. All that is known of a job is its
 * row, so any replica goes on with it, also after a crash. Only letters that had died when the job began are looked
 * at, each once, in the order of their ids: one that dies again is not requeued again by the same job.
 */
export class RequeueJobs {
  readonly #orm: StoreContext["orm"];
  readonly #requeue: Requeue;
  readonly #now: () => number;
  readonly #running;
  #workAtMs = 0;

  constructor(orm: StoreContext["orm"], requeue: Requeue, now: () => number) {
    this.#orm = orm;
    this.#requeue = requeue;
    this.#now = now;
    this.#running = orm.select().from(requeueJobs).where(sql`${requeueJobs.state} = 0`).prepare();
  }

  /** @returns the job's id */
  start({ filter, perSecond, who, matched }: NewJob, nowMs: number): number {
    const { id } = this.#orm
      .insert(requeueJobs)
      .values({
        createdAtMs: nowMs,
        who,
        filter: JSON.stringify(filter),
        perSecond,
        matched,
        workedAtMs: nowMs,
      })
      .returning({ id: requeueJobs.id })
      .get();
    return id;
  }

  /** @returns false if there is no such job, or none that is still running */
  cancel(id: number, nowMs: number): boolean {
    const cancelled = this.#orm
      .update(requeueJobs)
      .set({ state: CANCELLED, endedAtMs: nowMs })
      .where(and(eq(requeueJobs.id, id), eq(requeueJobs.state, RUNNING)))
      .returning({ id: requeueJobs.id })
      .all();
    return cancelled.length > 0;
  }

  /** Does what is due of all running jobs. Inside the transaction. */
  work(): void {
    const now = this.#now();
    if (now < this.#workAtMs) return;
    this.#workAtMs = now + WORK_EVERY_MS;
    for (const job of this.#running.all()) this.#workOn(job, now);
  }

  rolledBack(): void {
    this.#workAtMs = 0;
  }

  #workOn(job: typeof requeueJobs.$inferSelect, now: number): void {
    const elapsedMs = Math.max(0, now - job.workedAtMs);
    // A second's worth at most: an idle store thread makes one transaction per second, and one that was away for
    // longer does not catch up in a burst. Under load there are hundreds of transactions, each with a few letters.
    const due = Math.min(Math.floor((elapsedMs * job.perSecond) / 1000), job.perSecond);
    if (due === 0) return;
    const letters = this.#nextLetters(job, due);
    let requeued = 0;
    for (const { id } of letters) if (this.#requeue(id, job.who, now).kind === "requeued") requeued++;
    const isOver = letters.length < due;
    this.#orm
      .update(requeueJobs)
      .set({
        requeued: job.requeued + requeued,
        refused: job.refused + letters.length - requeued,
        lastId: letters.at(-1)?.id ?? job.lastId,
        // Exactly the time that these letters stand for, so that slow commits do not make a job slower.
        workedAtMs: due === job.perSecond ? now : job.workedAtMs + Math.ceil((due * 1000) / job.perSecond),
        ...(isOver ? { state: DONE, endedAtMs: now } : {}),
      })
      .where(and(eq(requeueJobs.id, job.id), eq(requeueJobs.state, RUNNING)))
      .run();
  }

  #nextLetters(job: typeof requeueJobs.$inferSelect, limit: number): { id: number }[] {
    // start() wrote it.
    const filter = JSON.parse(job.filter) as DeadLetterFilter;
    const diedBefore = lte(deadLetters.diedAtMs, job.createdAtMs);
    return this.#orm
      .select({ id: deadLetters.id })
      .from(deadLetters)
      .where(and(conditionOf(filter), gt(deadLetters.id, job.lastId), diedBefore))
      .orderBy(asc(deadLetters.id))
      .limit(limit)
      .all();
  }
}
