import { describe, expect, test } from "bun:test";
import { makeScenario } from "./scenario.ts";
import { SCHEDULE_KINDS } from "./schedule.ts";
import { type Result, simulate } from "./simulation.ts";

/**
 * First seed; SIMULATION_SEED tries others. One failing seed again: scripts/simulate-routing.ts
 * --schedules 1 --seed …
 */
const { SIMULATION_SEED } = process.env;
const firstSeed = Number(SIMULATION_SEED ?? 7_000);
const SEEDS_PER_KIND = 3;

const results: Result[] = SCHEDULE_KINDS.flatMap((kind, index) =>
  Array.from({ length: SEEDS_PER_KIND }, (_, count) =>
    simulate(
      makeScenario(firstSeed + index * SEEDS_PER_KIND + count, {
        kind,
        usersMax: 250,
        durationMaxMs: 60_000,
      }),
    ),
  ),
);

describe(`routing over ${results.length} schedules (seeds from ${firstSeed})`, () => {
  test("no payment is charged twice, lost, or sent elsewhere while its outcome is unknown; every bound holds", () => {
    const broken = results.flatMap(({ scenario, violations }) =>
      violations.map((violation) => `${scenario.kind} ${scenario.seed}: ${violation}`),
    );
    expect(broken).toEqual([]);
  });

  // Not 90 %: at fees of 5 % and 15 % the dearer one leaves 89.5 % of what the cheaper one does, and nobody who does not
  // know the end of the load can do better with a cheaper one that takes seconds all the time.
  test("on average 97 % of the profit that was possible in hindsight, at worst 85 %", () => {
    const shares = results.map(({ share }) => share);
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThan(0.97);
    const poor = results.filter(({ share }) => share < 0.85);
    expect(poor.map(({ scenario, share }) => `${scenario.kind} ${scenario.seed}: ${share}`)).toEqual([]);
  });

  // Where little comes in, a processor that flaps is probed more often than it is paid at.
  test("few calls are wasted", () => {
    for (const { scenario, callsPerPayment } of results) {
      expect([scenario.seed, callsPerPayment < 3]).toEqual([scenario.seed, true]);
    }
  });

  test("the same seed gives the same run", () => {
    const again = makeScenario(firstSeed, { kind: "flapping", usersMax: 60, durationMaxMs: 20_000 });
    expect(simulate(again)).toEqual(simulate(again));
  });
});
