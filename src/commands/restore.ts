/** `catraca restore FILE`: puts a backup in the place of the database; the old one is kept beside it. */
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { restore } from "../store/backup.ts";
import { knownIdsPathOf } from "../store/known-ids.ts";
import { type CommandContext, EXIT } from "./command.ts";

export async function run({ settings, args, print }: CommandContext): Promise<number> {
  const [backup] = args;
  if (backup === undefined) {
    print("restore: name the backup, as in: catraca restore catraca-backup.db");
    return EXIT.usage;
  }
  const aside = `.before-restore-${new Date().toISOString().replace(/[:.]/g, "-")}`;
  const result = restore(backup, settings.databaseFile, aside);
  if (result.kind === "refused") {
    print(`restore refused: ${result.message}`);
    return EXIT.failure;
  }
  // What it knows is of the database that is set aside.
  rmSync(knownIdsPathOf(settings.databaseFile), { force: true });
  const moved = setRingsAside(dirname(settings.databaseFile), aside);
  print(
    `restored: ${settings.databaseFile} holds ${result.payments} payments, schema ${result.schemaVersion}`,
  );
  print(
    "what was unfinished in the backup may have been charged since: after the start every upstream that may have done " +
      "so is asked before anything is charged, so those payments take a little longer",
  );
  print(
    "what was accepted after the backup is not in it: a client that sends such a payment again is charged again, so " +
      "compare with the processors' books first",
  );
  if (existsSync(`${settings.databaseFile}${aside}`)) {
    print(`the database as it was: ${settings.databaseFile}${aside}`);
  }
  for (const file of moved) print(`its intake log: ${file}`);
  return EXIT.ok;
}

/** Intake logs belong to the database that is set aside: their frames must not enter the restored one. */
function setRingsAside(directory: string, suffix: string): string[] {
  const rings = readdirSync(directory).filter((name) => name.endsWith(".ring"));
  return rings.map((name) => {
    const aside = join(directory, `${name}${suffix}`);
    renameSync(join(directory, name), aside);
    return aside;
  });
}
