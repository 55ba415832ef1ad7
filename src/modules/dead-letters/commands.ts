import { sql } from "drizzle-orm";
import type { CommandReply, StoreContext, StoreModule } from "../../store/module.ts";
import { conditionOf, type DeadLetterFilter } from "./filter-queries.ts";
import { DeadLetterJobs } from "./job-commands.ts";
import type { DeadLetterSource, RequeueResult } from "./sources.ts";
import { auditLog, deadLetters, type JobAction } from "./table.ts";
import type { DeadLetterList } from "./writer.ts";

export interface RequeueLetter {
  readonly id: number;
  readonly who: string;
  /** What the source needs besides, or null. */
  readonly extra: unknown;
}

/** What is to be done with all letters that match. */
export interface ManyLetters {
  readonly action: JobAction;
  readonly filter: DeadLetterFilter;
  readonly perSecond: number;
  readonly who: string;
}

export type DeadLetterReply =
  | { readonly kind: "requeued" | "deleted" | "cancelled" | "unknown" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "started"; readonly jobId: number; readonly matched: number };

/**
 * What an administrator does with dead letters. Each action is one transaction with its row in the audit log:
 *
 *   put ──► open ── requeue ──► requeued ── dies again ──► open (the same id)
 *             └──── delete ───► gone, but for the audit log
 */
export class DeadLetterCommands implements StoreModule {
  readonly #orm: StoreContext["orm"];
  readonly #list: DeadLetterList;
  readonly #sources: ReadonlyMap<string, DeadLetterSource>;
  readonly #jobs: DeadLetterJobs;
  readonly #audit;

  /** @param now ms since the epoch; the clock that jobs of many letters are paced by */
  constructor(
    context: StoreContext,
    list: DeadLetterList,
    sources: readonly DeadLetterSource[],
    now: () => number = Date.now,
  ) {
    this.#orm = context.orm;
    this.#list = list;
    this.#sources = new Map(sources.map((source) => [source.source, source]));
    this.#audit = context.orm
      .insert(auditLog)
      .values({
        atMs: sql.placeholder("atMs"),
        who: sql.placeholder("who"),
        action: sql.placeholder("action"),
        subject: sql.placeholder("subject"),
        result: sql.placeholder("result"),
      })
      .prepare();
    this.#jobs = new DeadLetterJobs(
      context.orm,
      (action, id, who, nowMs) => this.#act(action, id, who, nowMs),
      now,
    );
  }

  readonly commands = {
    "deadLetters.requeue": (input: RequeueLetter, nowMs: number) => this.#requeue(input, nowMs),
    "deadLetters.delete": (input: { id: number; who: string }, nowMs: number) => this.#delete(input, nowMs),
    "deadLetters.startJob": (input: ManyLetters, nowMs: number) => this.#start(input, nowMs),
    "deadLetters.cancelJob": (input: { action: JobAction; id: number; who: string }, nowMs: number) =>
      this.#cancel(input, nowMs),
  } satisfies Record<string, (input: never, nowMs: number) => DeadLetterReply & CommandReply>;

  beforeCommit(): void {
    this.#jobs.work();
  }

  rolledBack(): void {
    this.#jobs.rolledBack();
  }

  #requeue({ id, who, extra }: RequeueLetter, nowMs: number): DeadLetterReply {
    const letter = this.#list.find(id);
    if (letter === null) return { kind: "unknown" };
    const result = this.#offer(letter, extra, nowMs);
    if (result.kind === "requeued") this.#list.close(id, who, nowMs);
    const outcome = result.kind === "requeued" ? "requeued" : `refused: ${result.reason}`;
    this.#note(nowMs, who, "dlq.requeue", `${id} ${letter.source} ${letter.subject}`, outcome);
    return result;
  }

  #offer(
    { source, subject }: { source: string; subject: string },
    extra: unknown,
    nowMs: number,
  ): RequeueResult {
    const module = this.#sources.get(source);
    if (module === undefined) return { kind: "refused", reason: `Letters of ${source} cannot be requeued.` };
    return module.requeue(subject, extra, nowMs);
  }

  #delete({ id, who }: { id: number; who: string }, nowMs: number): DeadLetterReply {
    const letter = this.#list.remove(id);
    if (letter === null) return { kind: "unknown" };
    this.#note(nowMs, who, "dlq.delete", `${id} ${letter.source} ${letter.subject}`, "deleted");
    return { kind: "deleted" };
  }

  #act(action: JobAction, id: number, who: string, nowMs: number): boolean {
    switch (action) {
      case "requeue":
        return this.#requeue({ id, who, extra: null }, nowMs).kind === "requeued";
      case "discard":
        return this.#delete({ id, who }, nowMs).kind === "deleted";
    }
  }

  #start({ action, filter, perSecond, who }: ManyLetters, nowMs: number): DeadLetterReply {
    const [row] = this.#orm
      .select({ matched: sql<number>`count(*)` })
      .from(deadLetters)
      .where(conditionOf(filter))
      .all();
    const matched = row?.matched ?? 0;
    const jobId = this.#jobs.start({ action, filter, perSecond, who, matched }, nowMs);
    const subject = `job ${jobId} ${JSON.stringify(filter)}`;
    this.#note(nowMs, who, `dlq.${action}_many`, subject, `started, ${matched} matched`);
    return { kind: "started", jobId, matched };
  }

  #cancel(
    { action, id, who }: { action: JobAction; id: number; who: string },
    nowMs: number,
  ): DeadLetterReply {
    if (!this.#jobs.cancel(action, id, nowMs)) return { kind: "unknown" };
    this.#note(nowMs, who, "dlq.cancel", `job ${id}`, "cancelled");
    return { kind: "cancelled" };
  }

  #note(atMs: number, who: string, action: string, subject: string, result: string): void {
    this.#audit.run({ atMs, who, action, subject, result });
  }
}
