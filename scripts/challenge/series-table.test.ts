import { expect, test } from "bun:test";
import type { MatchResult } from "./match.ts";
import { describeSeries, type PlayedMatch, seriesTable } from "./series-table.ts";

function match(seed: number, isKilled: boolean, changes: Partial<MatchResult> = {}): PlayedMatch {
  const result: MatchResult = {
    score: { p99Ms: 2.345, lag: 0, profit: 90, fine: 0, bonus: 0, total: 90, isDisqualified: false },
    requests: 1_010,
    accepted: 1_000,
    processed: { default: 900, fallback: 100 },
    failures: {},
    p50Ms: 1,
    maxMs: 9,
    checks: 6,
    inconsistencies: [],
    bestProfit: 100,
    chargedTwice: 0,
    lost: 0,
    drainSeconds: 1,
    usage: [{ name: "catraca1", cpuSeconds: 5, peakMegabytes: 70, peakChargedMegabytes: 50, memoryKills: 1 }],
    ...changes,
  };
  return {
    seed,
    isKilled,
    plan: { description: `seed ${seed}, schedule "flapping"`, users: 200, seconds: 90 },
    result,
  };
}

test("a series says what must be nothing, and the shares of profit", () => {
  const matches = [
    match(1, false, { failures: { "503": 2 }, lost: 3 }),
    match(2, true, {
      failures: { "502": 4, ECONNRESET: 1 },
      bestProfit: 90,
      inconsistencies: ["a"],
      chargedTwice: 5,
    }),
  ];
  expect(describeSeries(matches).split("\n")).toEqual([
    "2 schedules, 1 of them with a replica killed for two seconds; 2,000 payments accepted.",
    "Profit: 95.00 % of what was possible in hindsight on average, 90.00 % at worst.",
    "Failed requests: 2 where no replica was killed, 5 where one was.",
    "Lag 0, inconsistencies 1 in 12 checks, charged twice 5, lost 3, killed for memory 2.",
  ]);
  expect(seriesTable(matches).split("\n").slice(2)).toEqual([
    "| 1 | flapping | 200 | 90 | 1,000 | 90.00 % | 2.3 ms | 2 | 0 | 0 of 6 | 0 | 3 |",
    "| 2, a replica killed | flapping | 200 | 90 | 1,000 | 100.00 % | 2.3 ms | 5 | 0 | 1 of 6 | 5 | 0 |",
  ]);
});

test("where nothing was possible, all of it was made", () => {
  expect(describeSeries([match(1, false, { bestProfit: 0 })])).toContain("100.00 % at worst");
});
