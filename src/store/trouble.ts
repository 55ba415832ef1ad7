/** What keeps a transaction from being committed now. */
export type StoreTrouble = "locked" | "disk_full" | "io_error";

/**
 * Classifies what SQLite threw (https://sqlite.org/rescode.html; extended codes keep the name's start).
 * @returns null for anything else: a bug
 */
export function troubleOf(error: unknown): StoreTrouble | null {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) return "locked";
  if (code.startsWith("SQLITE_FULL")) return "disk_full";
  if (code.startsWith("SQLITE_IOERR") || code.startsWith("SQLITE_CANTOPEN")) return "io_error";
  return null;
}
