/**
 * R1, R3, R5, R6, R9, R10, R11, R13, R17, R18, R21: the engine's own code, in several replicas on one real database,
 * under a virtual clock and every fault of faults.ts, then without faults until all has ended.
 *
 * SIMULATION_SEED=… plays one seed again; scripts/simulate-many goes on for hours.
 */
import { expect, test } from "bun:test";
import { type SimulationResult, simulateEngine } from "./engine-simulation.ts";
import { replayCommand } from "./replay.ts";
import { describeRun, Tally } from "./tally.ts";

const { SIMULATION_SEED, SIMULATION_SECONDS } = process.env;
/** Of real time, for seeds that nobody has seen before. */
const SECONDS = Number(SIMULATION_SECONDS ?? 20);
/** The same in every run, so that a change is seen to break what it breaks. */
const FIXED_SEEDS = 12;
const TIMEOUT_MS = 180_000;

function expectKept(result: SimulationResult): void {
  if (result.broken.length === 0) return;
  console.log(`again: ${replayCommand(result.seed)}\n${result.trace.slice(-40).join("\n")}`);
  expect(result.broken).toEqual([]);
}

if (SIMULATION_SEED !== undefined) {
  test(
    `seed ${SIMULATION_SEED}`,
    () => {
      const result = simulateEngine(Number(SIMULATION_SEED), { traceLinesMax: 60 });
      console.log(`${describeRun(result)}, ${result.steps} steps, trace ${result.traceHash}`);
      expectKept(result);
    },
    TIMEOUT_MS,
  );
} else {
  test(
    `every promise is kept with the seeds 1 to ${FIXED_SEEDS}`,
    () => {
      for (let seed = 1; seed <= FIXED_SEEDS; seed++) expectKept(simulateEngine(seed, { traceLinesMax: 60 }));
    },
    TIMEOUT_MS,
  );

  test(
    "every promise is kept with seeds that nobody has seen",
    () => {
      const firstSeed = Math.floor(Math.random() * 1e9);
      const startedAt = performance.now();
      const tally = new Tally();
      do {
        const result = simulateEngine(firstSeed + tally.runs, { traceLinesMax: 60 });
        tally.add(result);
        expectKept(result);
      } while (performance.now() - startedAt < SECONDS * 1000);
      console.log(`from seed ${firstSeed}: ${tally.line(performance.now() - startedAt)}`);
      expect(tally.acknowledged).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  test(
    "counters that would take a delta twice are found out",
    () => {
      const broken = Array.from({ length: 8 }, (_, index) => index + 1).flatMap(
        (seed) => simulateEngine(seed, { ignoresNumbers: true }).broken,
      );
      expect(broken.join("\n")).toContain("R13 the counters come to");
    },
    TIMEOUT_MS,
  );

  test(
    "the same seed is the same run, step by step (R21); another is another",
    () => {
      const once = simulateEngine(5);
      const again = simulateEngine(5);
      expect(again.traceHash).toBe(once.traceHash);
      expect(again.steps).toBe(once.steps);
      expect(again.virtualMs).toBe(once.virtualMs);
      expect(simulateEngine(6).traceHash).not.toBe(once.traceHash);
    },
    TIMEOUT_MS,
  );
}
