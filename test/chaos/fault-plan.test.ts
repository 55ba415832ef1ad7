/** A failure found at random is replayed from its seed (R21): the plan is a function of the seed and nothing else. */
import { expect, test } from "bun:test";
import { drawPlan } from "./fault-plan.ts";
import { FAULTS, TRACKS } from "./fault-table.ts";

const HOUR_MS = 3_600_000;

test("the same seed gives the same plan, another seed another", () => {
  expect(drawPlan(7, 60_000)).toEqual(drawPlan(7, 60_000));
  expect(drawPlan(7, 60_000)).not.toEqual(drawPlan(8, 60_000));
});

test("a longer plan begins with the shorter one", () => {
  const short = drawPlan(7, 60_000);
  expect(drawPlan(7, HOUR_MS).filter(({ atMs }) => atMs < 60_000)).toEqual([...short]);
});

test("in an hour every fault of the table happens, within its ranges, one after the other on its track", () => {
  const plan = drawPlan(1, HOUR_MS);
  for (const track of TRACKS) {
    const steps = plan.filter((step) => step.track === track);
    for (const { name, durationMs, strength } of FAULTS[track].kinds) {
      const ofKind = steps.filter(({ fault }) => fault === name);
      expect(ofKind.length).toBeGreaterThan(0);
      for (const step of ofKind) {
        expect(step.durationMs).toBeWithin(durationMs[0], durationMs[1] + 1);
        expect(step.strength).toBeWithin(strength?.range[0] ?? 0, (strength?.range[1] ?? 0) + 1);
      }
    }
    steps.forEach((step, index) => {
      const before = steps[index - 1];
      if (before !== undefined) {
        expect(step.atMs).toBeGreaterThanOrEqual(before.atMs + before.durationMs + FAULTS[track].gapMs[0]);
      }
    });
  }
});
