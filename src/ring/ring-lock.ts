import { Database, SQLiteError } from "bun:sqlite";
import { makePrivateFile } from "./private-file.ts";

/**
 * One process owns a ring file. The lock is SQLite's exclusive lock on an empty database beside it: fcntl
 * record locks, kept by the kernel, which releases them when the process dies of whatever cause, and which
 * hold across containers that share the volume. Bun itself offers no file locks.
 *
 * POSIX takes a process's locks on a file away when the process closes *any* descriptor of that file.
 * SQLite knows that about its own; so nothing but this file may open a `.lock` in an owning process.
 */
export type LockResult =
  | { readonly kind: "held"; readonly lock: RingLock }
  /** Another process has it, or another opening in this one. */
  | { readonly kind: "busy" }
  /** The lock file cannot be made, opened or read. */
  | { readonly kind: "failed"; readonly reason: string };

/** A database that is garbage collected is closed, and with it goes the lock. */
const heldDatabases = new Set<Database>();

export class RingLock {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    heldDatabases.add(database);
  }

  /** Lets another process have the ring. The lock file stays: removing it would let two hold "the" lock. */
  release(): void {
    heldDatabases.delete(this.#database);
    this.#database.close();
  }
}

/** Takes the lock of the ring file at `ringPath`, or says at once why not: it never waits. */
export function acquireRingLock(ringPath: string): LockResult {
  let database: Database | undefined;
  try {
    makePrivateFile(`${ringPath}.lock`);
    database = new Database(`${ringPath}.lock`, { create: true, readwrite: true });
    database.run("PRAGMA busy_timeout = 0");
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    // No journal file beside the lock, nor a hot one to be rolled back after a kill.
    database.run("PRAGMA journal_mode = MEMORY");
    database.run("BEGIN EXCLUSIVE");
    return { kind: "held", lock: new RingLock(database) };
  } catch (error) {
    database?.close();
    if (!(error instanceof SQLiteError)) throw error;
    if (error.code === "SQLITE_BUSY") return { kind: "busy" };
    return { kind: "failed", reason: `${ringPath}.lock: ${error.message}` };
  }
}
