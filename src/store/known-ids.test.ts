import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attachKnownIds, knownIdsPathOf, openKnownIds, startFillingKnownIds } from "./known-ids.ts";
import { migrate } from "./migrations.ts";

/** Several pieces and a part of one. */
const STORED = 1_234;
/** How long a read of whoever fills waits for a lock, before it is given up until the next one. */
const BUSY_TIMEOUT_MS = 250;

let directory: string;
let file: string;
let sqlite: Database;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "catraca-known-"));
  file = join(directory, "catraca.db");
  sqlite = new Database(file, { create: true });
  sqlite.run("PRAGMA journal_mode = WAL");
  migrate(sqlite);
});
afterEach(() => {
  sqlite.close();
  rmSync(directory, { recursive: true, force: true });
});

function storePayments(count: number): Uint8Array[] {
  const ids = Array.from({ length: count }, () => crypto.getRandomValues(new Uint8Array(16)));
  const insert = sqlite.query(
    "INSERT INTO payments (correlation_id, amount_cents, accepted_at_ms) VALUES (?, 100, 1)",
  );
  sqlite.transaction(() => {
    for (const id of ids) insert.run(id);
  })();
  return ids;
}

const open = () => {
  const filter = openKnownIds(sqlite, knownIdsPathOf(file));
  if (filter === null) throw new Error("this machine does not tell its boots");
  return filter;
};

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!isSo() && performance.now() < deadline) await Bun.sleep(5);
}

async function untilComplete(): Promise<void> {
  const stop = startFillingKnownIds(file);
  await until(() => open().isComplete);
  stop();
}

test("the filter of an empty database is complete at once", () => {
  expect(open().isComplete).toBe(true);
});

test("what was stored before the filter was made is added before it is called complete", async () => {
  const ids = storePayments(STORED);
  const filter = open();
  expect(filter.isComplete).toBe(false);
  await untilComplete();
  expect(filter.isComplete).toBe(true);
  expect(ids.filter((id) => !filter.mayHold(id))).toEqual([]);
});

test("a database that is locked for a moment is waited for, and the filter is completed afterwards", async () => {
  const ids = storePayments(STORED);
  const filter = open();
  // With a WAL readers are kept out only while somebody recovers or closes it; without one, as long as a test wants.
  sqlite.run("PRAGMA journal_mode = DELETE");
  const stop = startFillingKnownIds(file);
  sqlite.run("BEGIN EXCLUSIVE");
  const lockedAt = performance.now();
  // The first read is due at once, and keeps this thread until its busy timeout has passed.
  await until(() => performance.now() - lockedAt > BUSY_TIMEOUT_MS);
  expect(filter.isComplete).toBe(false);
  sqlite.run("COMMIT");
  await until(() => filter.isComplete);
  stop();
  expect(filter.isComplete).toBe(true);
  expect(ids.filter((id) => !filter.mayHold(id))).toEqual([]);
});

test("a filter that is there is used as it is, by every replica", () => {
  const filter = open();
  const id = new Uint8Array(16).fill(9);
  filter.add(id);
  expect(open().mayHold(id)).toBe(true);
  expect(attachKnownIds(sqlite, knownIdsPathOf(file))?.mayHold(id)).toBe(true);
});

test("another database's filter is not believed", () => {
  open();
  sqlite.run("UPDATE cluster SET database_id = 'another'");
  expect(attachKnownIds(sqlite, knownIdsPathOf(file))).toBeNull();
  storePayments(1);
  expect(open().isComplete).toBe(false);
});

test("it grows with what is stored, up to 4 MiB", () => {
  storePayments(1);
  sqlite.run("UPDATE payments SET seq = 400000");
  expect(open().sizeBytes).toBe(1024 * 1024);
  rmSync(knownIdsPathOf(file));
  sqlite.run("UPDATE payments SET seq = 1000000000");
  expect(open().sizeBytes).toBe(4 * 1024 * 1024);
});

test("a place where it cannot be made is an error that names it", () => {
  expect(() => openKnownIds(sqlite, join(directory, "missing", "known-ids"))).toThrow(/missing\/known-ids/);
});
