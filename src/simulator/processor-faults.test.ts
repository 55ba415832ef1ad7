import { describe, expect, test } from "bun:test";
import { FaultPlan, readFaultSettings } from "./processor-faults.ts";

function draw(settings: object, count: number): string[] {
  const plan = new FaultPlan();
  const read = readFaultSettings(settings);
  if (read === null) throw new Error("settings refused");
  plan.settings = read;
  return Array.from({ length: count }, () => {
    const fault = plan.draw();
    return fault === null ? "none" : `${fault.kind} ${fault.recorded}`;
  });
}

describe("fault plan", () => {
  test("draws no fault unless told to", () => {
    expect(new FaultPlan().draw()).toBeNull();
    expect(new Set(draw({}, 100))).toEqual(new Set(["none"]));
  });

  test("the same seed gives the same faults, another seed others", () => {
    const settings = { loseAnswerShare: 0.2, resetShare: 0.3, garbageShare: 0.1 };
    expect(draw({ ...settings, seed: 5 }, 200)).toEqual(draw({ ...settings, seed: 5 }, 200));
    expect(draw({ ...settings, seed: 5 }, 200)).not.toEqual(draw({ ...settings, seed: 6 }, 200));
  });

  test("every fault comes with its share, and with the recording that it promises", () => {
    const settings = {
      loseAnswerShare: 0.1,
      garbageShare: 0.1,
      resetShare: 0.2,
      hangShare: 0.1,
      serverErrorWithMessageShare: 0.2,
    };
    const counts = new Map<string, number>();
    for (const fault of draw(settings, 10_000)) counts.set(fault, (counts.get(fault) ?? 0) + 1);
    const expected = {
      none: 3000,
      "silence true": 1000,
      "silence false": 1000,
      "garbage true": 1000,
      "reset true": 1000,
      "reset false": 1000,
      "server_error true": 1000,
      "server_error false": 1000,
    };
    expect([...counts.keys()].sort()).toEqual(Object.keys(expected).sort());
    for (const [fault, count] of Object.entries(expected)) {
      // The seed is fixed; 150 is five standard deviations.
      expect(Math.abs((counts.get(fault) ?? 0) - count)).toBeLessThan(150);
    }
  });

  test.each([{ hangShare: -0.1 }, { hangShare: "0.1" }, { hangShare: 0.6, resetShare: 0.5 }, { seed: 0.5 }])(
    "%p is refused",
    (settings) => {
      expect(readFaultSettings(settings)).toBeNull();
    },
  );
});
