import { Database } from "bun:sqlite";
import { type BunSQLiteDatabase, drizzle } from "drizzle-orm/bun-sqlite";
import { makePrivateFile } from "../ring/private-file.ts";
import { sleepMs } from "../ring/sleep.ts";
import { troubleOf } from "./trouble.ts";

/**
 * Opening the database. The store thread opens it for writing, main and the
 * checkpointer with connections of their own.
 */
export type Durability = "process" | "power";

export interface OpenDatabase {
  readonly sqlite: Database;
  readonly orm: BunSQLiteDatabase & { readonly $client: Database };
}

/** KiB of page cache per connection. Small: the operating system caches the file, and only once for all. */
const WRITER_CACHE_KIB = 512;
const READER_CACHE_KIB = 512;
const WAL_SWITCH_TIMEOUT_MS = 10_000;
const WAL_SWITCH_RETRY_MS = 5;
/** A WAL that a burst has made larger is cut back to this when it starts over. */
const WAL_BYTES_KEPT = 8 * 1024 * 1024;

/** Opens `file` for the single writer of this process, and creates it if it is missing. */
export function openWriter(file: string, durability: Durability): OpenDatabase {
  makePrivateFile(file);
  const sqlite = compileOnce(new Database(file, { create: true, readwrite: true }));
  switchToWal(sqlite);
  // NORMAL: a commit is in the kernel's hands, kill -9 loses nothing. FULL: it is on the disk.
  sqlite.run(`PRAGMA synchronous = ${durability === "power" ? "FULL" : "NORMAL"}`);
  sqlite.run(`PRAGMA cache_size = -${WRITER_CACHE_KIB}`);
  // Checkpoints are the checkpointer's: never in the middle of a commit.
  sqlite.run("PRAGMA wal_autocheckpoint = 0");
  sqlite.run(`PRAGMA journal_size_limit = ${WAL_BYTES_KEPT}`);
  // The write lock is waited for in WriteLock, finer than SQLite's busy handler does.
  sqlite.run("PRAGMA busy_timeout = 0");
  sqlite.run("PRAGMA foreign_keys = ON");
  return { sqlite, orm: drizzle(sqlite) };
}

/** Replicas that start together on a new file meet here: SQLite refuses at once, whatever its busy timeout. */
function switchToWal(sqlite: Database): void {
  const deadline = performance.now() + WAL_SWITCH_TIMEOUT_MS;
  for (;;) {
    try {
      sqlite.run("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (troubleOf(error) !== "locked" || performance.now() > deadline) throw error;
      sleepMs(WAL_SWITCH_RETRY_MS);
    }
  }
}

/** Opens `file` for reading; the store thread must have created it. */
export function openReader(file: string, cacheKib = READER_CACHE_KIB): OpenDatabase {
  const sqlite = compileOnce(new Database(file, { readonly: true }));
  sqlite.run(`PRAGMA cache_size = -${cacheKib}`);
  // A reader in WAL mode waits only while the WAL is being recovered or reset: moments.
  sqlite.run("PRAGMA busy_timeout = 250");
  return { sqlite, orm: drizzle(sqlite) };
}

/**
 * SQLite's planner looks at the number that is bound to a bare `LIMIT ?`, as drizzle writes it, and so compiles the
 * statement anew at every execution: 3 to 5 µs where most of ours run in 0.3. It does not look into an expression.
 */
function compileOnce(sqlite: Database): Database {
  const prepare = sqlite.prepare.bind(sqlite);
  // Drizzle and `compile` prepare; the types of rows and parameters are the caller's.
  sqlite.prepare = ((text: string, ...rest: []) =>
    prepare(text.replace(BARE_LIMIT, "$& + 0"), ...rest)) as typeof prepare;
  return sqlite;
}

const BARE_LIMIT = /\blimit \?\d*/gi;

/** Which durability SQLite itself says holds for this connection. */
export function durabilityOf(sqlite: Database): Durability {
  const row = sqlite.query<{ synchronous: number }, []>("PRAGMA synchronous").get();
  return row !== null && row.synchronous >= 2 ? "power" : "process";
}
