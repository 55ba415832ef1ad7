import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../test/e2e/until.ts";
import { startCheckpointer } from "./checkpointer.ts";
import { type OpenDatabase, openReader, openWriter } from "./database.ts";

const MIB = 1024 * 1024;
/** Past it the WAL is made to start over, whatever is being written. */
const USED_BYTES_MAX = 4 * MIB;
/** What of a longer file is kept: `journal_size_limit`. */
const FILE_BYTES_KEPT = 8 * MIB;
const PAGE_BYTES = 4096;
/** For a slow machine; a checkpoint is due every second. */
const PATIENCE_MS = 20_000;
const TEST_MS_MAX = 4 * PATIENCE_MS;
const WRITER = join(import.meta.dir, "fixtures/steady-writer.ts");

let directory: string;
let file: string;
let database: OpenDatabase;
let reader: OpenDatabase;
let writer: Bun.Subprocess | null;
const troubles: Error[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "catraca-checkpointer-"));
  file = join(directory, "catraca.db");
  database = openWriter(file, "process");
  database.sqlite.run("CREATE TABLE filler (content BLOB)");
  reader = openReader(file);
  writer = null;
  troubles.length = 0;
});
afterEach(async () => {
  await endWriter();
  for (const { sqlite } of [reader, database]) sqlite.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
});

async function endWriter(): Promise<void> {
  writer?.kill("SIGKILL");
  await writer?.exited;
}

/** Bytes of the WAL that are in use; NOOP tells it and moves nothing. */
function usedBytes(): number {
  const row = database.sqlite.query<{ log: number }, []>("PRAGMA wal_checkpoint(NOOP)").get();
  return (row?.log ?? 0) * PAGE_BYTES;
}

const fileBytes = (): number => statSync(`${file}-wal`).size;
const countRows = (): number =>
  reader.sqlite.query<{ count: number }, []>("SELECT count(*) AS count FROM filler").get()?.count ?? 0;

test(
  "the WAL grows as long as somebody reads an old state, and starts over under load once nobody does",
  async () => {
    reader.sqlite.run("BEGIN");
    const seen = countRows();
    const stop = startCheckpointer(file, (error) => troubles.push(error));
    writer = Bun.spawn([process.execPath, "--no-env-file", WRITER, file], {
      stdout: "ignore",
      stderr: "inherit",
    });

    await until("commits that pass the bound", PATIENCE_MS, () => usedBytes() > 3 * USED_BYTES_MAX);
    expect(fileBytes()).toBeGreaterThan(FILE_BYTES_KEPT);
    expect(countRows()).toBe(seen);

    reader.sqlite.run("COMMIT");
    await until("the WAL to start over", PATIENCE_MS, () => usedBytes() < USED_BYTES_MAX);
    expect(countRows()).toBeGreaterThan(seen);

    await endWriter();
    const insert = database.sqlite.prepare("INSERT INTO filler VALUES (1)");
    await until("the file to be cut", PATIENCE_MS, () => {
      insert.run();
      return fileBytes() <= FILE_BYTES_KEPT;
    });
    expect(troubles).toEqual([]);
    stop();
  },
  TEST_MS_MAX,
);
