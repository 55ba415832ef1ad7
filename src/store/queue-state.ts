import { and, eq, min, sql } from "drizzle-orm";
import type { OpenDatabase } from "./database.ts";
import { replicas, tasks } from "./tables.ts";
import { TASK_KIND_NAMES, TASK_KINDS, type TaskKind, taskKindOf } from "./task-kinds.ts";

export interface QueueState {
  /** Tasks that are not finished, of every replica of the machine. */
  readonly depth: number;
  /** When the oldest of them was added, ms since the epoch; null when there is none. */
  readonly oldestMs: number | null;
}

/** Looks at the durable queue; its cost grows with the tasks that wait, so it is for people and scrapes. */
export function queueState({ orm }: OpenDatabase): QueueState {
  const [row] = orm
    .select({ depth: sql<number>`count(*)`, oldestMs: min(tasks.addedAtMs) })
    .from(tasks)
    .all();
  return { depth: row?.depth ?? 0, oldestMs: row?.oldestMs ?? null };
}

/** How many tasks of each kind are not finished; as dear as `queueState`. */
export function depthsByKind({ orm }: OpenDatabase): Record<TaskKind, number> {
  const rows = orm
    .select({ kind: tasks.kind, depth: sql<number>`count(*)` })
    .from(tasks)
    .groupBy(tasks.kind)
    .all();
  const depths = new Map(rows.map(({ kind, depth }) => [taskKindOf(kind), depth]));
  // One entry per name of the list.
  return Object.fromEntries(TASK_KIND_NAMES.map((kind) => [kind, depths.get(kind) ?? 0])) as Record<
    TaskKind,
    number
  >;
}

/** What the queue knows of something that is not over. */
export interface WaitingTask {
  /** When it is tried again at the earliest, ms since the epoch; in the past: it is due. */
  readonly nextAttemptAtMs: number;
  /** The replica that is trying it, or that does so as soon as the upstream takes it; null: nobody has it yet. */
  readonly replica: string | null;
  /** Attempts so far. */
  readonly attempts: number;
}

/** The task about a subject, or null if nothing more is to happen; as dear as `queueState`. */
export function waitingTask({ orm }: OpenDatabase, kind: TaskKind, subject: number): WaitingTask | null {
  const task = orm
    .select({ nextAttemptAtMs: tasks.nextAttemptAtMs, replica: replicas.name, attempts: tasks.attempts })
    .from(tasks)
    .leftJoin(replicas, eq(replicas.id, tasks.leaseOwner))
    .where(and(eq(tasks.kind, TASK_KINDS[kind].number), eq(tasks.subject, subject)))
    .limit(1)
    .get();
  return task ?? null;
}
