import { min, sql } from "drizzle-orm";
import type { OpenDatabase } from "./database.ts";
import { tasks } from "./tables.ts";

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
