import { parseArgs } from "node:util";
import { type SimulationResult, simulateEngine } from "./engine-simulation.ts";
import { FAULTS, type FaultName } from "./faults.ts";
import { replayCommand } from "./replay.ts";
import { describeRun, Tally } from "./tally.ts";

/** The command behind scripts/simulate-many. */
const HELP = `Simulates the engine under faults, seed after seed: several replicas on one real database, in virtual time.

  scripts/simulate-many [--minutes N] [--seed N] [--runs N] [--trace]

  --minutes N   for so long, default 1
  --runs N      so many seeds at most
  --seed N      the first seed, default: random
  --trace       prints every step; for one seed that failed: --seed N --runs 1 --trace
  --each        prints a line for every seed
  --faults      prints the table of faults and ends

Ends with 1 at the first seed that breaks a promise, and says how to play it again.`;

const PROGRESS_MS = 5_000;
const TRACE_LINES = 40;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string" },
    runs: { type: "string", default: "Infinity" },
    trace: { type: "boolean", default: false },
    each: { type: "boolean", default: false },
    faults: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else if (values.faults) printFaults();
else run();

function run(): void {
  const firstSeed = wholeNumber("seed", values.seed ?? String(1 + Math.floor(Math.random() * 1e9)));
  const runsMax = values.runs === "Infinity" ? Number.POSITIVE_INFINITY : wholeNumber("runs", values.runs);
  const startedAt = performance.now();
  const endAt = startedAt + Number(values.minutes) * 60_000;
  if (Number.isNaN(endAt)) throw new Error(`--minutes is a number, not ${values.minutes}`);
  const tally = new Tally();
  let printedAt = startedAt;
  console.log(`from seed ${firstSeed}`);
  while (tally.runs < runsMax && performance.now() < endAt) {
    const result = simulate(firstSeed + tally.runs);
    tally.add(result);
    if (values.each) console.log(describeRun(result));
    if (result.broken.length > 0) {
      fail(result);
      return;
    }
    if (performance.now() - printedAt < PROGRESS_MS) continue;
    printedAt = performance.now();
    console.log(tally.line(printedAt - startedAt));
  }
  console.log(tally.line(performance.now() - startedAt));
  console.log(tally.happenings());
}

function simulate(seed: number): SimulationResult {
  if (!values.trace) return simulateEngine(seed, { traceLinesMax: TRACE_LINES });
  return simulateEngine(seed, { traceLinesMax: TRACE_LINES, print: (line) => console.log(line) });
}

function fail({ seed, broken, trace, course, traceHash }: SimulationResult): void {
  console.log(`\nseed ${seed} broke a promise (trace ${traceHash}):`);
  for (const sentence of broken) console.log(`  ${sentence}`);
  const there = Object.entries(course.strengths).filter(([, strength]) => strength > 0);
  console.log(`faults: ${there.map(([name, strength]) => `${name} ${strength.toPrecision(2)}`).join(", ")}`);
  console.log(`the last steps:\n${trace.slice(-TRACE_LINES).join("\n")}`);
  console.log(
    `\nagain: ${replayCommand(seed)}\nclosely: scripts/simulate-many --seed ${seed} --runs 1 --trace`,
  );
  process.exitCode = 1;
}

function printFaults(): void {
  for (const name of Object.keys(FAULTS) as FaultName[]) {
    const { chance, strength, why, ...rest } = FAULTS[name];
    const length = "lengthMs" in rest ? `, ${rest.lengthMs.join(" to ")} ms` : "";
    const longer = "stretches" in rest ? " (longer in slow runs)" : "";
    console.log(
      `${name.padEnd(22)} in ${chance * 100} % of the seeds, ${strength.join(" to ")}${length}${longer}: ${why}`,
    );
  }
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new Error(`--${name} is a whole number, not ${text}`);
  return number;
}
