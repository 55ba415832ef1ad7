/**
 * A replica that is killed for good, or frozen and woken (R3, R17): the others end its work within seconds, and
 * nothing is charged twice.
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { findPayment, metric, pay, settledPayment, untilIdle } from "../e2e/client.ts";
import { startProcessors } from "../e2e/gateway.ts";
import { postMany } from "../e2e/load.ts";
import type { ProcessorPair } from "../e2e/processors.ts";
import { endPrograms } from "../e2e/program.ts";
import { randomOf } from "../e2e/seed.ts";
import { until } from "../e2e/until.ts";
import { endRedisServers, RedisServer } from "./redis.ts";
import { judge, Replicas } from "./replicas.ts";

/** The lease, the look for leases that ran out, and some time for the work itself. */
const TAKE_OVER_MS = 3_000 + 500 + 1_500;

let processors: ProcessorPair;
let redis: RedisServer;

beforeAll(async () => {
  processors = await startProcessors();
  redis = await RedisServer.start();
});
// Empty books for each test: a new database knows nothing of what was charged before.
beforeEach(async () => {
  await processors.heal();
  for (const { url } of [processors.default, processors.fallback]) {
    await fetch(`${url}/admin/purge-payments`, { method: "POST", headers: { "x-rinha-token": "123" } });
  }
});
afterAll(async () => {
  await endPrograms();
  await endRedisServers();
});

test("killed for good under load, its work is done by the others within seconds", async () => {
  const { random } = randomOf("killed for good");
  const startedAtMs = Date.now();
  const replicas = await Replicas.start({ redis, env: processors.env });
  await processors.default.setDelay(30);
  const load = replicas.load(random);
  await Bun.sleep(800);
  const killedAt = performance.now();
  await replicas.at(0).kill();
  await load.stop();
  const living = replicas.all.slice(1);
  await untilIdle(replicas.at(1).url, TAKE_OVER_MS);
  console.log(`all done ${Math.round(performance.now() - killedAt)} ms after the kill`);
  expect(await judge(living, processors, load, startedAtMs, random)).toEqual([]);
  await replicas.stop();
}, 30_000);

test("killed with payments that are acknowledged and nowhere but in its intake log, and without Redis", async () => {
  const replicas = await Replicas.start({ env: processors.env, count: 2 });
  const [victim, heir] = [replicas.at(0), replicas.at(1)];
  // Nobody can commit while another program holds the write lock: what is acknowledged is in the log alone.
  const blocker = new Database(victim.databaseFile);
  blocker.run("BEGIN IMMEDIATE");
  const ids = await postMany(victim.url, 400, 700);
  await victim.kill();
  blocker.run("ROLLBACK");
  blocker.close();
  expect(await findPayment(heir.url, ids[0] ?? "")).toBeNull();
  const last = ids.at(-1) ?? "";
  await until("the last one to be taken over", TAKE_OVER_MS, () => findPayment(heir.url, last));
  await untilIdle(heir.url, TAKE_OVER_MS);
  for (const id of ids) expect((await findPayment(heir.url, id))?.status).toBe("settled");
  await replicas.stop();
}, 30_000);

test("frozen under load and woken after its work was taken over, it charges nothing twice and works on", async () => {
  const { random } = randomOf("frozen");
  const startedAtMs = Date.now();
  const replicas = await Replicas.start({ redis, env: processors.env });
  await processors.default.setDelay(20);
  const everywhere = replicas.load(random);
  await Bun.sleep(600);
  replicas.at(0).signal("SIGSTOP");
  const rest = replicas.load(random, [1, 2]);
  await Bun.sleep(4_200);
  replicas.at(0).signal("SIGCONT");
  await Bun.sleep(500);
  await everywhere.stop();
  await rest.stop();
  expect(await judge(replicas.all, processors, everywhere, startedAtMs, random)).toEqual([]);
  expect(await judge(replicas.all, processors, rest, startedAtMs, random)).toEqual([]);

  const id = crypto.randomUUID();
  expect((await pay(replicas.at(0).url, id, 5)).status).toBe(202);
  expect((await settledPayment(replicas.at(0).url, id, 5_000)).correlationId).toBe(id);
  expect(
    await metric(replicas.at(0).url, 'catraca_payments_settled_total{processor="default"}'),
  ).toBeGreaterThan(0);
  await replicas.stop();
}, 40_000);
