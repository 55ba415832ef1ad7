/** What a command is and what it is given. */
import type { Flag } from "../config/arguments.ts";
import type { SettingSources } from "../config/load.ts";
import type { SectionTitle, Settings } from "../config/settings.ts";
import type { Logger } from "../log/logger.ts";

export interface CommandContext {
  readonly settings: Settings;
  readonly sources: SettingSources;
  /** The operands: what is on the command line besides flags. */
  readonly args: readonly string[];
  /** The command's own flags as given, with their dashes: `--json` → "true". */
  readonly options: ReadonlyMap<string, string>;
  readonly log: Logger;
  /** Writes one line of the command's result to standard output. */
  readonly print: (line: string) => void;
}

/** The exit code comes back as a value; what is thrown is a bug and ends with `EXIT.failure`. */
export type RunCommand = (context: CommandContext) => Promise<number>;

/** Exit codes, the same for every command; `incomplete`: not all that was asked for could be found out. */
export const EXIT = { ok: 0, failure: 1, usage: 2, incomplete: 2 } as const;

export interface CommandFlag extends Flag {
  readonly meaning: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Shown in `<command> --help` below the summary. */
  readonly details?: string;
  /** Names of the operands, as in `backup <file>`, with "?" behind one that may be left out; more are refused. */
  readonly operands: readonly string[];
  readonly flags: readonly CommandFlag[];
  /** Sections of settings that this command's help shows. */
  readonly sections: readonly SectionTitle[];
  /** False: runs even when a setting in the environment is wrong. */
  readonly readsEnvironment: boolean;
  /** Loaded only when the command runs: `version` must not pay for the server. */
  readonly load: () => Promise<{ readonly run: RunCommand }>;
}
