import { and, asc, eq, gt, lte, sql } from "drizzle-orm";
import type { StoreContext } from "../../store/module.ts";
import { conditionOf, type DeadLetterFilter } from "./filter-queries.ts";
import { deadLetters, JOB_STATES, type JobAction, requeueJobs } from "./table.ts";

export interface NewJob {
  readonly action: JobAction;
  readonly filter: DeadLetterFilter;
  readonly perSecond: number;
  readonly who: string;
  readonly matched: number;
}

/** Does the action with one letter. @returns whether it was done; false: the letter's source refused */
type Act = (action: JobAction, letterId: number, who: string, nowMs: number) => boolean;

const RUNNING = JOB_STATES.indexOf("running");
const DONE = JOB_STATES.indexOf("done");
const CANCELLED = JOB_STATES.indexOf("cancelled");

const WORK_EVERY_MS = 50;
/** Replicas differ by less: a job that was worked on so far in the future saw a clock that was set back since. */
const CLOCK_STEP_MS = 1000;

/**
 * Requeues and discards of many letters, a few per transaction at the pace that was asked for. All that is known of a job is its
 * row, so any replica goes on with it, also after a crash. Only letters that had died when the job began are looked
 * at, each once, in the order of their ids: one that dies again is not taken again by the same job.
 */
export class DeadLetterJobs {
  readonly #orm: StoreContext["orm"];
  readonly #act: Act;
  readonly #now: () => number;
  readonly #running;
  #workAtMs = 0;

  constructor(orm: StoreContext["orm"], act: Act, now: () => number) {
    this.#orm = orm;
    this.#act = act;
    this.#now = now;
    this.#running = orm.select().from(requeueJobs).where(sql`${requeueJobs.state} = 0`).prepare();
  }

  /** @returns the job's id */
  start({ action, filter, perSecond, who, matched }: NewJob, nowMs: number): number {
    const { id } = this.#orm
      .insert(requeueJobs)
      .values({
        createdAtMs: nowMs,
        who,
        action,
        filter: JSON.stringify(filter),
        perSecond,
        matched,
        workedAtMs: nowMs,
      })
      .returning({ id: requeueJobs.id })
      .get();
    return id;
  }

  /** @returns false if there is no such job of this action, or none that is still running */
  cancel(action: JobAction, id: number, nowMs: number): boolean {
    const cancelled = this.#orm
      .update(requeueJobs)
      .set({ state: CANCELLED, endedAtMs: nowMs })
      .where(and(eq(requeueJobs.id, id), eq(requeueJobs.action, action), eq(requeueJobs.state, RUNNING)))
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
    if (job.workedAtMs > now + CLOCK_STEP_MS) {
      this.#orm.update(requeueJobs).set({ workedAtMs: now }).where(eq(requeueJobs.id, job.id)).run();
      return;
    }
    const elapsedMs = Math.max(0, now - job.workedAtMs);
    // A second's worth at most: an idle store thread makes one transaction per second, and one that was away for
    // longer does not catch up in a burst. Under load there are hundreds of transactions, each with a few letters.
    const due = Math.min(Math.floor((elapsedMs * job.perSecond) / 1000), job.perSecond);
    if (due === 0) return;
    const letters = this.#nextLetters(job, due);
    let done = 0;
    for (const { id } of letters) if (this.#act(job.action, id, job.who, now)) done++;
    const isOver = letters.length < due;
    this.#orm
      .update(requeueJobs)
      .set({
        requeued: job.requeued + done,
        refused: job.refused + letters.length - done,
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
