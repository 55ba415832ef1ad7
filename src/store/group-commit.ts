import type { Database } from "bun:sqlite";
import { type StoreTrouble, troubleOf } from "./trouble.ts";
import { beginImmediate } from "./write-lock.ts";

/**
 * Group commit: everything that waits is run inside one transaction and committed at once.
 *
 *              work()                     COMMIT
 *   BEGIN ───────────────► all frames run ───────► committed: answers and tasks may leave
 *     │                        │ │
 *     │ lock not had in time   │ └─ threw, database's fault: rolled back, "trouble", the same again later
 *     └──────► trouble         └─── threw, a bug: rolled back, "bug", the caller runs frame by frame and
 *                                   leaves out the one that throws
 *
 * Nothing leaves this thread before the commit; so a rollback has nothing to take back.
 */
export type BatchResult<T> =
  | { readonly kind: "committed"; readonly value: T }
  | { readonly kind: "trouble"; readonly trouble: StoreTrouble; readonly error: Error }
  | { readonly kind: "bug"; readonly error: unknown };

/**
 * How long the write lock is waited for before clients are told. Another replica's disk may stall for half a second,
 * and what needs no answer from the database is acknowledged from the intake log meanwhile. Longer would look to
 * the watchdog as if the thread hung, which may wait twice in one turn.
 */
const LOCK_TIMEOUT_MS = 1_200;

/** Runs `work` in one transaction. @param work must throw, or leave everything to be committed */
export function runBatch<T>(sqlite: Database, work: () => T): BatchResult<T> {
  try {
    if (!beginImmediate(sqlite, LOCK_TIMEOUT_MS)) {
      return {
        kind: "trouble",
        trouble: "locked",
        error: new Error("database is locked by another program"),
      };
    }
  } catch (error) {
    return failed(error);
  }
  try {
    const value = work();
    sqlite.run("COMMIT");
    return { kind: "committed", value };
  } catch (error) {
    // Some errors have ended the transaction already (https://sqlite.org/lang_transaction.html).
    if (sqlite.inTransaction) sqlite.run("ROLLBACK");
    return failed(error);
  }
}

function failed(error: unknown): BatchResult<never> {
  const trouble = troubleOf(error);
  if (trouble !== null && error instanceof Error) return { kind: "trouble", trouble, error };
  return { kind: "bug", error };
}
