/** Three replicas behind nginx with Redis, as compose.yml describes them: R1, R3, R6, R15 and R17 of the whole set. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Deployment } from "../../scripts/challenge/deployment.ts";
import { ProcessorPair } from "../../scripts/challenge/processor-pair.ts";
import { PROCESSOR_NAMES } from "../../src/domain/processor.ts";
import { call, post, settledPayment, summaryOf } from "../e2e/client.ts";
import { Load } from "../e2e/load.ts";
import { randomOf } from "../e2e/seed.ts";
import { until } from "../e2e/until.ts";
import { startSet } from "./deployed-set.ts";

const SETTLE_MS = 30_000;
let set: Deployment;
let processors: ProcessorPair;

// Building the image takes most of it.
beforeAll(async () => {
  set = await startSet();
  processors = new ProcessorPair(set.processorUrls);
}, 150_000);
afterAll(() => set?.close(), 60_000);

/** Everything acknowledged is charged once, and the gateway's totals are the processors' own. */
async function expectNothingLost(acknowledged: readonly string[]): Promise<void> {
  await until("every acknowledged payment to be charged", SETTLE_MS, async () => {
    const charges = await processors.charges(acknowledged);
    return [...charges.values()].every((books) => books > 0);
  });
  const charges = await processors.charges(acknowledged);
  expect([...charges].filter(([, books]) => books !== 1)).toEqual([]);
  await until("the gateway's totals to be the processors'", SETTLE_MS, async () => {
    const ours = await summaryOf(set.url);
    const theirs = await Promise.all(PROCESSOR_NAMES.map((name) => processors[name].summary()));
    return PROCESSOR_NAMES.every((name, index) => Bun.deepEquals(ours[name], theirs[index]));
  });
}

test("a payment that enters through the balancer is charged, and every replica knows it", async () => {
  const correlationId = crypto.randomUUID();
  expect((await post(`${set.url}/payments`, { correlationId, amount: 19.9 })).status).toBe(202);
  await settledPayment(set.url, correlationId);
  // Round robin: nine reads ask each of three replicas.
  for (let read = 0; read < 9; read++) {
    expect((await summaryOf(set.url)).default).toEqual({ count: 1, cents: 1990 });
    expect((await call(`${set.url}/payments/${correlationId}`)).status).toBe(200);
  }
});

test("each replica's own health and metrics can be reached through the balancer", async () => {
  for (const replica of set.replicas) {
    expect((await call(`${set.url}/replicas/${replica}/health/ready`)).status).toBe(200);
    expect((await call(`${set.url}/replicas/${replica}/metrics`)).text).toContain("\ncatraca_queue_depth ");
  }
  // Nothing else of a replica, and nothing that is none.
  expect((await call(`${set.url}/replicas/catraca1/payments-summary`)).status).toBe(404);
  expect((await call(`${set.url}/replicas/catraca9/metrics`)).status).toBe(502);
});

test("rolling restart under load: no failed request, every replica ends with 0, nothing is lost", async () => {
  const { random } = randomOf("rolling restart");
  const load = new Load({ url: () => set.url, random, clients: 12, pauseMs: 30 });
  await Bun.sleep(1_000);
  const exitCodes: (number | null)[] = [];
  for (const replica of set.replicas) {
    exitCodes.push(await set.stopReplica(replica));
    await set.startReplica(replica);
    // The balancer comes back to a replica a second after it failed.
    await Bun.sleep(1_500);
  }
  await load.stop();
  console.log(`${load.acknowledged.length} acknowledged, ${load.unanswered} unanswered`, load.statuses);
  // Null: this kind of set cannot tell.
  expect(exitCodes.filter((code) => code !== 0 && code !== null)).toEqual([]);
  expect(load.seenStatuses).toEqual([202]);
  expect(load.unanswered).toBe(0);
  expect(load.acknowledged.length).toBeGreaterThan(500);
  await expectNothingLost(load.acknowledged);
}, 90_000);

test("kill -9 of a replica for two seconds: who was on it gets an error, nothing acknowledged is lost", async () => {
  const { random } = randomOf("kill -9 for two seconds");
  const load = new Load({ url: () => set.url, random, clients: 12, pauseMs: 30 });
  await Bun.sleep(1_000);
  const [first = ""] = set.replicas;
  await set.kill(first);
  await Bun.sleep(2_000);
  await set.startReplica(first);
  await Bun.sleep(1_000);
  await load.stop();
  console.log(`${load.acknowledged.length} acknowledged, ${load.unanswered} unanswered`, load.statuses);
  expect(load.seenStatuses.filter((status) => status !== 202 && status !== 502)).toEqual([]);
  // At most what the replica had in hand; nothing after it was gone.
  expect(load.statuses.get(502) ?? 0).toBeLessThanOrEqual(12);
  expect(load.unanswered).toBe(0);
  await expectNothingLost(load.acknowledged);
}, 60_000);
