import { parseArgs } from "node:util";
import { FAMILIES } from "./families.ts";
import type { Family } from "./family.ts";

export interface Options {
  readonly families: readonly Family[];
  readonly rounds: number;
  readonly seconds: number;
  readonly isQuick: boolean;
  /** Where benchmarks.md, benchmarks.json and images/ are rewritten; null: nowhere. */
  readonly docs: string | null;
  /** Only rewrite page and plots from the results that are there. */
  readonly isRenderOnly: boolean;
}

const ROUNDS = 5;
const ROUNDS_MAX = 100;
const SECONDS = 4;
const QUICK_SECONDS = 2;

export function usage(): string {
  const width = Math.max(...FAMILIES.map(({ name }) => name.length)) + 2;
  const lines = FAMILIES.map(
    ({ name, about, seconds, isOnDemand }) =>
      `  ${name.padEnd(width)}${about} (${seconds} s${isOnDemand === true ? ", only if named" : ""})`,
  );
  const all = FAMILIES.filter(({ isOnDemand }) => isOnDemand !== true);
  const minutes = Math.round(all.reduce((sum, { seconds }) => sum + seconds, 0) / 60);
  return `Runs the benchmarks, each beside its yardstick, and rewrites docs/benchmarks.md, docs/benchmarks.json and the plots
in docs/images. About ${minutes} minutes on a machine that does nothing else; needs scripts/build first.

  scripts/bench                     all
  scripts/bench --only NAME,NAME    some; the rows of the others stay as they were

  --rounds N    how often each is repeated (default ${ROUNDS}; medians of fewer than five say little)
  --quick       one short round, to see that it works; writes nothing
  --docs DIR    rewrites the files there instead of in docs; with --quick: there, too
  --render      measures nothing: rewrites page and plots from benchmarks.json

Exits 1 if a goal was missed. The executable is dist/catraca, or CATRACA_BINARY.

${lines.join("\n")}`;
}

const FLAGS = {
  only: { type: "string" },
  rounds: { type: "string" },
  quick: { type: "boolean", default: false },
  docs: { type: "string" },
  render: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Reads the command line; null for --help. @param docs the project's own. @throws Error with a sentence for people */
export function readOptions(args: readonly string[], docs: string): Options | null {
  const { values } = parseArgs({ args: [...args], options: FLAGS });
  if (values.help) return null;
  const isQuick = values.quick;
  return {
    families: familiesOf(values.only),
    rounds: roundsOf(values.rounds) ?? (isQuick ? 1 : ROUNDS),
    seconds: isQuick ? QUICK_SECONDS : SECONDS,
    isQuick,
    docs: values.docs ?? (isQuick && !values.render ? null : docs),
    isRenderOnly: values.render,
  };
}

function familiesOf(only: string | undefined): Family[] {
  if (only === undefined) return FAMILIES.filter(({ isOnDemand }) => isOnDemand !== true);
  const names = only.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !FAMILIES.some((family) => family.name === name));
  if (unknown !== undefined) {
    const known = FAMILIES.map(({ name }) => name).join(", ");
    throw new Error(`--only: expected names out of ${known}; got "${unknown}"`);
  }
  return FAMILIES.filter(({ name }) => names.includes(name));
}

function roundsOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > ROUNDS_MAX) {
    throw new Error(`--rounds: expected a whole number from 1 to ${ROUNDS_MAX}, got "${text}"`);
  }
  return value;
}
