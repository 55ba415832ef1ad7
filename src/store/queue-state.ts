import { min, sql } from "drizzle-orm";
import type { OpenDatabase } from "./database.ts";
import { tasks } from "./tables.ts";
import { TASK_KIND_NAMES, type TaskKind, taskKindOf } from "./task-kinds.ts";

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
