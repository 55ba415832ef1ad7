import { parseArgs } from "node:util";
import { PROCESSOR_NAMES } from "../src/domain/processor.ts";
import { makeScenario } from "../test/simulation/scenario.ts";
import { SCHEDULE_KINDS } from "../test/simulation/schedule.ts";
import { type Moment, type Result, simulate } from "../test/simulation/simulation.ts";

/**
 * Runs the routing over many random schedules and prints which share of the profit that was possible in
 * hindsight it made.
 *
 *   bun scripts/simulate-routing.ts --schedules 1000 --seed 1
 *   bun scripts/simulate-routing.ts --schedules 1 --seed 4711        one seed again, with what happened
 *   options: --kind slow   --grace-ms 0   --max-seconds 120
 *   --health-ms 20 tells the replicas all the time what the processors do now: what is still missing then is
 *   what only the future could tell, and what the rule makes of what it knows
 *
 * Exits 1 if an invariant was broken.
 */
const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    kind: { type: "string" },
    "grace-ms": { type: "string" },
    "health-ms": { type: "string" },
    "max-seconds": { type: "string", default: "300" },
  },
});
const count = Number(values.schedules);
const firstSeed = Number(values.seed);
const kind = SCHEDULE_KINDS.find((name) => name === values.kind);
if (values.kind !== undefined && kind === undefined)
  throw new Error(`--kind is one of ${SCHEDULE_KINDS.join(", ")}`);

const results: Result[] = [];
for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
  const graceMs = values["grace-ms"] === undefined ? undefined : Number(values["grace-ms"]);
  const durationMaxMs = Number(values["max-seconds"]) * 1_000;
  const healthIntervalMs = values["health-ms"] === undefined ? undefined : Number(values["health-ms"]);
  const scenario = makeScenario(seed, { kind, graceMs, durationMaxMs, healthIntervalMs });
  const result = simulate(scenario, count === 1 ? printMoment : undefined);
  results.push(result);
  for (const violation of result.violations) console.log(`seed ${seed}: BROKEN ${violation}`);
}

/** One line a second: what the processors do and what the first replica thinks of them. */
function printMoment({ timeMs, accepted, replicas, processors }: Moment): void {
  const dispatcher = replicas[0]?.dispatcher;
  if (dispatcher === undefined) return;
  const snapshot = dispatcher.snapshot(timeMs);
  const parts = PROCESSOR_NAMES.map((name) => {
    const { breaker, inFlight, concurrencyLimit, latencyMs, uncertain } = snapshot.processors[name];
    const { failing, minResponseTimeMs } = processors[name].health();
    const truth = `${failing ? "FAILS" : "works"} ${minResponseTimeMs.toFixed(0)} ms`.padEnd(14);
    const belief =
      `${breaker} ${inFlight}/${concurrencyLimit} ${latencyMs.toFixed(0)} ms ?${uncertain}`.padEnd(28);
    return `${name} ${truth} ${belief} = ${String(processors[name].recordedAtMs.size).padEnd(6)}`;
  });
  const { waiting, oldestWaitingMs } = snapshot;
  console.log(
    `${timeMs / 1_000} s  in ${accepted}  held ${waiting} (${oldestWaitingMs.toFixed(0)} ms)  ${parts.join(" | ")}`,
  );
}

const percent = (share: number): string => `${(share * 100).toFixed(2).padStart(6)} %`;

const feesOf = (fees: Result["scenario"]["feeShares"]): string =>
  `${(fees.default * 100).toFixed(0)}/${(fees.fallback * 100).toFixed(0)}`;

function describe(result: Result): string {
  const { scenario, inTime, accepted } = result;
  const fees = feesOf(scenario.feeShares);
  return [
    `seed ${scenario.seed}`.padEnd(12),
    percent(result.share),
    scenario.kind.padEnd(10),
    `fees ${fees}`.padEnd(11),
    `${scenario.load} ${scenario.users} users ${scenario.durationMs / 1_000} s`.padEnd(24),
    `${scenario.replicas} replicas, ${scenario.crashes.length} crashes, accepted ${accepted},`,
    `default ${inTime.default}, fallback ${inTime.fallback}, late ${accepted - inTime.default - inTime.fallback},`,
    `${result.callsPerPayment.toFixed(2)} calls each`,
  ].join(" ");
}

function printGroup(name: string, group: readonly Result[]): void {
  const shares = group.map((result) => result.share).sort((a, b) => a - b);
  const at = (part: number): number =>
    shares[Math.min(shares.length - 1, Math.floor(part * shares.length))] ?? 0;
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const columns = [mean, at(0), at(0.01), at(0.1), at(0.5)].map(percent).join("  ");
  console.log(`${name.padEnd(14)}${String(shares.length).padStart(5)}  ${columns}`);
}

console.log("\n                  n      mean     worst       p1       p10       p50");
for (const name of SCHEDULE_KINDS) {
  const group = results.filter((result) => result.scenario.kind === name);
  if (group.length > 0) printGroup(name, group);
}
for (const fees of new Set(results.map((result) => feesOf(result.scenario.feeShares)))) {
  const group = results.filter((result) => feesOf(result.scenario.feeShares) === fees);
  printGroup(`fees ${fees}`, group);
}
printGroup("all", results);
console.log("\nworst:");
const worst = [...results].sort((a, b) => a.share - b.share).slice(0, 10);
for (const result of worst) console.log(describe(result));
const broken = results.filter((result) => result.violations.length > 0).length;
console.log(`\n${broken} of ${results.length} runs broke an invariant`);
process.exitCode = broken === 0 ? 0 : 1;
