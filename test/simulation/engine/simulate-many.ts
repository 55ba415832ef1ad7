import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type SimulationResult, simulateEngine } from "./engine-simulation.ts";
import { FAULTS, type FaultName } from "./faults.ts";
import { replayCommand } from "./replay.ts";
import { describeRun, Tally } from "./tally.ts";

/** The command behind scripts/simulate-many. */
const HELP = `Simulates the engine under faults, seed after seed: several replicas on one real database, in virtual time.

  scripts/simulate-many [--minutes N] [--seed N] [--runs N] [--jobs N] [--trace]

  --minutes N   for so long, default 1
  --runs N      so many seeds at most
  --seed N      the first seed, default: random
  --jobs N      seeds at a time, default: as many as there are cores
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
    jobs: { type: "string" },
    trace: { type: "boolean", default: false },
    each: { type: "boolean", default: false },
    faults: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else if (values.faults) printFaults();
else await run();

async function run(): Promise<void> {
  const firstSeed = wholeNumber("seed", values.seed ?? String(1 + Math.floor(Math.random() * 1e9)));
  const runsMax = values.runs === "Infinity" ? Number.POSITIVE_INFINITY : wholeNumber("runs", values.runs);
  const startedAt = performance.now();
  const endAt = startedAt + Number(values.minutes) * 60_000;
  if (Number.isNaN(endAt)) throw new Error(`--minutes is a number, not ${values.minutes}`);
  const tally = new Tally();
  let started = 0;
  let isBroken = false;
  let printedAt = startedAt;
  console.log(`from seed ${firstSeed}`);
  const goOn = async (simulator: Simulator) => {
    while (!isBroken && started < runsMax && performance.now() < endAt) {
      const result = await simulator.simulate(firstSeed + started++);
      tally.add(result);
      if (values.each) console.log(describeRun(result));
      if (result.broken.length > 0) {
        isBroken = true;
        fail(result);
      }
      if (performance.now() - printedAt < PROGRESS_MS) continue;
      printedAt = performance.now();
      console.log(tally.line(printedAt - startedAt));
    }
    simulator.end();
  };
  await Promise.all(simulators(runsMax).map(goOn));
  if (isBroken) return;
  console.log(tally.line(performance.now() - startedAt));
  console.log(tally.happenings());
}

interface Simulator {
  readonly simulate: (seed: number) => SimulationResult | Promise<SimulationResult>;
  readonly end: () => void;
}

/** Each a thread; a trace is printed by this one. */
function simulators(runsMax: number): Simulator[] {
  if (values.trace) {
    const print = (line: string) => console.log(line);
    return [
      { simulate: (seed) => simulateEngine(seed, { traceLinesMax: TRACE_LINES, print }), end: () => {} },
    ];
  }
  const jobs = values.jobs === undefined ? availableParallelism() : wholeNumber("jobs", values.jobs);
  return Array.from({ length: Math.max(1, Math.min(jobs, runsMax)) }, () => {
    const worker = new Worker(new URL("./simulate-worker.ts", import.meta.url).href);
    const failed = new Promise<never>((_, reject) => {
      worker.addEventListener("error", ({ message }) => reject(new Error(`a simulation ended: ${message}`)));
    });
    return {
      simulate: (seed) => {
        const result = new Promise<SimulationResult>((resolve) => {
          worker.onmessage = ({ data }: MessageEvent<SimulationResult>) => resolve(data);
        });
        worker.postMessage({ seed, traceLinesMax: TRACE_LINES });
        return Promise.race([result, failed]);
      },
      end: () => worker.terminate(),
    };
  });
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
