/** R19: what this executable does not understand it refuses, in a sentence, and leaves as it is. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FORMAT_VERSION, VERSION_WORD } from "../../src/ring/layout.ts";
import { migrate, SCHEMA_VERSION, schemaVersionOf } from "../../src/store/migrations.ts";
import { findPayment, pay, settledPayment } from "../e2e/client.ts";
import { Gateway, startProcessors } from "../e2e/gateway.ts";
import type { ProcessorPair } from "../e2e/processors.ts";
import { emptyDirectory, endPrograms, runProgram } from "../e2e/program.ts";
import { OLD_ROWS } from "./old-rows.ts";

setDefaultTimeout(60_000);

const id = crypto.randomUUID();
let processors: ProcessorPair;
/** A data directory after a clean stop, with one settled payment. */
let original: string;

beforeAll(async () => {
  processors = await startProcessors();
  const gateway = await Gateway.start({ processors });
  await pay(gateway.url, id, 19.9);
  await settledPayment(gateway.url, id);
  expect((await gateway.stop()).code).toBe(0);
  original = gateway.dataDir;
});
afterAll(endPrograms);

/** A copy of the data directory, to be changed by hand. */
async function copyOfData(): Promise<string> {
  const dataDir = join(await emptyDirectory(), "data");
  mkdirSync(dataDir);
  for (const name of readdirSync(original)) copyFileSync(join(original, name), join(dataDir, name));
  return dataDir;
}

const serve = (dataDir: string) =>
  runProgram(["serve"], { env: { PORT: "0", DATA_DIR: dataDir, REPLICA_ID: "e2e", ...processors.env } });

function setSchemaVersion(dataDir: string, version: number): void {
  const database = new Database(join(dataDir, "catraca.db"), { readwrite: true });
  database.run(`PRAGMA user_version = ${version}`);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

/** It goes on with the data as they were. */
async function expectWhole(dataDir: string): Promise<void> {
  const gateway = await Gateway.start({ processors, dataDir });
  expect(await findPayment(gateway.url, id)).toMatchObject({ status: "settled", amount: 19.9 });
  await gateway.stop();
}

describe("a schema of a newer executable", () => {
  test("serve: exit 1, which versions, what to do; not a byte is changed", async () => {
    const dataDir = await copyOfData();
    setSchemaVersion(dataDir, SCHEMA_VERSION + 1);
    const bytes = readFileSync(join(dataDir, "catraca.db"));
    const { code, output } = await serve(dataDir);
    expect(code).toBe(1);
    expect(output).toContain(
      `the database has schema version ${SCHEMA_VERSION + 1}, this executable knows up to ${SCHEMA_VERSION}`,
    );
    expect(output).toContain(
      "start the newer executable again, or restore a backup that was made before the upgrade",
    );
    expect(output).not.toContain("    at ");
    expect(readFileSync(join(dataDir, "catraca.db")).equals(bytes)).toBe(true);
    setSchemaVersion(dataDir, SCHEMA_VERSION);
    await expectWhole(dataDir);
  });

  test("backup, restore and audit refuse it, too", async () => {
    const dataDir = await copyOfData();
    setSchemaVersion(dataDir, SCHEMA_VERSION + 1);
    const file = join(dataDir, "catraca.db");
    const run = (...args: string[]) => runProgram(args, { env: { DATA_DIR: dataDir } });
    const backup = join(await emptyDirectory(), "backup.db");
    const newer = expect.stringContaining(`schema ${SCHEMA_VERSION + 1}, known: ${SCHEMA_VERSION}`);
    expect(await run("backup", backup)).toMatchObject({ code: 1, output: newer });
    expect(existsSync(backup)).toBe(false);
    const elsewhere = { env: { DATA_DIR: await emptyDirectory() } };
    expect(await runProgram(["restore", file], elsewhere)).toMatchObject({ code: 1, output: newer });
    expect(await run("audit")).toMatchObject({
      code: 2,
      output: expect.stringContaining("use the newer one"),
    });
  });
});

test("an intake log of a newer executable: exit 1, which file, what to do; not a byte is changed", async () => {
  const dataDir = await copyOfData();
  const ring = join(dataDir, "e2e.ring");
  const bytes = readFileSync(ring);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, 16);
  expect(words[VERSION_WORD]).toBe(FORMAT_VERSION);
  words[VERSION_WORD] = FORMAT_VERSION + 1;
  writeFileSync(ring, bytes);
  const { code, output } = await serve(dataDir);
  expect(code).toBe(1);
  expect(output).toContain(
    `e2e.ring: its format is ${FORMAT_VERSION + 1}, this program reads ${FORMAT_VERSION}`,
  );
  expect(output).toContain("Start the version of catraca that wrote it once more");
  expect(output).not.toContain("    at ");
  expect(readFileSync(ring).equals(bytes)).toBe(true);
  words[VERSION_WORD] = FORMAT_VERSION;
  writeFileSync(ring, bytes);
  await expectWhole(dataDir);
});

test("a migration that fails midway: exit 1, which one and why; the database is as it was", async () => {
  const dataDir = join(await emptyDirectory(), "data");
  mkdirSync(dataDir);
  const file = join(dataDir, "catraca.db");
  const database = new Database(file, { create: true, readwrite: true });
  migrate(database, 5);
  for (let step = 1; step <= 5; step++) for (const statement of OLD_ROWS[step] ?? []) database.run(statement);
  // In the way of the ninth migration.
  database.run("CREATE TABLE account_payments (id)");
  database.close();
  const { code, output } = await serve(dataDir);
  expect(code).toBe(1);
  expect(output).toContain(`the database could not be brought from schema version 5 to ${SCHEMA_VERSION}`);
  expect(output).toContain("migration 9: table account_payments already exists");
  expect(output).toContain("nothing was changed: go on with the executable that you had");
  expect(output).not.toContain("    at ");
  const after = new Database(file, { readwrite: true });
  expect(schemaVersionOf(after)).toBe(5);
  expect(after.query("SELECT name FROM sqlite_schema WHERE name IN ('cluster', 'orders')").all()).toEqual([]);
  expect(after.query("SELECT count(*) AS count FROM payments").get()).toEqual({ count: 2 });
  after.run("DROP TABLE account_payments");
  after.close();
  const mended = await Gateway.start({ processors, dataDir });
  expect((await mended.stop()).code).toBe(0);
});
