import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bucketOf, ROLLUP_BASE, ROLLUP_LEVELS, rangesOf, signedRangesOf } from "./rollup.ts";

const seed = Number(process.env["TEST_SEED"] ?? Date.now() % 2 ** 31);
console.log(`rollup.test.ts: TEST_SEED=${seed}`);

const SPAN_MS = 10_000_000;
const instant = fc.integer({ min: -SPAN_MS, max: SPAN_MS });

/** The first and last millisecond of a run of buckets. */
function millisecondsOf({ level, first, last }: { level: number; first: number; last: number }) {
  const width = ROLLUP_BASE ** level;
  return { from: first * width, to: (last + 1) * width - 1 };
}

describe("windows as buckets", () => {
  test("cover exactly the window, without a gap and without an overlap", () => {
    const property = fc.property(instant, instant, (a, b) => {
      const [from, to] = a <= b ? [a, b] : [b, a];
      const spans = rangesOf(from, to)
        .map(millisecondsOf)
        .sort((x, y) => x.from - y.from);
      let next = from;
      for (const span of spans) {
        expect(span.from).toBe(next);
        expect(span.to).toBeGreaterThanOrEqual(span.from);
        next = span.to + 1;
      }
      expect(next).toBe(to + 1);
    });
    fc.assert(property, { seed, numRuns: 2000 });
  });

  test("are at most two edges of 63 buckets per level below the top", () => {
    const property = fc.property(instant, fc.integer({ min: 0, max: 2 ** 40 }), (from, length) => {
      const perLevel = new Map<number, number>();
      for (const { level, first, last } of rangesOf(from, from + length)) {
        perLevel.set(level, (perLevel.get(level) ?? 0) + last - first + 1);
      }
      for (const [level, count] of perLevel) {
        if (level < ROLLUP_LEVELS - 1) expect(count).toBeLessThanOrEqual(2 * (ROLLUP_BASE - 1));
      }
    });
    fc.assert(property, { seed, numRuns: 2000 });
  });

  test("an empty window has none", () => {
    expect(rangesOf(5, 4)).toEqual([]);
  });

  test("a millisecond is one bucket of level 0", () => {
    expect(rangesOf(1234, 1234)).toEqual([{ level: 0, first: 1234, last: 1234 }]);
    expect(bucketOf(1234, 0)).toBe(1234);
  });

  test("a whole bucket of a level is read as that one, not as its parts", () => {
    expect(rangesOf(64, 127)).toEqual([{ level: 1, first: 1, last: 1 }]);
    expect(rangesOf(4096, 8191)).toEqual([{ level: 2, first: 1, last: 1 }]);
  });
});

describe("buckets that are added and taken away", () => {
  const run = fc.tuple(
    fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 2 ** 41 })),
    fc.integer({ min: 0, max: ROLLUP_LEVELS - 1 }),
  );

  test("count what is inside exactly once, and what is outside not at all", () => {
    const property = fc.property(run, ([first, length, level]) => {
      const width = ROLLUP_BASE ** level;
      // How the count changes where a bucket begins or ends: by no more than the run's own two ends.
      const changes = new Map<number, number>();
      const change = (at: number, by: number) => changes.set(at, (changes.get(at) ?? 0) + by);
      for (const range of signedRangesOf(first, first + length, level)) {
        const { from, to } = millisecondsOf(range);
        change(from, range.sign);
        change(to + 1, -range.sign);
      }
      change(first * width, -1);
      change((first + length) * width, 1);
      expect([...changes].filter(([, by]) => by !== 0)).toEqual([]);
    });
    fc.assert(property, { seed, numRuns: 2000 });
  });

  test("are at most two edges of 32 buckets per level, and 64 at the last below the top", () => {
    const property = fc.property(run, ([first, length, level]) => {
      const ranges = signedRangesOf(first, first + length, level);
      const last = Math.max(...ranges.map((range) => range.level));
      for (const range of ranges) {
        const count = range.last - range.first + 1;
        expect(count).toBeGreaterThan(0);
        if (range.level < last) expect(count).toBeLessThanOrEqual(ROLLUP_BASE / 2);
        else if (last < ROLLUP_LEVELS - 1) expect(count).toBeLessThanOrEqual(ROLLUP_BASE);
      }
    });
    fc.assert(property, { seed, numRuns: 2000 });
  });

  test("a run that begins and ends with buckets of the top level is one range: all time is summed by one read", () => {
    const topWidth = ROLLUP_BASE ** (ROLLUP_LEVELS - 3);
    expect(signedRangesOf(-1000 * topWidth, 5000 * topWidth, 2)).toEqual([
      { level: ROLLUP_LEVELS - 1, first: -1000, last: 4999, sign: 1 },
    ]);
  });

  test("an empty run has none", () => {
    expect(signedRangesOf(7, 7, 2)).toEqual([]);
  });

  test("the nearer bound is taken: a little is taken away rather than much added", () => {
    expect(signedRangesOf(3, 130, 0)).toEqual([
      { level: 0, first: 0, last: 2, sign: -1 },
      { level: 0, first: 128, last: 129, sign: 1 },
      { level: 1, first: 0, last: 1, sign: 1 },
    ]);
  });
});
