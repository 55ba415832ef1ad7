/**
 * R14: a locked database and a full disk are an explicit 503; nothing acknowledged is lost, nothing is half done,
 * and the service recovers by itself.
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, fsyncSync, openSync, readdirSync, statfsSync, writeSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Answer, call, findPayment, pay, settledPayment, untilIdle } from "./client.ts";
import { Gateway, startProcessors } from "./gateway.ts";
import type { ProcessorPair } from "./processors.ts";
import { emptyDirectory, endPrograms, killPrograms, runProgram } from "./program.ts";
import { contradictions, summaryDifferences } from "./reconciliation.ts";
import { until } from "./until.ts";

let processors: ProcessorPair;

beforeAll(async () => {
  processors = await startProcessors();
});
const mounts: string[] = [];
afterAll(async () => {
  await killPrograms();
  for (const directory of mounts) run(["umount", directory]);
  await endPrograms();
});

/** What was answered while the trouble lasted. */
interface Told {
  readonly sent: Map<string, number>;
  readonly acknowledged: string[];
  readonly refused: Answer[];
}

/** Posts one payment after the other until `isOver`. */
async function postUntil(gateway: Gateway, isOver: (told: Told) => boolean, pauseMs: number): Promise<Told> {
  const told: Told = { sent: new Map(), acknowledged: [], refused: [] };
  while (!isOver(told)) {
    const id = crypto.randomUUID();
    told.sent.set(id, 100);
    const startedAt = performance.now();
    const answer = await pay(gateway.url, id, 1);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    if (answer.status === 202) told.acknowledged.push(id);
    else told.refused.push(answer);
    await Bun.sleep(pauseMs);
  }
  return told;
}

function expectRefusals(answers: readonly Answer[]): void {
  expect(answers.length).toBeGreaterThan(0);
  for (const { status, headers, body } of answers) {
    expect(status).toBe(503);
    expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(body).toMatchObject({ code: "STORAGE_UNAVAILABLE" });
  }
}

/** Takes payments again, and all that was promised is kept. */
async function expectRecovered(
  gateway: Gateway,
  { sent, acknowledged }: Told,
  withinMs: number,
): Promise<void> {
  await until("payments to be taken again", withinMs, async () => {
    const answer = await pay(gateway.url, crypto.randomUUID(), 1);
    return answer.status === 202;
  });
  expect((await call(`${gateway.url}/health/ready`)).status).toBe(200);
  await untilIdle(gateway.url, 10_000);
  expect(await contradictions(gateway.url, processors, sent, acknowledged)).toEqual([]);
  expect(gateway.hasExited).toBe(false);
}

test("another program holds the database's lock for 3 s: 503 meanwhile, then all goes on", async () => {
  const gateway = await Gateway.start({ processors });
  const earlier = crypto.randomUUID();
  await pay(gateway.url, earlier, 1);
  await settledPayment(gateway.url, earlier);
  const other = new Database(gateway.databaseFile, { readwrite: true });
  other.run("PRAGMA busy_timeout = 2000");
  other.run("BEGIN IMMEDIATE");
  const lockedAt = performance.now();
  const told = await postUntil(gateway, () => performance.now() - lockedAt > 3_000, 5);
  // What can be read is read all the while.
  expect((await findPayment(gateway.url, earlier))?.status).toBe("settled");
  const health = await call(`${gateway.url}/health/ready`);
  expect(health.status).toBe(503);
  expect(health.body).toMatchObject({ status: "unavailable", database: "locked" });
  other.run("ROLLBACK");
  other.close();

  expectRefusals(told.refused);
  await expectRecovered(gateway, told, 2_000);
  const span = { fromMs: Date.now() - 60_000, toMs: Date.now() };
  expect(await summaryDifferences(gateway.url, processors, span, 5, Math.random)).toEqual([]);
  await gateway.stop();
}, 30_000);

test("DURABILITY=power and a locked database: nobody is told yes before the commit", async () => {
  const gateway = await Gateway.start({ processors, env: { DURABILITY: "power" } });
  const other = new Database(gateway.databaseFile, { readwrite: true });
  other.run("BEGIN IMMEDIATE");
  const id = crypto.randomUUID();
  const answer = pay(gateway.url, id, 1);
  const isNoticed = async () => (await call(`${gateway.url}/health/ready`)).status === 503;
  await until("the lock to be noticed", 8_000, isNoticed);
  expect((await pay(gateway.url, crypto.randomUUID(), 1)).status).toBe(503);
  expect(await Promise.race([answer, Bun.sleep(1).then(() => "waiting")])).toBe("waiting");
  other.run("ROLLBACK");
  other.close();
  expect((await answer).status).toBe(202);
  await settledPayment(gateway.url, id);
  await gateway.stop();
}, 20_000);

const TMPFS_BYTES = 6 * 1024 * 1024;

function run(command: readonly string[]): boolean {
  return Bun.spawnSync([...command], { stdout: "ignore", stderr: "ignore" }).exitCode === 0;
}

/** A file system of a few MB in memory, or null where this user may not mount one. */
async function mountSmallDisk(): Promise<string | null> {
  const directory = await emptyDirectory();
  if (!run(["mount", "-t", "tmpfs", "-o", `size=${TMPFS_BYTES}`, "tmpfs", directory])) return null;
  mounts.push(directory);
  return directory;
}

/** Leaves not a single free block. */
function fill(directory: string): string {
  const file = join(directory, "filler");
  const handle = openSync(file, "w");
  const block = new Uint8Array(4_096);
  try {
    for (;;) writeSync(handle, block);
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  }
  fsyncSync(handle);
  closeSync(handle);
  expect(statfsSync(directory).bfree).toBe(0);
  return file;
}

const disk = await mountSmallDisk();
if (disk === null) console.warn("NOT TESTED: a full disk, because this user may not mount a tmpfs");

test.skipIf(disk === null)(
  "the disk fills up: 503, what was acknowledged is kept; once there is room, all goes on",
  async () => {
    const directory = disk ?? "";
    const gateway = await Gateway.start({ processors, dataDir: join(directory, "data") });
    const earlier = crypto.randomUUID();
    await pay(gateway.url, earlier, 1);
    await settledPayment(gateway.url, earlier);
    const filler = fill(directory);
    const deadline = performance.now() + 15_000;
    const told = await postUntil(
      gateway,
      ({ refused }) => refused.length >= 50 || performance.now() > deadline,
      1,
    );
    const health = await call(`${gateway.url}/health/ready`);
    expect(health.status).toBe(503);
    expect(health.body).toMatchObject({ status: "unavailable", database: "disk_full" });
    expect((await findPayment(gateway.url, earlier))?.status).toBe("settled");
    expectRefusals(told.refused);

    await rm(filler);
    await expectRecovered(gateway, told, 3_000);
    expect((await gateway.stop()).code).toBe(0);
  },
  40_000,
);

test.skipIf(disk === null)(
  "killed while the disk is full, started again while it is: all is there once there is room",
  async () => {
    const directory = disk ?? "";
    for (const name of readdirSync(directory)) await rm(join(directory, name), { recursive: true });
    const gateway = await Gateway.start({ processors, dataDir: join(directory, "data") });
    const filler = fill(directory);
    const deadline = performance.now() + 15_000;
    const told = await postUntil(
      gateway,
      ({ refused }) => refused.length > 0 || performance.now() > deadline,
      1,
    );
    expectRefusals(told.refused);
    await gateway.kill();
    const env = { PORT: "0", DATA_DIR: gateway.dataDir, REPLICA_ID: "e2e" };
    const whileFull = await runProgram(["serve"], { env });
    expect(whileFull.code).toBe(1);
    expect(whileFull.output).toContain("full");
    await rm(filler);
    await gateway.restart();
    await expectRecovered(gateway, told, 3_000);
    await gateway.stop();
  },
  40_000,
);

test.skipIf(disk === null)("a new replica on a full disk does not start, and says why", async () => {
  const directory = disk ?? "";
  for (const name of readdirSync(directory)) await rm(join(directory, name), { recursive: true });
  const filler = fill(directory);
  const { code, output } = await runProgram(["serve"], {
    env: { PORT: "0", DATA_DIR: join(directory, "data") },
  });
  expect(code).toBe(1);
  expect(output).toMatch(/disk is full|no space/i);
  expect(output).not.toContain("    at ");
  await rm(filler);
});
