import { parseArgs } from "node:util";
import { type SimulationResult, simulateEngine } from "./engine-simulation.ts";
import { FAULTS, type FaultName } from "./faults.ts";
import { replayCommand } from "./replay.ts";

/** The command behind scripts/simulate-many. */
const HELP = `Simulates the engine under faults, seed after seed: several replicas on one real database, in virtual time.

  scripts/simulate-many [--minutes N] [--seed N] [--runs N] [--trace]

  --minutes N   for so long, default 1
  --runs N      so many seeds at most
  --seed N      the first seed, default: random
  --trace       prints every step; for one seed that failed: --seed N --runs 1 --trace
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
  const sums = { runs: 0, virtualMs: 0, acknowledged: 0, lives: 0 };
  let printedAt = startedAt;
  console.log(`from seed ${firstSeed}`);
  while (sums.runs < runsMax && performance.now() < endAt) {
    const result = simulate(firstSeed + sums.runs);
    sums.runs++;
    sums.virtualMs += result.virtualMs;
    sums.acknowledged += result.acknowledged;
    sums.lives += result.lives;
    if (result.broken.length > 0) {
      fail(result);
      return;
    }
    if (performance.now() - printedAt < PROGRESS_MS) continue;
    printedAt = performance.now();
    printProgress(sums, printedAt - startedAt);
  }
  printProgress(sums, performance.now() - startedAt);
}

function simulate(seed: number): SimulationResult {
  if (!values.trace) return simulateEngine(seed, { traceLinesMax: TRACE_LINES });
  return simulateEngine(seed, { traceLinesMax: TRACE_LINES, print: (line) => console.log(line) });
}

function fail({ seed, broken, trace, strengths, traceHash }: SimulationResult): void {
  console.log(`\nseed ${seed} broke a promise (trace ${traceHash}):`);
  for (const sentence of broken) console.log(`  ${sentence}`);
  const there = Object.entries(strengths).filter(([, strength]) => strength > 0);
  console.log(`faults: ${there.map(([name, strength]) => `${name} ${strength.toPrecision(2)}`).join(", ")}`);
  console.log(`the last steps:\n${trace.slice(-TRACE_LINES).join("\n")}`);
  console.log(
    `\nagain: ${replayCommand(seed)}\nclosely: scripts/simulate-many --seed ${seed} --runs 1 --trace`,
  );
  process.exitCode = 1;
}

function printProgress(
  sums: { runs: number; virtualMs: number; acknowledged: number; lives: number },
  tookMs: number,
): void {
  const { runs, virtualMs, acknowledged, lives } = sums;
  const { user, system } = process.cpuUsage();
  const perCpu = (virtualMs / ((user + system) / 1000)).toFixed(0);
  const speed = (virtualMs / tookMs).toFixed(0);
  const hours = (virtualMs / 3_600_000).toFixed(2);
  console.log(
    `${runs} seeds, ${hours} virtual hours, ${speed} virtual s per s (${perCpu} per s of CPU), ${acknowledged} payments acknowledged, ${lives} lives of replicas`,
  );
}

function printFaults(): void {
  for (const name of Object.keys(FAULTS) as FaultName[]) {
    const { chance, strength, why, ...rest } = FAULTS[name];
    const length = "lengthMs" in rest ? `, ${rest.lengthMs.join(" to ")} ms` : "";
    console.log(
      `${name.padEnd(22)} in ${chance * 100} % of the seeds, ${strength.join(" to ")}${length}: ${why}`,
    );
  }
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new Error(`--${name} is a whole number, not ${text}`);
  return number;
}
