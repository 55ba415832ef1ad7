/**
 * Splits a command line into flags and operands.
 *
 *   --name value   --name=value   --name (boolean)   --no-name (boolean)   -- (all after it are operands)
 *
 * A flag given twice: the last one holds, so that a script can append to a fixed command line.
 */
import { suggestion } from "./closest.ts";

export interface Flag {
  /** With the two dashes. */
  readonly flag: string;
  readonly takesValue: boolean;
}

export interface Arguments {
  /** Text per flag; a boolean flag has "true" or "false". */
  readonly values: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
  readonly problems: readonly string[];
}

/** Parses `argv` (without executable and command) against the flags that are known. */
export function parseArguments(argv: readonly string[], flags: readonly Flag[]): Arguments {
  const known = new Map(flags.map((flag) => [flag.flag, flag]));
  const values = new Map<string, string>();
  const operands: string[] = [];
  const problems: string[] = [];

  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word === "--") {
      operands.push(...argv.slice(index + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      operands.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const given = equals === -1 ? word : word.slice(0, equals);
    const inline = equals === -1 ? undefined : word.slice(equals + 1);
    const flag = known.get(given);
    if (flag === undefined) {
      const negated = given.startsWith("--no-") ? known.get(`--${given.slice("--no-".length)}`) : undefined;
      if (negated !== undefined && !negated.takesValue && inline === undefined) {
        values.set(negated.flag, "false");
      } else {
        // Only the name is repeated: what follows "=" may be a secret under a misspelt name.
        problems.push(`${given}: no such flag.${suggestion(given, [...known.keys()])}`);
      }
    } else if (!flag.takesValue) {
      values.set(flag.flag, inline ?? "true");
    } else if (inline !== undefined) {
      values.set(flag.flag, inline);
    } else {
      const next = argv[index + 1];
      if (next === undefined || next.startsWith("--")) {
        problems.push(`${given}: a value must follow, as in ${given}=…`);
      } else {
        values.set(flag.flag, next);
        index++;
      }
    }
  }
  return { values, operands, problems };
}
