import { describe, expect, test } from "bun:test";
import { IntakeMonitor } from "./intake-monitor.ts";

function steady(perSecond: number, untilMs: number): IntakeMonitor {
  const intake = new IntakeMonitor(30_000);
  for (let timeMs = 0; timeMs <= untilMs; timeMs += 1_000 / perSecond) intake.arrived(timeMs, timeMs);
  return intake;
}

describe("intake", () => {
  test("knows its rate and since when it goes on", () => {
    const intake = steady(200, 10_000);
    expect(intake.ratePerSecond(10_000)).toBeGreaterThan(190);
    expect(intake.ratePerSecond(10_000)).toBeLessThan(210);
    expect(intake.ageMs(10_000)).toBe(10_000);
  });

  test("counts the payments of the load, those of an earlier one not", () => {
    const intake = steady(10, 10_000);
    expect(intake.count).toBe(101);
    intake.arrived(50_000, 50_000);
    expect(intake.count).toBe(1);
    intake.reset();
    expect(intake.count).toBe(0);
  });

  test("is silent after a pause much longer than usual", () => {
    const intake = steady(200, 10_000);
    expect(intake.isSilent(10_100)).toBe(false);
    expect(intake.isSilent(10_200)).toBe(true);
    const slow = steady(1, 10_000);
    expect(slow.isSilent(12_500)).toBe(false);
    expect(slow.isSilent(13_100)).toBe(true);
  });

  test("a pause longer than any hold begins another episode", () => {
    const intake = steady(10, 10_000);
    intake.arrived(50_000, 50_000);
    expect(intake.ageMs(51_000)).toBe(1_000);
  });

  test("what a restart brings back tells the age of the load but is no demand", () => {
    const intake = new IntakeMonitor(30_000);
    for (let count = 0; count < 5_000; count += 1) intake.arrived(1_000, 20_000);
    expect(intake.ageMs(20_000)).toBe(19_000);
    expect(intake.ratePerSecond(20_000)).toBe(0);
  });

  test("nothing is known before the first payment and after a purge", () => {
    const intake = steady(100, 1_000);
    intake.reset();
    for (const monitor of [intake, new IntakeMonitor(30_000)]) {
      expect(monitor.ageMs(2_000)).toBe(0);
      expect(monitor.ratePerSecond(2_000)).toBe(0);
    }
  });
});
