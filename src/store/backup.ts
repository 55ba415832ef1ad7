import { Database } from "bun:sqlite";
import { existsSync, linkSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { makePrivateFile, PRIVATE_DIRECTORY_MODE } from "../ring/private-file.ts";
import { markCopy } from "./copied-database.ts";
import { migrate, SCHEMA_VERSION, schemaVersionOf } from "./migrations.ts";

/**
 * Backups: one SQLite file that holds everything committed at one moment, made while the gateway runs.
 *
 *   backup    VACUUM INTO file.part ──► marked as a copy ──► verified ──► renamed to file
 *   restore   copy of the backup ──► verified ──► schema brought up to date, marked as a copy
 *             ──► the old database set aside ──► renamed into its place
 *
 * Nothing is replaced by what was not verified.
 */
export type BackupResult =
  | { readonly kind: "done"; readonly payments: number; readonly schemaVersion: number }
  | { readonly kind: "refused"; readonly message: string };

/** Makes a backup of `databaseFile` at `target`, which must not exist yet. */
export function backUp(databaseFile: string, target: string): BackupResult {
  if (!existsSync(databaseFile)) return refused(`there is no database at ${databaseFile}`);
  if (existsSync(target)) return refused(`${target} exists: a backup never replaces a file`);
  const part = `${target}.part`;
  rmSync(part, { force: true });
  const sqlite = new Database(databaseFile, { readonly: true });
  try {
    // VACUUM INTO takes an empty file for none, and keeps its mode.
    makePrivateFile(part);
    sqlite.run("PRAGMA busy_timeout = 5000");
    // A read transaction: a snapshot of one moment, while writers go on.
    sqlite.query("VACUUM INTO ?").run(part);
  } catch (error) {
    rmSync(part, { force: true });
    return refused(`cannot write ${part}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    sqlite.close();
  }
  const verified = verifyMarked(part, markCopy);
  if (verified.kind === "refused") {
    rmSync(part, { force: true });
    return verified;
  }
  // link fails if somebody else made the target meanwhile; rename would replace it
  linkSync(part, target);
  rmSync(part);
  return verified;
}

/**
 * Puts the backup in the place of the database, which is kept beside it with `asideSuffix`. No replica may
 * be running on it.
 */
export function restore(backup: string, databaseFile: string, asideSuffix: string): BackupResult {
  if (!existsSync(backup)) return refused(`there is no backup at ${backup}`);
  const verified = verify(backup);
  if (verified.kind === "refused") return verified;
  const running = runningReplicas(databaseFile);
  if (running.length > 0) {
    return refused(`stop the replicas that use ${databaseFile} first: ${running.join(", ")}`);
  }
  mkdirSync(dirname(databaseFile), { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
  const part = `${databaseFile}.restore`;
  rmSync(part, { force: true });
  const copied = backUp(backup, part);
  if (copied.kind === "refused") return copied;
  const prepared = verifyMarked(part, (sqlite) => {
    migrate(sqlite);
    markCopy(sqlite);
  });
  if (prepared.kind === "refused") {
    rmSync(part, { force: true });
    return prepared;
  }
  for (const suffix of ["-wal", "-shm", ""]) {
    const file = `${databaseFile}${suffix}`;
    if (existsSync(file)) renameSync(file, `${databaseFile}${asideSuffix}${suffix}`);
  }
  renameSync(part, databaseFile);
  return prepared;
}

/** Changes a file that nobody else knows of, then looks whether it is whole. */
function verifyMarked(file: string, change: (sqlite: Database) => void): BackupResult {
  try {
    const sqlite = new Database(file, { readwrite: true });
    try {
      change(sqlite);
    } finally {
      sqlite.close();
    }
  } catch (error) {
    return refused(`${file} cannot be prepared: ${error instanceof Error ? error.message : String(error)}`);
  }
  return verify(file);
}

/** Whether the file is a whole database of a schema that this executable knows. */
export function verify(file: string): BackupResult {
  let sqlite: Database | undefined;
  try {
    sqlite = new Database(file, { readonly: true });
    const check = sqlite.query<{ integrity_check: string }, []>("PRAGMA integrity_check(1)").get();
    if (check?.integrity_check !== "ok") return refused(`${file} is damaged: ${check?.integrity_check}`);
    const schemaVersion = schemaVersionOf(sqlite);
    if (schemaVersion === 0) return refused(`${file} is not a database of catraca`);
    if (schemaVersion > SCHEMA_VERSION) {
      return refused(
        `${file} was made by a newer catraca (schema ${schemaVersion}, known: ${SCHEMA_VERSION})`,
      );
    }
    const row = sqlite.query<{ count: number }, []>("SELECT count(*) AS count FROM payments").get();
    return { kind: "done", payments: row?.count ?? 0, schemaVersion };
  } catch (error) {
    return refused(
      `${file} is not a usable database: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    sqlite?.close();
  }
}

/** Replicas whose lease on this database has not run out. */
function runningReplicas(databaseFile: string): string[] {
  if (!existsSync(databaseFile)) return [];
  const sqlite = new Database(databaseFile, { readonly: true });
  try {
    return sqlite
      .query<{ name: string }, [number]>("SELECT name FROM replicas WHERE lease_until_ms > ?")
      .all(Date.now())
      .map((row) => row.name);
  } catch {
    // The damaged database that is to be replaced: nobody runs on it.
    return [];
  } finally {
    sqlite.close();
  }
}

function refused(message: string): BackupResult {
  return { kind: "refused", message };
}
