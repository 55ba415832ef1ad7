import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

export const USAGE = `Runs the executable for long under a steady load over all sections, and judges whether it stays flat.

  scripts/soak                    an hour at 500 requests per second under 80 MB
  scripts/soak --minutes 5        a shorter one; slopes are judged from 20 minutes after the warm-up on

  --rate N        requests per second (500)
  --memory-mb N   the limit of the process's control group (80); without the right to make one, RSS alone is judged
  --cpus N        CPUs that the group may use (all); few of them show what an overloaded replica does
  --warm-up N     minutes that no slope looks at (a sixth of the time, 10 at most)
  --binary FILE   dist/catraca unless given
  --out FILE      where the result is written (docs/soak.md, with its picture beside it in images/)
  --seed N        of the load

Exits 1 if a limit is broken (test/soak/limits.ts), 2 if it could not be run.`;

export interface SoakOptions {
  readonly minutes: number;
  readonly perSecond: number;
  readonly memoryMegabytes: number;
  readonly cpus: number;
  readonly warmUpMinutes: number;
  readonly binary: string;
  readonly out: string;
  readonly seed: number;
}

const PROJECT = join(import.meta.dir, "../..");
const WARM_UP_MINUTES_MAX = 10;
const WARM_UP_SHARE = 1 / 6;

const FLAGS = {
  minutes: { type: "string", default: "60" },
  rate: { type: "string", default: "500" },
  "memory-mb": { type: "string", default: "80" },
  cpus: { type: "string", default: String(cpus().length) },
  "warm-up": { type: "string" },
  binary: { type: "string", default: join(PROJECT, "dist/catraca") },
  out: { type: "string", default: join(PROJECT, "docs/soak.md") },
  seed: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Reads the command line; null for --help. Throws with a sentence for people. */
export function readOptions(args: readonly string[]): SoakOptions | null {
  const { values } = parseArgs({ args: [...args], options: FLAGS });
  if (values.help) return null;
  const minutes = readNumber("--minutes", values.minutes);
  const warmUp = values["warm-up"];
  return {
    minutes,
    perSecond: readNumber("--rate", values.rate),
    memoryMegabytes: readNumber("--memory-mb", values["memory-mb"]),
    cpus: readNumber("--cpus", values.cpus),
    warmUpMinutes:
      warmUp === undefined
        ? Math.min(WARM_UP_MINUTES_MAX, minutes * WARM_UP_SHARE)
        : readNumber("--warm-up", warmUp),
    binary: resolve(values.binary),
    out: resolve(values.out),
    seed: values.seed === undefined ? Date.now() % 1_000_000 : readNumber("--seed", values.seed),
  };
}

function readNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${flag}: expected a number above 0, got ${JSON.stringify(text)}`);
  return value;
}
