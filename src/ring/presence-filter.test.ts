import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FilterWork } from "./fixtures/filter-worker.ts";
import type { PresenceFilter } from "./presence-filter.ts";
import { attachFilterFile, makeFilterFile } from "./presence-filter-file.ts";

const KEY = new Uint8Array(32).fill(7);
const SIZE_BYTES = 64 * 1024;

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "catraca-filter-"));
  path = join(directory, "filter");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function make(sizeBytes = SIZE_BYTES): PresenceFilter {
  makeFilterFile(path, { key: KEY, sizeBytes, isComplete: true });
  return attach();
}

function attach(): PresenceFilter {
  const filter = attachFilterFile(path, KEY);
  if (filter === null) throw new Error("the filter that was just made is not there");
  return filter;
}

const randomIds = (count: number) =>
  Array.from({ length: count }, () => crypto.getRandomValues(new Uint8Array(16)));

/** Ids one apart, as a client that counts makes them. */
const countedIds = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const id = new Uint8Array(16);
    new DataView(id.buffer).setUint32(12, index);
    return id;
  });

test("an empty filter holds nothing", () => {
  const filter = make();
  expect(randomIds(1000).filter((id) => filter.mayHold(id))).toEqual([]);
});

test.each([
  ["random", randomIds],
  ["counted", countedIds],
])("no %s id that was added is ever missed, and few others are taken for one", (_name, idsOf) => {
  const filter = make();
  const ids = idsOf(60_000);
  const added = ids.slice(0, 30_000); // about 17 bits each
  const others = ids.slice(30_000);
  for (const id of added) filter.add(id);
  expect(added.filter((id) => !filter.mayHold(id))).toEqual([]);
  const mistaken = others.filter((id) => filter.mayHold(id)).length;
  // An ideal filter of 3 bits and 17 bits per id takes 0.43 % for one, blocks make it some more.
  expect(mistaken / others.length).toBeLessThan(0.02);
});

test("a filter that is overfull says maybe more often, and never a wrong no", () => {
  const filter = make(512);
  const added = randomIds(20_000);
  for (const id of added) filter.add(id);
  expect(added.every((id) => filter.mayHold(id))).toBe(true);
});

test("what one mapping adds every other sees, and whether it is complete", () => {
  const one = make();
  const other = attach();
  const [id = new Uint8Array(16)] = randomIds(1);
  one.add(id);
  expect(other.mayHold(id)).toBe(true);
  other.isComplete = false;
  expect(one.isComplete).toBe(false);
});

test("several threads add at once, and no bit is lost", async () => {
  const COUNT = 40_000;
  const filter = make();
  const workers = [0, 1].map(() => new Worker(new URL("./fixtures/filter-worker.ts", import.meta.url)));
  await Promise.all(
    workers.map(
      (worker, index) =>
        new Promise((resolve, reject) => {
          worker.onmessage = resolve;
          worker.onerror = reject;
          worker.postMessage({ path, key: KEY, first: index * COUNT, count: COUNT } satisfies FilterWork);
        }),
    ),
  );
  for (const worker of workers) worker.terminate();
  const id = new Uint8Array(16);
  let missed = 0;
  for (let index = 0; index < 2 * COUNT; index++) {
    new DataView(id.buffer).setUint32(0, index);
    if (!filter.mayHold(id)) missed++;
  }
  expect(missed).toBe(0);
});

test("a file that is none, is another's, or was cut is as good as missing", () => {
  expect(attachFilterFile(path, KEY)).toBeNull();
  writeFileSync(path, "something else");
  expect(attachFilterFile(path, KEY)).toBeNull();
  make();
  expect(attachFilterFile(path, new Uint8Array(32))).toBeNull();
  truncateSync(path, SIZE_BYTES / 2);
  expect(attachFilterFile(path, KEY)).toBeNull();
});

test("all of its blocks are written, and only its user reads them", () => {
  make();
  const { blocks, mode } = statSync(path);
  expect(blocks * 512).toBeGreaterThanOrEqual(SIZE_BYTES);
  expect(mode & 0o077).toBe(0);
});
