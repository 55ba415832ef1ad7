/** What a command line asks for: which command, with which arguments. */
import { suggestion } from "../config/closest.ts";
import type { Command } from "./command.ts";
import { COMMANDS } from "./table.ts";

export type Request =
  | { readonly ok: true; readonly command: Command; readonly argv: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/** Runs when the command line names none. */
export const DEFAULT_COMMAND = "serve";

/** Finds the command in `argv` (without the executable); `argv` of the result is what follows its name. */
export function findRequest(argv: readonly string[]): Request {
  const [first, ...rest] = argv;
  const named = first !== undefined && !first.startsWith("-");
  if (wantsHelp(argv)) return request("help", named ? [first] : []);
  if (first === "--version" || first === "-v") return request("version", rest);
  return named ? request(first, rest) : request(DEFAULT_COMMAND, argv);
}

/** The command of this name. */
export function findCommand(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name);
}

/** One sentence for a command that does not exist. */
export function unknownCommand(name: string): string {
  const names = COMMANDS.map((command) => command.name);
  return `"${name}": no such command.${suggestion(name, names)} Commands: ${names.join(", ")}.`;
}

function request(name: string, argv: readonly string[]): Request {
  const command = findCommand(name);
  return command === undefined ? { ok: false, problem: unknownCommand(name) } : { ok: true, command, argv };
}

function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  const flags = end === -1 ? argv : argv.slice(0, end);
  return flags.includes("--help") || flags.includes("-h");
}
