/** The executable's entry: finds the command, reads the settings, runs it, ends with its exit code. */
import { EXIT } from "./commands/command.ts";
import { findRequest } from "./commands/find-command.ts";
import { loadSettings } from "./config/load.ts";
import { compileLater, useLessMemory } from "./engine/engine-options.ts";
import { createLogger } from "./log/logger.ts";

/** Runs the command that `argv` (without the executable) names; the result is the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const request = findRequest(argv);
  if (!request.ok) return complain([request.problem]);
  const { command } = request;

  const environment = command.readsEnvironment ? process.env : {};
  const loaded = loadSettings(request.argv, environment, { commandFlags: command.flags });
  if (!loaded.ok) return complain(loaded.problems);
  const { settings, sources, args, options } = loaded;
  const surplus = args[command.operands.length];
  if (surplus !== undefined) return complain([`"${surplus}": one argument too many for "${command.name}".`]);

  const log = createLogger({ level: settings.logLevel, thread: "main", replica: settings.replicaId });
  if (command.name === "serve") {
    useLessMemory();
    compileLater();
  }
  const { run } = await command.load();
  return run({ settings, sources, args, options, log, print: (line) => console.log(line) });
}

function complain(problems: readonly string[]): number {
  const count = problems.length === 1 ? "" : ` (${problems.length} problems)`;
  console.error(`catraca cannot start${count}:`);
  for (const problem of problems) console.error(`  ${problem}`);
  console.error('"catraca help" lists every command, flag and environment variable.');
  return EXIT.usage;
}

// No top-level await: an entry that awaits could not be compiled to CommonJS bytecode.
main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    // Nothing expected is thrown, so this is a bug, and its stack is what helps.
    console.error(error);
    process.exit(EXIT.failure);
  },
);
