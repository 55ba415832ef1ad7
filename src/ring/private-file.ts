import { closeSync, openSync } from "node:fs";

/** What only the user that catraca runs as may enter: the data directory. */
export const PRIVATE_DIRECTORY_MODE = 0o700;
const PRIVATE_FILE_MODE = 0o600;

/**
 * Makes an empty file that only this user may read and write; one that exists is left as it is. SQLite makes its
 * files readable for everybody, but gives the WAL and its index the mode of the database it finds.
 *
 * An existing file is not even opened: closing it again would take this process's locks on it away (POSIX fcntl).
 *
 * What is wrong with the place is not said here: whoever opens the file next finds it out, and reports it.
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", PRIVATE_FILE_MODE));
  } catch {
    // It is there already, or cannot be made.
  }
}
