/** R15: SIGTERM ends in order and in time, a second signal at once; neither loses what was acknowledged. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { findPayment, untilIdle } from "./client.ts";
import { Gateway, startProcessors } from "./gateway.ts";
import { Load, postMany, postOnOneConnection } from "./load.ts";
import type { ProcessorPair } from "./processors.ts";
import { endPrograms } from "./program.ts";
import { contradictions, summaryDifferences } from "./reconciliation.ts";
import { randomOf } from "./seed.ts";

let processors: ProcessorPair;

beforeEach(async () => {
  processors = await startProcessors();
});
afterAll(endPrograms);

async function expectNothingLost(
  gateway: Gateway,
  sent: ReadonlyMap<string, number>,
  ids: readonly string[],
) {
  await processors.heal();
  await untilIdle(gateway.url, 20_000);
  expect(await contradictions(gateway.url, processors, sent, ids)).toEqual([]);
  const span = { fromMs: Date.now() - 60_000, toMs: Date.now() };
  expect(await summaryDifferences(gateway.url, processors, span, 5, Math.random)).toEqual([]);
}

test("SIGTERM under load: exit 0 in time, no answer but a yes or 503, nothing lost; three times", async () => {
  const { random } = randomOf("SIGTERM under load");
  const gateway = await Gateway.start({ processors, env: { SHUTDOWN_SECONDS: "5" } });
  await processors.default.setDelay(30);
  const load = new Load({ url: () => gateway.url, random, clients: 8, pauseMs: 4 });
  for (let number = 0; number < 3; number++) {
    await Bun.sleep(500 + random() * 500);
    const startedAt = performance.now();
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await gateway.restart();
  }
  await load.stop();
  console.log(
    `${load.acknowledged.length} acknowledged, ${load.unanswered} unanswered, by status:`,
    load.statuses,
  );
  expect(load.seenStatuses.filter((status) => status !== 202 && status !== 503)).toEqual([]);
  expect(load.acknowledged.length).toBeGreaterThan(1_000);
  await expectNothingLost(gateway, load.sent, load.acknowledged);
  expect(gateway.logs).not.toContain('"level":"error"');
}, 60_000);

test("clients that stay on their connections are served or refused to the end, and what they were told holds", async () => {
  await processors.default.setDelay(400);
  await processors.fallback.setDelay(400);
  const gateway = await Gateway.start({ processors, env: { SHUTDOWN_SECONDS: "5" } });
  const clients = Array.from({ length: 6 }, () => postOnOneConnection(gateway.url, 100));
  await Bun.sleep(400);
  expect((await gateway.stop()).code).toBe(0);
  const answers = (await Promise.all(clients)).flat();
  expect(
    [...new Set(answers.map(({ status }) => status))].filter((status) => status !== 202 && status !== 503),
  ).toEqual([]);
  const ids = answers.filter(({ status }) => status === 202).map(({ id }) => id);
  expect(ids.length).toBeGreaterThan(100);
  await gateway.restart();
  await expectNothingLost(gateway, new Map(ids.map((id) => [id, 100])), ids);
}, 40_000);

test("SIGINT is the same as SIGTERM", async () => {
  const gateway = await Gateway.start({ processors });
  expect(await gateway.kill("SIGINT")).toEqual({ code: 0, signal: null });
});

test("SIGTERM with a backlog that no processor takes: it is handed back, not waited for", async () => {
  await processors.default.setFailure(true);
  await processors.fallback.setFailure(true);
  const gateway = await Gateway.start({ processors, env: { SHUTDOWN_SECONDS: "5" } });
  const ids = await postMany(gateway.url, 1_000, 100);
  const startedAt = performance.now();
  expect((await gateway.stop()).code).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  await gateway.restart();
  await expectNothingLost(gateway, new Map(ids.map((id) => [id, 100])), ids);
}, 40_000);

test("SIGTERM with calls that hang: it ends within SHUTDOWN_SECONDS, and asks about them after the start", async () => {
  const gateway = await Gateway.start({ processors, env: { SHUTDOWN_SECONDS: "1" } });
  await postMany(gateway.url, 1, 100);
  await untilIdle(gateway.url, 5_000);
  await processors.default.setDelay(2_500);
  await processors.fallback.setDelay(2_500);
  const ids = await postMany(gateway.url, 20, 100);
  await Bun.sleep(300);
  const startedAt = performance.now();
  const { signal } = await gateway.stop();
  expect(performance.now() - startedAt).toBeLessThan(1_500);
  expect(signal).toBeNull();
  await gateway.restart();
  await processors.heal();
  await untilIdle(gateway.url, 20_000);
  // The calls of the first life land in the books after their delay, if not before.
  await Bun.sleep(Math.max(0, 3_000 - (performance.now() - startedAt)));
  const sent = new Map(ids.map((id) => [id, 100]));
  expect(await contradictions(gateway.url, processors, sent, ids)).toEqual([]);
}, 40_000);

test("a second signal ends it at once, and nothing is lost", async () => {
  const gateway = await Gateway.start({ processors, env: { SHUTDOWN_SECONDS: "60" } });
  await processors.default.setDelay(2_000);
  await processors.fallback.setDelay(2_000);
  const ids = await postMany(gateway.url, 50, 100);
  await Bun.sleep(300);
  gateway.signal("SIGTERM");
  await Bun.sleep(400);
  expect(gateway.hasExited).toBe(false);
  const startedAt = performance.now();
  const { code } = await gateway.kill("SIGTERM");
  expect(performance.now() - startedAt).toBeLessThan(500);
  expect(code).not.toBe(0);
  await gateway.restart();
  for (const id of ids) expect(await findPayment(gateway.url, id)).not.toBeNull();
  await processors.heal();
  await untilIdle(gateway.url, 20_000);
  await Bun.sleep(Math.max(0, 2_500 - (performance.now() - startedAt)));
  const sent = new Map(ids.map((id) => [id, 100]));
  expect(await contradictions(gateway.url, processors, sent, ids)).toEqual([]);
}, 40_000);
