import { constants, Database } from "bun:sqlite";
import { writeFileSync } from "node:fs";
import { migrate } from "../../../src/store/migrations.ts";

/**
 * A connection to a run's database from before its beginning to behind its end, which no replica knows of.
 *
 * It spares the operating system's locks: SQLite asks the kernel twice for every look at a database that other
 * processes may use, and that takes ten times as long as the look. With the VFS `unix-excl` the file belongs to this
 * process, and SQLite tells the connections of one process apart by itself, with the same locks over the same WAL
 * (https://sqlite.org/vfs.html). All replicas of a run are in this process.
 *
 * Where there is to be a first start there is no anchor: the replicas race for a file that is not there yet, and have
 * the kernel's locks.
 */
export class DatabaseAnchor {
  readonly #file: string;
  #sqlite: Database | null = null;

  constructor(file: string, isFirstStart: boolean) {
    this.#file = file;
    if (isFirstStart) return;
    writeMigratedDatabase(file);
    this.#sqlite = this.#open("unix-excl");
    this.#sqlite.run("PRAGMA journal_mode = WAL");
    // The first transaction takes the file.
    this.#sqlite.run("BEGIN IMMEDIATE");
    this.#sqlite.run("COMMIT");
  }

  /** What a replica's checkpointer does (src/store/checkpointer.ts): it waits for nobody. */
  checkpoint(): void {
    this.#sqlite ??= this.#open("unix");
    this.#sqlite.run("PRAGMA wal_checkpoint(PASSIVE)");
  }

  close(): void {
    this.#sqlite?.close();
  }

  #open(vfs: string): Database {
    const sqlite = new Database(
      `file:${this.#file}?vfs=${vfs}`,
      constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_URI,
    );
    sqlite.run("PRAGMA wal_autocheckpoint = 0");
    sqlite.run("PRAGMA synchronous = OFF");
    return sqlite;
  }
}

let migrated: Uint8Array | null = null;

/** Makes a database as a first start leaves it: migrating anew for every seed would take a good part of its time. */
function writeMigratedDatabase(file: string): void {
  migrated ??= migrateOnce();
  // As src/ring/private-file.ts makes it.
  writeFileSync(file, migrated, { mode: 0o600 });
}

function migrateOnce(): Uint8Array {
  const sqlite = new Database(":memory:");
  try {
    migrate(sqlite);
    return sqlite.serialize();
  } finally {
    sqlite.close();
  }
}
