import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bucketOf, ROLLUP_BASE, ROLLUP_LEVELS, rangesOf } from "./rollup.ts";

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
