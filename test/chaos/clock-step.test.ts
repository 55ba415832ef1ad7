/**
 * The wall clock is set back by far under a running replica: nothing that sleeps may sleep so much longer, because
 * what was acknowledged would wait for it. Without a C compiler the clock cannot be set (see clock-shift.c).
 */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pay, settledPayment } from "../e2e/client.ts";
import { Gateway } from "../e2e/gateway.ts";
import { Load } from "../e2e/load.ts";
import { endPrograms } from "../e2e/program.ts";
import { until } from "../e2e/until.ts";
import { ClockShift } from "./clock-shift.ts";

const directory = mkdtempSync(join(tmpdir(), "catraca-clock-"));
const made = ClockShift.create(directory);
const clock = made instanceof ClockShift ? made : null;
if (!(made instanceof ClockShift)) console.log(`NOT TESTED: clock steps, ${made.notTested}`);

afterAll(async () => {
  await endPrograms();
  clock?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Far more than the time that anything here is given. */
const STEP_MS = 600_000;
/** A machine that is busy; without the rule it would be ten minutes. */
const SOON_MS = 20_000;

async function start(): Promise<Gateway> {
  clock?.set(0);
  return Gateway.start({ env: { ...clock?.env } });
}

test.skipIf(clock === null)(
  "set back while the disk or a lock keeps it from committing: it commits as soon as it can",
  async () => {
    const gateway = await start();
    const other = new Database(gateway.databaseFile, { readwrite: true });
    other.run("PRAGMA busy_timeout = 2000");
    other.run("BEGIN IMMEDIATE");
    const trouble = async () => (await pay(gateway.url, crypto.randomUUID(), 1)).status === 503;
    await until("the replica to notice the lock", SOON_MS, trouble);
    clock?.set(-STEP_MS);
    other.run("ROLLBACK");
    other.close();
    const id = crypto.randomUUID();
    const accepted = async () => (await pay(gateway.url, id, 1)).status < 300;
    await until("a payment to be taken", SOON_MS, accepted);
    expect((await settledPayment(gateway.url, id, SOON_MS)).status).toBe("settled");
    await gateway.kill();
  },
  90_000,
);

test.skipIf(clock === null)(
  "set back again and again under payments that nobody waits for: all are committed all the same",
  async () => {
    const gateway = await start();
    const load = new Load({ url: () => gateway.url, random: Math.random, clients: 16, pauseMs: 2 });
    // Most of the time the store thread lies in the pause between two commits: ten steps meet it there.
    for (let step = 1; step <= 10; step++) {
      await until("more payments", SOON_MS, () => load.acknowledged.length > step * 40);
      clock?.set(-step * STEP_MS);
    }
    await load.stop();
    const database = new Database(gateway.databaseFile, { readonly: true });
    const rows = () =>
      database.query<{ rows: number }, []>("SELECT count(*) AS rows FROM payments").get()?.rows;
    await until("every payment to be committed", SOON_MS, () => (rows() ?? 0) >= load.acknowledged.length);
    expect(load.seenStatuses).toEqual([202]);
    database.close();
    await gateway.kill();
  },
  90_000,
);
