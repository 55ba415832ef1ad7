/**
 * kill -9 (R1, R3, R5, R6): what was answered 2xx is there after the restart, reaches its end, is charged once
 * and counted once. The processors are a process of their own and live through it.
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { pick } from "../simulation/seeded-random.ts";
import { findPayment, metric, summaryOf, untilIdle } from "./client.ts";
import { Gateway, startProcessors } from "./gateway.ts";
import { Load, postMany } from "./load.ts";
import type { ProcessorPair } from "./processors.ts";
import { endPrograms } from "./program.ts";
import { contradictions, summaryDifferences } from "./reconciliation.ts";
import { randomOf, wholeBetween } from "./seed.ts";

let processors: ProcessorPair;

beforeAll(async () => {
  processors = await startProcessors();
});
beforeEach(() => processors.heal());
afterAll(endPrograms);

const CYCLES = 6;
/** R5: once the processors are well, everything accepted ends within this. */
const LIVENESS_MS = 20_000;

/** What the processors are like during one cycle. */
const WEATHER: readonly { readonly name: string; readonly set: (pair: ProcessorPair) => Promise<unknown> }[] =
  [
    { name: "fine", set: async () => {} },
    { name: "default slow", set: (pair) => pair.default.setDelay(80) },
    { name: "default fails", set: (pair) => pair.default.setFailure(true) },
    {
      name: "both slow",
      set: (pair) => Promise.all([pair.default.setDelay(150), pair.fallback.setDelay(60)]),
    },
    {
      name: "both fail",
      set: (pair) => Promise.all([pair.default.setFailure(true), pair.fallback.setFailure(true)]),
    },
  ];

test("killed at random moments under load, it loses nothing, charges once and counts right", async () => {
  const { random } = randomOf("kill -9 under load");
  const startedAtMs = Date.now();
  const gateway = await Gateway.start({ processors });
  const load = new Load({ url: () => gateway.url, random });
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const weather = pick(random, WEATHER);
    await processors.heal();
    await weather.set(processors);
    await Bun.sleep(wholeBetween(random, 400, 2_000));
    // Half of the kills find much that is acknowledged and not committed: another program held the lock.
    if (random() < 0.5) await killWhileLocked(gateway, wholeBetween(random, 50, 400));
    else await gateway.kill();
    // What was being recovered when the second kill came must be recovered by the third start.
    if (random() < 0.5) await gateway.restartAndKill(wholeBetween(random, 0, 80));
    await gateway.restart();
  }
  await load.stop();
  await processors.heal();
  await untilIdle(gateway.url, LIVENESS_MS);
  const { acknowledged, unanswered } = load;
  console.log(
    `${acknowledged.length} acknowledged, ${recoveredBy(gateway)} of them recovered, ${unanswered} unanswered`,
  );

  expect(load.unexpectedStatuses).toEqual([]);
  expect(load.acknowledged.length).toBeGreaterThan(1_000);
  expect(await contradictions(gateway.url, processors, load.sent, load.acknowledged)).toEqual([]);
  const span = { fromMs: startedAtMs, toMs: Date.now() };
  expect(await summaryDifferences(gateway.url, processors, span, 50, random)).toEqual([]);
}, 90_000);

test("killed with 3,000 payments that no processor takes, it settles each once when they are well again", async () => {
  await processors.default.setFailure(true);
  await processors.fallback.setFailure(true);
  const gateway = await Gateway.start({ processors });
  const before = {
    default: await processors.default.summary(),
    fallback: await processors.fallback.summary(),
  };
  const ids = await postMany(gateway.url, 3_000, 1_990);
  // At once: the last of them are acknowledged in the intake log, and not committed yet.
  await gateway.kill();
  await gateway.restart();

  const first = ids[0];
  const last = ids.at(-1);
  if (first === undefined || last === undefined) throw new Error("there are 3,000 ids");
  expect((await findPayment(gateway.url, first))?.status).toBe("pending");
  expect((await findPayment(gateway.url, last))?.status).toBe("pending");
  expect(await metric(gateway.url, "catraca_queue_depth")).toBe(3_000);
  expect(await metric(gateway.url, "catraca_resident_memory_bytes")).toBeLessThan(200 * 1024 * 1024);

  await processors.heal();
  await untilIdle(gateway.url, LIVENESS_MS);
  const sent = new Map(ids.map((id) => [id, 1_990]));
  expect(await contradictions(gateway.url, processors, sent, ids)).toEqual([]);
  const summary = await summaryOf(gateway.url);
  expect(summary.default.count + summary.fallback.count).toBe(3_000);
  expect(summary.default.cents + summary.fallback.cents).toBe(3_000 * 1_990);
  const after = {
    default: await processors.default.summary(),
    fallback: await processors.fallback.summary(),
  };
  expect(after.default.count - before.default.count).toBe(summary.default.count);
  expect(after.fallback.count - before.fallback.count).toBe(summary.fallback.count);
}, 60_000);

/** Keeps the database from being written for `lockedMs`, and kills the gateway before it can be again. */
async function killWhileLocked(gateway: Gateway, lockedMs: number): Promise<void> {
  const other = new Database(gateway.databaseFile, { readwrite: true });
  other.run("PRAGMA busy_timeout = 2000");
  other.run("BEGIN IMMEDIATE");
  await Bun.sleep(lockedMs);
  await gateway.kill();
  other.run("ROLLBACK");
  other.close();
}

/** How many acknowledged payments the starts found in the intake log, not committed yet. */
function recoveredBy(gateway: Gateway): number {
  const counts = [...gateway.logs.matchAll(/"recovered":(\d+)/g)].map((match) => Number(match[1]));
  return counts.reduce((sum, count) => sum + count, 0);
}
