/** R19: a backup made under load restores to a gateway that answers for it; what is damaged replaces nothing. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findPayment, pay, settledPayment, summaryOf, untilIdle } from "./client.ts";
import { Gateway, startProcessors } from "./gateway.ts";
import { Load } from "./load.ts";
import type { ProcessorPair } from "./processors.ts";
import { emptyDirectory, endPrograms, runProgram } from "./program.ts";
import { contradictions } from "./reconciliation.ts";
import { randomOf } from "./seed.ts";

let processors: ProcessorPair;
let gateway: Gateway;
let backup: string;
/** Acknowledged a while before the backup began, and after it had ended. */
let before: string[];
let after: string[];
let sent: ReadonlyMap<string, number>;

beforeAll(async () => {
  const { random } = randomOf("backup under load");
  processors = await startProcessors();
  // So that some are always in flight.
  await processors.default.setDelay(80);
  gateway = await Gateway.start({ processors, env: PATIENCE });
  backup = join(await emptyDirectory(), "backup.db");
  const load = new Load({ url: () => gateway.url, random });
  await Bun.sleep(600);
  before = [...load.acknowledged];
  // Acknowledged from the intake log: the commit follows within milliseconds.
  await Bun.sleep(200);
  const { code, output } = await runProgram(["backup", backup], { env: { DATA_DIR: gateway.dataDir } });
  expect(`${code} ${output}`).toStartWith("0 backup verified");
  const atEnd = load.acknowledged.length;
  expect(tasksIn(backup)).toBeGreaterThan(0);
  await Bun.sleep(400);
  await load.stop();
  after = load.acknowledged.slice(atEnd);
  sent = load.sent;
  expect(load.unexpectedStatuses).toEqual([]);
  await processors.heal();
  await untilIdle(gateway.url, 20_000);
}, 60_000);
afterAll(endPrograms);

/** What is pending in a restored backup is asked for at both processors, after six seconds at the least. */
const PATIENCE = { PROCESSOR_TIMEOUT_SECONDS: "1" };

const restore = (file: string, dataDir: string) =>
  runProgram(["restore", file], { env: { DATA_DIR: dataDir } });

describe("before the gateway is stopped", () => {
  test("a backup never replaces a file", async () => {
    const bytes = await readFile(backup);
    const { code, output } = await runProgram(["backup", backup], { env: { DATA_DIR: gateway.dataDir } });
    expect(code).toBe(1);
    expect(output).toContain("exists");
    expect((await readFile(backup)).equals(bytes)).toBe(true);
  });

  test("a restore is refused while a replica runs, and says which", async () => {
    const { code, output } = await restore(backup, gateway.dataDir);
    expect(code).toBe(1);
    expect(output).toContain("e2e");
    const id = crypto.randomUUID();
    await pay(gateway.url, id, 1);
    await settledPayment(gateway.url, id);
  });
});

test("restored elsewhere, into a directory that does not exist yet", async () => {
  const dataDir = join(await emptyDirectory(), "new/data");
  const { code, output } = await restore(backup, dataDir);
  expect(`${code} ${output}`).toStartWith("0 restored");
  const own = await Gateway.start({ processors, dataDir, env: PATIENCE });
  await expectBackedUp(own);
  await own.stop();
}, 90_000);

describe("restored in place", () => {
  test("it answers for what was backed up; what was in flight then is settled once", async () => {
    await gateway.stop();
    const { code, output } = await restore(backup, gateway.dataDir);
    expect(`${code} ${output}`).toStartWith("0 restored");
    await gateway.restart();
    await expectBackedUp(gateway);
    const found = new Map([...sent].filter(([id]) => before.includes(id)));
    expect(await contradictions(gateway.url, processors, found, before)).toEqual([]);
  }, 90_000);

  test("what came after it is not there, and is beside it in the database as it was", async () => {
    expect(after.length).toBeGreaterThan(50);
    for (const id of after) expect(await findPayment(gateway.url, id)).toBeNull();
    const aside = readdirSync(gateway.dataDir).filter((name) =>
      /^catraca\.db\.before-restore-[^-]+-\d\d-[\dTZ-]+$/.test(name),
    );
    expect(aside).toHaveLength(1);
    const dataDir = await emptyDirectory();
    await Bun.write(join(dataDir, "catraca.db"), Bun.file(join(gateway.dataDir, aside[0] ?? "")));
    const old = await Gateway.start({ processors, dataDir });
    for (const id of [...before, ...after].slice(-300)) expect(await findPayment(old.url, id)).not.toBeNull();
    await old.stop();
  }, 90_000);

  test("it goes on accepting", async () => {
    const id = crypto.randomUUID();
    expect((await pay(gateway.url, id, 2)).status).toBe(202);
    await settledPayment(gateway.url, id);
    expect((await gateway.stop()).code).toBe(0);
  });
});

describe("what is no whole backup is refused, and nothing is replaced", () => {
  const damages: readonly (readonly [name: string, damage: (file: string) => Promise<unknown>])[] = [
    ["an empty file", (file) => writeFile(file, "")],
    ["a text", (file) => writeFile(file, "hello ".repeat(1_000))],
    [
      "the first half",
      async (file) => {
        const bytes = await readFile(backup);
        await writeFile(file, bytes);
        await truncate(file, Math.floor(bytes.length / 2));
      },
    ],
    [
      "flipped bytes in every page",
      async (file) => {
        const bytes = await readFile(backup);
        for (let page = 1; page * 4_096 < bytes.length; page++)
          bytes.fill(0xa5, page * 4_096, page * 4_096 + 64);
        await writeFile(file, bytes);
      },
    ],
    [
      "another program's database",
      async (file) => {
        const other = new Database(file);
        other.run("CREATE TABLE notes (text TEXT)");
        other.close();
      },
    ],
  ];
  test.each(damages)("%s", async (_, damage) => {
    const damaged = join(await emptyDirectory(), "damaged.db");
    await damage(damaged);
    const dataDir = gateway.dataDir;
    const names = readdirSync(dataDir);
    const bytes = readFileSync(gateway.databaseFile);
    const { code, output } = await restore(damaged, dataDir);
    expect(code).toBe(1);
    expect(output).toContain("restore refused");
    expect(output).not.toContain("    at ");
    expect(readdirSync(dataDir)).toEqual(names);
    expect(readFileSync(gateway.databaseFile).equals(bytes)).toBe(true);
  });

  test("a file that is not there", async () => {
    const { code, output } = await restore(join(await emptyDirectory(), "missing.db"), gateway.dataDir);
    expect(code).toBe(1);
    expect(output).toContain("no backup");
  });
});

test("a backup into a directory that is not there is refused in a sentence", async () => {
  const target = join(await emptyDirectory(), "missing/backup.db");
  const { code, output } = await runProgram(["backup", target], { env: { DATA_DIR: gateway.dataDir } });
  expect(code).toBe(1);
  expect(output).toContain("backup failed");
  expect(output).not.toContain("    at ");
});

test("a backup of a database that is not there is refused, and makes no file", async () => {
  const directory = await emptyDirectory();
  const { code, output } = await runProgram(["backup", "x.db"], {
    directory,
    env: { DATA_DIR: join(directory, "data") },
  });
  expect(code).toBe(1);
  expect(output).toContain("no database");
  expect(existsSync(join(directory, "x.db"))).toBe(false);
});

/** What is unfinished in a database. */
function tasksIn(file: string): number {
  const database = new Database(file, { readonly: true });
  const row = database.query<{ count: number }, []>("SELECT count(*) AS count FROM tasks").get();
  database.close();
  return row?.count ?? 0;
}

async function expectBackedUp(restored: Gateway): Promise<void> {
  expect(before.length).toBeGreaterThan(50);
  for (const id of before) expect(await findPayment(restored.url, id)).not.toBeNull();
  await untilIdle(restored.url, 25_000);
  const summary = await summaryOf(restored.url);
  expect(summary.default.count + summary.fallback.count).toBeGreaterThanOrEqual(before.length);
  // R3, R9 and R6 for all that it holds; the totals of the processors have what came after the backup, too.
  const env = { DATA_DIR: restored.dataDir, ...processors.env };
  const audited = await runProgram(["audit", "--all"], { env });
  expect([audited.code, audited.output]).toEqual([0, expect.stringContaining("what was compared agrees")]);
  expect(audited.output).toMatch(/ids: (\d+) of \1 payments, all of them/);
}
