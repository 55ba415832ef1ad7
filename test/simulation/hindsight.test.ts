import { describe, expect, test } from "bun:test";
import { bestInHindsight, boundInHindsight } from "./hindsight.ts";
import { makeScenario, type Scenario } from "./scenario.ts";
import type { Schedule, Segment } from "./schedule.ts";

const quick: Segment = { fromMs: 0, delayMs: 0, failing: false };
const down: Segment = { fromMs: 0, delayMs: 0, failing: true };

function scenario(schedule: Schedule, changes: Partial<Scenario> = {}): Scenario {
  return {
    ...makeScenario(1),
    schedule,
    feeShares: { default: 0.05, fallback: 0.15 },
    durationMs: 60_000,
    graceMs: 1_000,
    maxHoldMs: 30_000,
    replicas: 3,
    crashes: [],
    ...changes,
  };
}

/** One payment every 10 ms for a minute. */
const arrivals = Array.from({ length: 6_000 }, (_, index) => index * 10);

describe("what was possible in hindsight", () => {
  test("everything at the cheaper one while it works", () => {
    const best = bestInHindsight(scenario({ default: [quick], fallback: [quick] }), arrivals);
    expect(best).toBeCloseTo(6_000 * 0.95, 3);
  });

  test("everything at the dearer one when the cheaper never works, nothing when neither does", () => {
    expect(bestInHindsight(scenario({ default: [down], fallback: [quick] }), arrivals)).toBeCloseTo(5_100, 3);
    expect(bestInHindsight(scenario({ default: [down], fallback: [down] }), arrivals)).toBe(0);
  });

  test("the looser bound has no hold limit, and is the same where one processor takes all", () => {
    const back: Segment[] = [down, { ...quick, fromMs: 40_000 }];
    const schedule = { default: back, fallback: [quick] };
    expect(boundInHindsight(scenario(schedule), arrivals)).toBeCloseTo(6_000 * 0.95, 3);
    expect(bestInHindsight(scenario(schedule), arrivals)).toBeLessThan(5_900 * 0.95);
    expect(boundInHindsight(scenario({ default: [down], fallback: [quick] }), arrivals)).toBeCloseTo(
      5_100,
      3,
    );
    expect(boundInHindsight(scenario({ default: [down], fallback: [down] }), arrivals)).toBe(0);
  });

  test("an outage shorter than the hold limit costs nothing", () => {
    const back: Segment[] = [down, { ...quick, fromMs: 20_000 }];
    const best = bestInHindsight(scenario({ default: back, fallback: [quick] }), arrivals);
    expect(best).toBeCloseTo(6_000 * 0.95, 3);
  });

  test("of a longer one those who waited too long go to the dearer one", () => {
    const back: Segment[] = [down, { ...quick, fromMs: 40_000 }];
    const best = bestInHindsight(scenario({ default: back, fallback: [quick] }), arrivals);
    // The first ten seconds' payments, 1,000 of them, would have waited longer than 30 s.
    expect(Math.abs(best - (5_000 * 0.95 + 1_000 * 0.85))).toBeLessThan(3);
  });

  test("a slow processor takes what its places and the time left allow", () => {
    const slow: Segment = { ...quick, delayMs: 20_000 };
    const best = bestInHindsight(
      scenario({ default: [slow], fallback: [down] }, { replicas: 1, inFlightMax: 100, timeoutMs: 30_000 }),
      arrivals,
    );
    // 100 at once, three times over, the last begun early enough to be recorded before 61 s.
    expect(best).toBeCloseTo(300 * 0.95, 3);
  });

  test("a call takes a place no longer than its timeout, although it is recorded later", () => {
    const slow: Segment = { ...quick, delayMs: 20_000 };
    const best = bestInHindsight(
      scenario({ default: [slow], fallback: [down] }, { replicas: 1, inFlightMax: 100, timeoutMs: 10_000 }),
      arrivals,
    );
    // Begun at 0, 10, 20, 30 and 40 s.
    expect(best).toBeCloseTo(500 * 0.95, 3);
  });

  test("the replicas' CPU bounds what a short moment is good for", () => {
    const moment: Segment[] = [down, { ...quick, fromMs: 58_000 }, { ...down, fromMs: 59_000 }];
    const best = bestInHindsight(scenario({ default: moment, fallback: [down] }, { replicas: 1 }), arrivals);
    expect(best / 0.95).toBeGreaterThan(1_990);
    expect(best / 0.95).toBeLessThan(2_050);
  });
});
