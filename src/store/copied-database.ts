import type { Database } from "bun:sqlite";
import type { OpenDatabase } from "./database.ts";
import { SCHEMA_VERSION, schemaVersionOf } from "./migrations.ts";
import type { StoreModule } from "./module.ts";

/**
 * A database that was a backup. The gateway that it was made from went on: it may have charged what is unfinished in
 * the copy, at whichever upstream. So the copy says what it is, and the first replica on it lets every module
 * distrust what it has open.
 *
 *   backup, restore ──► marked: nobody's lease, nobody's intake log ──► first start: awakened ──► a database like any
 *
 * Both mark, so that a backup that was put in place by hand is distrusted, too.
 */
export function markCopy(sqlite: Database): void {
  // An older schema has no place for the mark: `restore` brings the schema up to date first.
  if (schemaVersionOf(sqlite) !== SCHEMA_VERSION) return;
  const mark = sqlite.transaction(() => {
    // Ring positions of the moment of the backup mean nothing to the intake logs as they are now.
    sqlite.run("UPDATE tasks SET lease_owner = NULL, home = NULL");
    sqlite.run("DELETE FROM replicas");
    sqlite.run("UPDATE state SET is_copy = 1");
  });
  mark();
}

/**
 * Inside a write transaction, before a replica does anything else.
 * @returns how many things are unfinished that upstreams may know more of; null if this is no copy, or not its first start
 */
export function awakenCopy(
  { sqlite }: OpenDatabase,
  modules: readonly StoreModule[],
  nowMs: number,
): number | null {
  const state = sqlite.query<{ is_copy: number }, []>("SELECT is_copy FROM state").get();
  if (state?.is_copy !== 1) return null;
  for (const module of modules) module.restored?.(nowMs);
  sqlite.run("UPDATE state SET is_copy = 0, restored_at_ms = ?", [nowMs]);
  return sqlite.query<{ count: number }, []>("SELECT count(*) AS count FROM tasks").get()?.count ?? 0;
}
