import { Database } from "bun:sqlite";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PresenceFilter } from "../ring/presence-filter.ts";
import { attachFilterFile, makeFilterFile } from "../ring/presence-filter-file.ts";
import { troubleOf } from "./trouble.ts";

/**
 * Which ids of payments the database may hold: a filter in a file beside it, mapped by all replicas of the machine.
 * Main asks it before it asks the database, whose answer for a new id is the same at many times the price.
 *
 *   store threads   add an id before the commit that stores it
 *   a dispatch thread   adds what was stored before the file was made, piece by piece, and then calls it complete
 *   main threads    believe a "no" once it is complete
 *
 * The file is a cache and never synced. It is valid for one database and until the machine boots again: a power cut
 * may take its last pages and leave the commits. Where a machine does not tell its boots there is no filter.
 */
const BOOT_ID_FILE = "/proc/sys/kernel/random/boot_id";
/** A payment has 16 bits of it, up to the largest; with 3 bits left every fifth "no" is still found without a look-up. */
const BITS_PER_ID = 16;
const SIZE_BYTES_MIN = 512 * 1024;
const SIZE_BYTES_MAX = 4 * 1024 * 1024;

/** Beside the database. */
export const KNOWN_IDS_FILE = "known-ids";
export function knownIdsPathOf(databaseFile: string): string {
  return join(dirname(databaseFile), KNOWN_IDS_FILE);
}

/**
 * The filter of the database that `sqlite` is open on, made if it is missing. Inside a write transaction, before this
 * process stores anything: so no two make one at once. It keeps its size until the next boot, because others may have
 * it mapped.
 *
 * @returns null if there can be none: then every id is looked up
 * @throws Error if it cannot be made or mapped: going on without would let the others' miss what this replica stores
 */
export function openKnownIds(sqlite: Database, path: string): PresenceFilter | null {
  const key = keyOf(sqlite);
  if (key === null) return null;
  try {
    const known = attachFilterFile(path, key);
    if (known !== null) return known;
    const highest = highestSeq(sqlite);
    makeFilterFile(path, { key, sizeBytes: sizeFor(highest), isComplete: highest === 0 });
    return attachFilterFile(path, key);
  } catch (error) {
    throw new Error(`cannot make or map ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

/** The filter as the store thread of this process has opened it; null if there is none. @throws as openKnownIds */
export function attachKnownIds(sqlite: Database, path: string): PresenceFilter | null {
  const key = keyOf(sqlite);
  return key === null ? null : attachFilterFile(path, key);
}

/** Per piece: half a millisecond, and as long again for everybody else. */
const PIECE_ROWS = 500;
const PIECE_EVERY_MS = 2;

/**
 * Adds what was stored before the filter was made, on a connection of its own, and calls it complete. Several
 * replicas may do so at once.
 * @returns a function that stops it
 */
export function startFillingKnownIds(databaseFile: string): () => void {
  const sqlite = new Database(databaseFile, { readonly: true });
  sqlite.run("PRAGMA busy_timeout = 250");
  sqlite.run("PRAGMA cache_size = 16");
  const filling = new Filling(sqlite, attachKnownIds(sqlite, knownIdsPathOf(databaseFile)));
  return () => filling.stop();
}

class Filling {
  readonly #sqlite: Database;
  readonly #piece;
  /** Alone keeps the filter: mapped, it counts as memory of the process once for each thread. */
  #timer: ReturnType<typeof setInterval> | undefined;
  /** What is stored after it is added by those who store it. */
  readonly #lastSeq: number;
  #seq = 0;

  constructor(sqlite: Database, filter: PresenceFilter | null) {
    this.#sqlite = sqlite;
    this.#lastSeq = highestSeq(sqlite);
    this.#piece = sqlite.query<{ seq: number; correlation_id: Uint8Array }, [number, number]>(
      `SELECT seq, correlation_id FROM payments WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ${PIECE_ROWS}`,
    );
    if (filter === null || filter.isComplete) this.stop();
    else {
      this.#timer = setInterval(() => this.#addPiece(filter), PIECE_EVERY_MS);
      this.#timer.unref();
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#sqlite.close();
  }

  #addPiece(filter: PresenceFilter): void {
    const rows = readOrWait(() => this.#piece.all(this.#seq, this.#lastSeq));
    if (rows === null) return;
    for (const row of rows) {
      filter.add(row.correlation_id);
      this.#seq = row.seq;
    }
    if (rows.length === PIECE_ROWS) return;
    filter.isComplete = true;
    this.stop();
  }
}

/** Null if the database cannot be read for a moment: whoever else uses it says so. */
function readOrWait<Row>(read: () => Row[]): Row[] | null {
  try {
    return read();
  } catch (error) {
    if (troubleOf(error) === null) throw error;
    return null;
  }
}

function highestSeq(sqlite: Database): number {
  return sqlite.query<{ seq: number | null }, []>("SELECT max(seq) AS seq FROM payments").get()?.seq ?? 0;
}

/** Power of two, bytes. */
function sizeFor(ids: number): number {
  let sizeBytes = SIZE_BYTES_MIN;
  while (sizeBytes < SIZE_BYTES_MAX && sizeBytes * 8 < ids * BITS_PER_ID) sizeBytes *= 2;
  return sizeBytes;
}

/** What the file is valid for, 32 bytes; null if the machine does not tell. */
function keyOf(sqlite: Database): Uint8Array | null {
  let boot: string;
  try {
    boot = readFileSync(BOOT_ID_FILE, "utf8");
  } catch {
    return null;
  }
  const row = sqlite.query<{ database_id: string }, []>("SELECT database_id FROM cluster").get();
  return row === null ? null : createHash("sha256").update(`${boot} ${row.database_id}`).digest();
}
