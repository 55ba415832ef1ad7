import { describe, expect, test } from "bun:test";
import { fitLine } from "./regression.ts";
import type { Sample } from "./sampler.ts";
import { judge, type SoakOutcome } from "./verdict.ts";

describe("a line through points", () => {
  test("is exact through points on a line", () => {
    expect(fitLine([0, 1, 2, 3].map((x) => [x, 5 + 2 * x]))).toEqual({ slope: 2, slopeError: 0, start: 5 });
  });
  test("has the textbook's slope and error otherwise", () => {
    // Worked by hand: Sxx = 10, Sxy = 6, residuals' squares sum to 2.4.
    const line = fitLine([
      [1, 2],
      [2, 4],
      [3, 5],
      [4, 4],
      [5, 5],
    ]);
    expect(line?.slope).toBeCloseTo(0.6, 12);
    expect(line?.start).toBeCloseTo(2.2, 12);
    expect(line?.slopeError).toBeCloseTo(Math.sqrt(2.4 / 3 / 10), 12);
  });
  test("is none through too few points, or above one another", () => {
    expect(fitLine([])).toBeNull();
    expect(
      fitLine([
        [1, 1],
        [2, 2],
      ]),
    ).toBeNull();
    expect(
      fitLine([
        [1, 1],
        [1, 2],
        [1, 3],
      ]),
    ).toBeNull();
  });
});

const GOOD: SoakOutcome = {
  wantedPerSecond: 500,
  sent: 1_800_000,
  givenUp: 0,
  busy: 0,
  unexpected: 0,
  warmUpMinutes: 10,
  rowsMax: { idempotencyRecords: 1_500, topicMessages: 6_000 },
  drainSeconds: 1,
  auditCode: 0,
  exitCode: 0,
  memoryKills: 0,
};

/** An hour of samples, flat but for what `change` makes of each. */
function hour(change: (minutes: number) => Partial<Sample> = () => ({})): Sample[] {
  return Array.from({ length: 360 }, (_, index) => {
    const minutes = index / 6;
    // The same small unrest in each run.
    const unrest = ((index * 7919) % 11) / 11;
    return {
      minutes,
      residentMegabytes: 100 + unrest,
      ownMegabytes: 55 + unrest,
      chargedMegabytes: 79,
      cpuSeconds: index,
      perSecond: 500,
      inFlight: 5,
      p50Ms: 1 + unrest / 10,
      p99Ms: 5 + unrest,
      queueDepth: 10,
      databaseMegabytes: 1 + minutes,
      walMegabytes: 4,
      logMegabytes: 1,
      rows: { idempotencyRecords: 1_000, topicMessages: 5_000, tasks: 10, counterOutbox: 0 },
      ...change(minutes),
    };
  });
}

const broken = (samples: readonly Sample[], outcome: Partial<SoakOutcome> = {}) =>
  judge(samples, { ...GOOD, ...outcome })
    .filter(({ isKept }) => isKept === false)
    .map(({ what }) => what);

describe("the verdict", () => {
  test("a flat hour keeps every limit", () => {
    expect(broken(hour())).toEqual([]);
  });

  test("a leak of 6 MB an hour is found, one second of it in the warm-up is not", () => {
    expect(broken(hour((minutes) => ({ ownMegabytes: 55 + minutes / 10 })))).toEqual([
      "memory of its own, slope",
    ]);
    expect(broken(hour((minutes) => ({ ownMegabytes: minutes < 9 ? 40 + minutes : 60 })))).toEqual([]);
  });

  test("requests that become slower are found", () => {
    expect(broken(hour((minutes) => ({ p50Ms: 1 + minutes / 30 })))).toEqual(["p50, slope"]);
    expect(broken(hour((minutes) => ({ p99Ms: 5 + minutes / 2 })))).toEqual(["p99, slope"]);
  });

  test("what must stay below a bound is found above it, even once", () => {
    const once = (change: Partial<Sample>) => hour((minutes) => (minutes === 30 ? change : {}));
    expect(broken(once({ residentMegabytes: 121 }))).toEqual(["RSS, the most"]);
    expect(broken(once({ ownMegabytes: 73 }))).toEqual(["memory of its own, the most"]);
    expect(broken(once({ walMegabytes: 65 }))).toEqual(["WAL, the most"]);
    expect(broken(once({ logMegabytes: 2 }))).toEqual(["intake log"]);
    expect(broken(once({ queueDepth: 2_001 }))).toEqual(["queue depth, the most"]);
    const rows = { idempotencyRecords: 2_400, topicMessages: 9_100, tasks: 0, counterOutbox: 0 };
    expect(broken(once({ rows }))).toEqual([
      "idempotency records, of what their retention allows",
      "messages of topics, of what their retention allows",
    ]);
    expect(broken(hour((minutes) => ({ databaseMegabytes: 100 * minutes })))).toEqual([
      "bytes of the database per request",
    ]);
  });

  test("each wrong end is found", () => {
    expect(broken(hour(), { unexpected: 1 })).toEqual(["unexpected answers"]);
    expect(broken(hour(), { busy: 5_000 })).toEqual(["answers 503"]);
    expect(broken(hour(), { givenUp: 100_000 })).toEqual(["requests sent, of those due"]);
    expect(broken(hour(), { drainSeconds: null })).toEqual(["seconds until all is done"]);
    expect(broken(hour(), { auditCode: 1 })).toEqual(["audit"]);
    expect(broken(hour(), { exitCode: null })).toEqual(["exit code after SIGTERM"]);
    expect(broken(hour(), { memoryKills: 1 })).toEqual(["killed for its memory"]);
  });

  test("too short a run says nothing about slopes", () => {
    const short = hour((minutes) => ({ ownMegabytes: 60 + minutes })).slice(0, 15);
    const slopes = judge(short, { ...GOOD, warmUpMinutes: 0.5 }).filter(({ what }) => what.endsWith("slope"));
    expect(slopes.map(({ isKept }) => isKept)).toEqual([null, null, null]);
  });
});
