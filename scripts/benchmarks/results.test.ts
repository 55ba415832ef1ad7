import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atLeast, atMost, type Figure, isMet, percentile, spread } from "./figure.ts";
import { readOptions } from "./options.ts";
import { renderReport } from "./report.ts";
import { type FamilyResult, mergeResults, readResults, writeResults } from "./results.ts";

const directory = mkdtempSync(join(tmpdir(), "catraca-results-"));
afterAll(() => rmSync(directory, { recursive: true }));

const figure = (name: string, ...values: number[]): Figure => ({
  ...{ name, unit: "/s", values, yardstick: null, goal: atLeast(10), note: "" },
});
const result = (...figures: Figure[]): FamilyResult => ({
  ...{ figures, measuredAt: "2026-01-02T03:04:05.678Z", command: "scripts/bench", rounds: 5, seconds: 4 },
  ...{ isQuick: false, machine: "2 × CPU", versions: "catraca 1" },
});

describe("results", () => {
  test("of a run of some families replace theirs and leave the others as they were", () => {
    const earlier = { accept: result(figure("accepts", 1)), ring: result(figure("frames", 2)) };
    const merged = mergeResults(earlier, { ring: result(figure("frames", 3)) }, ["accept", "ring"]);
    expect(merged["accept"]).toEqual(result(figure("accepts", 1)));
    expect(merged["ring"]).toEqual(result(figure("frames", 3)));
  });

  test("are in the order of the families, without those that are no more", () => {
    const merged = mergeResults({ gone: result(), ring: result() }, { accept: result() }, ["accept", "ring"]);
    expect(Object.keys(merged)).toEqual(["accept", "ring"]);
  });

  test("come back from the file as they were written, also what could not be measured", () => {
    const file = join(directory, "benchmarks.json");
    const results = { accept: result(figure("accepts", 1.5, Number.NaN, Number.POSITIVE_INFINITY)) };
    expect(readResults(file)).toEqual({});
    writeResults(file, results);
    expect(readResults(file)).toEqual(results);
    expect(readFileSync(file, "utf8").endsWith("\n")).toBe(true);
  });

  test("are not taken from a file of somebody else", () => {
    const file = join(directory, "other.json");
    writeFileSync(file, "{}");
    expect(() => readResults(file)).toThrow("families");
  });
});

describe("the page", () => {
  test("has a row per figure with its spread, goal and whether it is met", () => {
    const page = renderReport({ accept: result(figure("accepts", 30, 10, 20), figure("few", 5)) });
    expect(page).toContain("| accept | accepts | 20 (10 to 30)/s |  | ≥ 10 | yes |");
    expect(page).toContain("| accept | few | 5/s |  | ≥ 10 | **no** |");
    expect(page).toContain("2026-01-02, 2 × CPU; catraca 1");
    expect(page).not.toContain("worth nothing");
  });

  test("says of a quick run that its figures are worth nothing", () => {
    expect(renderReport({ accept: { ...result(), isQuick: true } })).toContain("worth nothing");
  });
});

describe("figures", () => {
  test("meet a goal with their median", () => {
    expect(isMet({ ...figure("", 1, 11, 12), goal: atLeast(10) })).toBe(true);
    expect(isMet({ ...figure("", 1, 9, 12), goal: atLeast(10) })).toBe(false);
    expect(isMet({ ...figure("", 1, 9, 12), goal: atMost(9) })).toBe(true);
    expect(isMet({ ...figure("", 1), goal: null })).toBeNull();
  });

  test("that could not be measured miss every goal", () => {
    for (const goal of [atMost(1), atLeast(1)])
      expect(isMet({ ...figure("", Number.NaN), goal })).toBe(false);
  });

  test("show three digits", () => {
    expect(spread([12_345.6])).toBe("12,346");
    expect(spread([0.012345, 1, 2.3456])).toBe("1 (0.0123 to 2.35)");
  });

  test("have percentiles between two values in proportion", () => {
    expect(percentile([1, 2], 0.5)).toBe(1.5);
    expect(percentile([1, 2, 3], 0.5)).toBe(2);
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe("the command line", () => {
  test("runs what is named, in the table's order", () => {
    const options = readOptions(["--only", "ring,accept", "--rounds", "7"], "docs");
    expect(options?.families.map(({ name }) => name)).toEqual(["accept", "ring"]);
    expect(options?.rounds).toBe(7);
    expect(options?.docs).toBe("docs");
  });

  test("writes nothing after a quick run, unless it is told where", () => {
    expect(readOptions(["--quick"], "docs")?.docs).toBeNull();
    expect(readOptions(["--quick", "--docs", "elsewhere"], "docs")?.docs).toBe("elsewhere");
  });

  test("leaves out what takes long, unless it is named", () => {
    const names = (args: string[]) => readOptions(args, "docs")?.families.map(({ name }) => name) ?? [];
    expect(names([])).not.toContain("challenge");
    expect(names(["--only", "challenge"])).toEqual(["challenge"]);
  });

  test("refuses what it does not know, and names what it expected", () => {
    expect(() => readOptions(["--only", "rings"], "docs")).toThrow(
      /expected names out of accept.*got "rings"/,
    );
    expect(() => readOptions(["--rounds", "0"], "docs")).toThrow("--rounds: expected a whole number");
  });
});
