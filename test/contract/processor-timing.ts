import { expect, test } from "bun:test";
import type { ProcessorClient } from "./processor-client.ts";
import { callRaw } from "./raw-call.ts";

/** The two switches, and what happens while a call is delayed. */
export function checkTiming(client: ProcessorClient): void {
  test("the failure switch answers an empty 500 and records nothing", async () => {
    const changed = await client.configure("failure", { failure: true });
    expect(await changed.json()).toEqual({ config: "failure", was: false, is: true });
    const payment = client.newPayment();
    const answer = await client.pay(payment);
    expect([answer.status, await answer.text()]).toEqual([500, ""]);
    expect((await client.find(payment.correlationId)).status).toBe(404);
  });

  test("the delay is read when the call arrives, the failure switch after the delay", async () => {
    const changed = await client.configure("delay", { delay: 250 });
    expect(await changed.json()).toEqual({ config: "delay", was: 0, is: 250 });
    const startedMs = performance.now();
    const early = client.pay(client.newPayment());
    await Bun.sleep(80);
    await client.configure("delay", { delay: 0 });
    await client.configure("failure", { failure: true });
    expect((await early).status).toBe(500);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(245);
  });

  test("reading a payment has neither delay nor failure", async () => {
    const payment = client.newPayment();
    await client.pay(payment);
    await client.configure("delay", { delay: 60_000 });
    await client.configure("failure", { failure: true });
    expect((await client.find(payment.correlationId)).status).toBe(200);
  });

  test("a delayed payment is recorded even though its caller hung up", async () => {
    await client.configure("delay", { delay: 300 });
    const payment = client.newPayment();
    const call = await callRaw(client.paymentsUrl, "POST", payment);
    await Bun.sleep(60);
    call.hangUp();
    expect((await call.outcome).kind).toBe("closed");
    expect((await client.find(payment.correlationId)).status).toBe(404);
    await Bun.sleep(400);
    expect((await client.find(payment.correlationId)).status).toBe(200);
  });

  test("the first insert wins, not the first arrival", async () => {
    const payment = client.newPayment();
    await client.configure("delay", { delay: 250 });
    const first = client.pay({ ...payment, amount: 1 });
    await Bun.sleep(60);
    await client.configure("delay", { delay: 0 });
    expect((await client.pay({ ...payment, amount: 2 })).status).toBe(200);
    expect((await first).status).toBe(422);
    expect(await (await client.find(payment.correlationId)).json()).toMatchObject({ amount: 2 });
  });
}
