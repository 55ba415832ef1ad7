import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { rangesOf } from "../../domain/rollup.ts";
import { openWriter } from "../../store/database.ts";
import { migrate } from "../../store/migrations.ts";
import { RollupQueries, type SummarySums } from "./rollup-queries.ts";
import { RollupWriter } from "./rollup-writer.ts";

const seed = Number(process.env["TEST_SEED"] ?? Date.now() % 2 ** 31);
console.log(`rollup-queries.test.ts: TEST_SEED=${seed}`);

/** A bucket of level 2, 4 s: dense ones are read otherwise than sparse ones. */
const COARSE_MS = 64 ** 2;
const BEGIN_MS = 400 * COARSE_MS;

interface Settlement {
  readonly atMs: number;
  readonly processor: "default" | "fallback";
  readonly cents: number;
}

/** Per bucket: none, a few, many in a moment, many all over it; then some over weeks. */
function settlements(): Settlement[] {
  const times: number[] = [];
  for (let bucket = -3; bucket < 60; bucket++) {
    const [count, spreadMs] = [
      [0, 1] as const,
      [9, COARSE_MS] as const,
      [150, 90] as const,
      [300, COARSE_MS] as const,
    ][(bucket + 4) % 4] ?? [0, 1];
    const startMs = BEGIN_MS + bucket * COARSE_MS;
    for (let index = 0; index < count; index++) times.push(startMs + ((index * 2_654_435_761) % spreadMs));
  }
  for (let index = 0; index < 400; index++) times.push(BEGIN_MS + ((index * 2_654_435_761) % 3_000_000_000));
  return times.map((atMs, index) => ({
    atMs,
    processor: index % 3 === 0 ? "fallback" : "default",
    cents: 1 + ((index * 7919) % 100_000),
  }));
}

const settled = settlements();
const directory = mkdtempSync(join(tmpdir(), "catraca-rollups-"));
const database = openWriter(join(directory, "catraca.db"), "process");
migrate(database.sqlite);
const writer = new RollupWriter(database.orm);
for (const { processor, atMs, cents } of settled) writer.add(processor, atMs, cents);
writer.flush();
const rollups = new RollupQueries(database);
afterAll(() => {
  database.sqlite.close();
  rmSync(directory, { recursive: true });
});

function sumOf(fromMs: number, toMs: number): SummarySums {
  const sums = { defaultCount: 0, defaultCents: 0, fallbackCount: 0, fallbackCents: 0 };
  for (const { atMs, processor, cents } of settled) {
    if (atMs < fromMs || atMs > toMs) continue;
    sums[`${processor}Count`]++;
    sums[`${processor}Cents`] += cents;
  }
  return sums;
}

/** Where a mistake would show: at payments, and where buckets begin; anywhere, too. */
const edge = fc.oneof(
  fc.tuple(fc.constantFrom(...settled.map(({ atMs }) => atMs)), fc.integer({ min: -2, max: 2 })),
  fc.tuple(
    fc.integer({ min: 395, max: 465 }).map((bucket) => bucket * COARSE_MS),
    fc.integer({ min: -2, max: 2 }),
  ),
  fc.tuple(fc.constant(BEGIN_MS), fc.integer({ min: -20 * COARSE_MS, max: 3_100_000_000 })),
);
const length = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.integer({ min: 0, max: 3 * COARSE_MS }),
  fc.integer({ min: 0, max: 3_000_000_000 }),
);

test("a window's sums are those of the payments in it, however dense they are at its edges", () => {
  const property = fc.property(edge, length, ([base, offset], lengthMs) => {
    const fromMs = base + offset;
    expect(rollups.windowSums(fromMs, fromMs + lengthMs)).toEqual(sumOf(fromMs, fromMs + lengthMs));
    expect(rollups.windowSums(fromMs - lengthMs, fromMs)).toEqual(sumOf(fromMs - lengthMs, fromMs));
  });
  fc.assert(property, { seed, numRuns: 1500 });
});

test("whole buckets give the same sums", () => {
  const property = fc.property(edge, length, ([base, offset], lengthMs) => {
    const fromMs = base + offset;
    expect(rollups.sums(rangesOf(fromMs, fromMs + lengthMs))).toEqual(
      rollups.windowSums(fromMs, fromMs + lengthMs),
    );
  });
  fc.assert(property, { seed, numRuns: 300 });
});

test("a window that ends before it begins has nothing", () => {
  const nothing = { defaultCount: 0, defaultCents: 0, fallbackCount: 0, fallbackCents: 0 };
  for (const lengthMs of [1, COARSE_MS, 5 * COARSE_MS]) {
    expect(rollups.windowSums(BEGIN_MS + COARSE_MS + lengthMs, BEGIN_MS + COARSE_MS - 1)).toEqual(nothing);
  }
});
