import { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { troubleOf } from "./trouble.ts";

/**
 * Moves what is committed from the WAL into the database file, on a connection and a thread of its own: a
 * PASSIVE checkpoint waits for nobody and blocks nobody, so commits go on while it writes and syncs. Once
 * all is moved the next commit starts the WAL from its beginning again, which bounds the file.
 */
const INTERVAL_MS = 1000;
/** Not worth a sync of two files below this. */
const WAL_BYTES_MIN = 2 * 1024 * 1024;
/**
 * The pages of the WAL count against the memory of a control group: with 32 MB of them the kernel had to find room for a
 * replica of 80 MB two thousand times a second (`scripts/soak`, `memory.failcnt`).
 */
const WAL_BYTES_RESTART = 4 * 1024 * 1024;
const PAGE_BYTES = 4096;
const RESTART_WAIT_MS = 20;

/**
 * Starts checkpointing. @param onError told once per kind of trouble, a full disk for instance
 * @returns a function that stops it
 */
export function startCheckpointer(databaseFile: string, onError: (error: Error) => void): () => void {
  const sqlite = new Database(databaseFile, { readwrite: true });
  sqlite.run("PRAGMA wal_autocheckpoint = 0");
  sqlite.run("PRAGMA cache_size = 16");
  sqlite.run(`PRAGMA busy_timeout = ${RESTART_WAIT_MS}`);
  // `log`: the pages in the WAL. The file keeps its size when it starts over.
  const passive = sqlite.query<{ log: number }, []>("PRAGMA wal_checkpoint(PASSIVE)");
  let lastTrouble = "";
  const timer = setInterval(() => {
    try {
      if (walBytes(databaseFile) < WAL_BYTES_MIN) return;
      const pages = passive.get()?.log ?? 0;
      // Under a load without a pause commits arrive while the last frames are copied, and the WAL would never
      // start over: let the few that are left be copied while writers wait, some ms.
      if (pages * PAGE_BYTES >= WAL_BYTES_RESTART) sqlite.run("PRAGMA wal_checkpoint(RESTART)");
      lastTrouble = "";
    } catch (error) {
      const trouble = troubleOf(error) ?? "bug";
      // Another replica checkpoints at this moment: all the better.
      if (trouble === "locked" || trouble === lastTrouble || !(error instanceof Error)) return;
      lastTrouble = trouble;
      onError(error);
    }
  }, INTERVAL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    sqlite.close();
  };
}

function walBytes(databaseFile: string): number {
  return statSync(`${databaseFile}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}
