import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { MatchResult } from "./match.ts";
import { makePlan } from "./plan.ts";
import { describeSeries, type PlayedMatch, seriesTable } from "./series-table.ts";

/** The command behind scripts/rinha-many. */
const USAGE = `Plays random schedules of the Rinha de Backend 2025, every second one with a replica killed, and says what they came to.

  scripts/rinha-many                       20 schedules of one to five minutes with up to 600 users: about an hour
  scripts/rinha-many --schedules 4 --seed 7

  --schedules N   how many (20)
  --seed N        the first one's (101); the next have the next numbers
  --results DIR   keeps each result there and plays none again that is there: a series that was broken off goes on
  --out FILE      writes the table there (docs/challenge.md)

Exits 1 if a payment was lost or charged twice, or a summary differed.`;

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "20" },
    seed: { type: "string", default: "101" },
    results: { type: "string" },
    out: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const root = join(import.meta.dir, "../..");
const first = wholeNumber("seed", values.seed);
const results = values.results ?? join(root, "dist", "challenge");
mkdirSync(results, { recursive: true });
const matches: PlayedMatch[] = [];
for (let seed = first; seed < first + wholeNumber("schedules", values.schedules); seed++) {
  matches.push(await play(seed, seed % 2 === 0));
}
console.log(`\n${describeSeries(matches)}`);
if (values.out !== undefined) writeFileSync(values.out, page());
const isBroken = matches.some(
  ({ result }) => result.lost + result.chargedTwice + result.inconsistencies.length > 0,
);
process.exit(isBroken ? 1 : 0);

async function play(seed: number, isKilled: boolean): Promise<PlayedMatch> {
  const file = join(results, `${seed}.json`);
  const plan = makePlan({ seed, kind: null, file: null, users: null, seconds: null });
  if (!existsSync(file)) {
    console.log(`\n${plan.description}${isKilled ? ", a replica is killed" : ""}`);
    const command = [join(root, "scripts", "rinha"), "--seed", String(seed), "--json", file];
    await Bun.spawn(isKilled ? [...command, "--kill-replica"] : command, {
      stdout: "inherit",
      stderr: "inherit",
    }).exited;
  }
  if (!existsSync(file)) throw new Error(`the match of seed ${seed} could not be played`);
  // Written by scripts/rinha.
  return { seed, isKilled, plan, result: JSON.parse(readFileSync(file, "utf8")) as MatchResult };
}

function page(): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "?"}, Linux ${release()}`;
  return `# Random schedules of the challenge

Written by \`scripts/rinha-many --schedules ${values.schedules} --seed ${values.seed} --out …\`: three replicas, nginx and Redis as processes
with the limits of \`compose.yml\`; the load, the processors and the limited processes share ${machine}.
A match again: \`scripts/rinha --seed N [--kill-replica]\`.

${describeSeries(matches)}

${seriesTable(matches)}

What was possible is the bound of \`test/simulation/hindsight.ts\`, which knows schedule and load beforehand. p99 is the whole way
through nginx. A request fails where the replica is killed that has it in its hands.
`;
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0)
    throw new Error(`--${name} is a whole number, not ${text}`);
  return number;
}
