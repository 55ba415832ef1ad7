/** `catraca backup FILE`: a verified copy of the database, made while the gateway runs. */
import { backUp } from "../store/backup.ts";
import { type CommandContext, EXIT } from "./command.ts";

export async function run({ settings, args, print }: CommandContext): Promise<number> {
  const [target] = args;
  if (target === undefined) {
    print("backup: name the file to write, as in: catraca backup catraca-backup.db");
    return EXIT.usage;
  }
  const result = backUp(settings.databaseFile, target);
  if (result.kind === "refused") {
    print(`backup failed: ${result.message}`);
    return EXIT.failure;
  }
  print(`backup verified: ${target} holds ${result.payments} payments, schema ${result.schemaVersion}`);
  return EXIT.ok;
}
