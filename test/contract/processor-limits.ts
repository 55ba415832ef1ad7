import { expect, test } from "bun:test";
import type { ProcessorClient } from "./processor-client.ts";
import { callRaw, connectManyRaw, type RawOutcome } from "./raw-call.ts";

const AT_ONCE_MAX = 800;
const WAITING_MAX = 500;

/** How many calls are let in at once, and how often health is told. */
export function checkLimits(client: ProcessorClient): void {
  checkConcurrency(client);
  checkHealth(client);
}

function checkConcurrency(client: ProcessorClient): void {
  test("800 calls at once, 500 wait, the rest is 429", async () => {
    const delayMs = 600;
    await client.configure("delay", { delay: delayMs });
    const calls = await connectManyRaw(client.paymentsUrl, AT_ONCE_MAX + WAITING_MAX);
    const answered: RawOutcome[] = [];
    for (const call of calls) {
      call.send("POST", client.newPayment());
      void call.outcome.then((outcome) => answered.push(outcome));
    }
    await Bun.sleep(delayMs / 3);
    const beyond = await callRaw(client.paymentsUrl, "POST", client.newPayment());
    expect(await beyond.outcome).toMatchObject({ kind: "answered", status: 429 });
    // Reading a payment shares the limit.
    expect((await client.find(crypto.randomUUID())).status).toBe(429);
    expect(answered).toHaveLength(0);
    await until(() => answered.length >= AT_ONCE_MAX);
    await Bun.sleep(delayMs / 4);
    // Those who waited are delayed from the moment they are let in.
    expect(answered).toHaveLength(AT_ONCE_MAX);
    const outcomes = await Promise.all(calls.map((call) => call.outcome));
    const refused = outcomes.filter((outcome) => outcome.kind === "closed" || outcome.status !== 200);
    expect(refused).toEqual([]);
    const all = AT_ONCE_MAX + WAITING_MAX;
    expect(await client.summary()).toMatchObject({ totalRequests: all, totalAmount: all });
  });

  test("a caller who hangs up while it waits to be let in is not recorded", async () => {
    await client.configure("delay", { delay: 400 });
    const calls = await connectManyRaw(client.paymentsUrl, AT_ONCE_MAX);
    for (const call of calls) call.send("POST", client.newPayment());
    await Bun.sleep(100);
    const payment = client.newPayment();
    const waiting = await callRaw(client.paymentsUrl, "POST", payment);
    await Bun.sleep(50);
    waiting.hangUp();
    await Promise.all(calls.map((call) => call.outcome));
    await Bun.sleep(500);
    expect((await client.find(payment.correlationId)).status).toBe(404);
  });
}

function checkHealth(client: ProcessorClient): void {
  test("one health call per window for everybody, two hang until the next ones, the fourth is 429", async () => {
    const { healthWindowMs } = client.target;
    // No other check asks for the health, so the permit of the first window is free.
    const startedMs = performance.now();
    const calls = [1, 2, 3].map(async () => ({
      answer: await client.health(),
      atMs: performance.now() - startedMs,
    }));
    await Bun.sleep(healthWindowMs / 10);
    const fourth = await client.health();
    expect(fourth.status).toBe(429);
    expect(Number(fourth.headers.get("retry-after"))).toBe(Math.ceil(healthWindowMs / 1000));
    await client.configure("delay", { delay: 40 });
    const [first, second, third] = (await Promise.all(calls)).sort((a, b) => a.atMs - b.atMs);
    if (first === undefined || second === undefined || third === undefined)
      throw new Error("three were asked");
    expect([first.answer.status, second.answer.status, third.answer.status]).toEqual([200, 200, 200]);
    expect(await first.answer.json()).toEqual({ failing: false, minResponseTime: 0 });
    // A call that hung says what holds when it is let in.
    expect(await third.answer.json()).toEqual({ failing: false, minResponseTime: 40 });
    expect(first.atMs).toBeLessThan(healthWindowMs / 2);
    for (const gapMs of [second.atMs - first.atMs, third.atMs - second.atMs]) {
      expect(gapMs).toBeGreaterThanOrEqual(healthWindowMs * 0.9);
      expect(gapMs).toBeLessThanOrEqual(healthWindowMs * 1.02 + 150);
    }
  });
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 5000;
  while (!condition() && performance.now() < endMs) await Bun.sleep(5);
}
