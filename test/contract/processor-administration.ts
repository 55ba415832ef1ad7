import { expect, test } from "bun:test";
import type { ProcessorClient } from "./processor-client.ts";

const CALLS = [
  ["GET", "payments-summary"],
  ["PUT", "configurations/token"],
  ["PUT", "configurations/delay"],
  ["PUT", "configurations/failure"],
  ["POST", "purge-payments"],
] as const;

/** The administrator's calls: summary, switches, purge, token. */
export function checkAdministration(client: ProcessorClient): void {
  checkSummary(client);

  test("purging empties the book and keeps the switches", async () => {
    const payment = client.newPayment();
    await client.pay(payment);
    await client.configure("delay", { delay: 7 });
    const purged = await client.admin("POST", "purge-payments");
    expect(purged.status).toBe(200);
    expect(typeof (await purged.json()).message).toBe("string");
    expect((await client.find(payment.correlationId)).status).toBe(404);
    expect(await client.summary()).toMatchObject({ totalAmount: 0, totalRequests: 0, totalFee: 0 });
    const changed = await client.configure("delay", { delay: 0 });
    expect(await changed.json()).toEqual({ config: "delay", was: 7, is: 0 });
  });

  test.each([
    ["delay", { delay: 1.5 }],
    ["delay", { delay: null }],
    ["failure", { failure: "true" }],
    ["token", { token: 5 }],
  ])("a switch that is ill-typed is 400 and changes nothing: %s", async (what, settings) => {
    const answer = await client.configure(what, settings);
    expect([answer.status, await answer.text()]).toEqual([400, ""]);
    expect(await (await client.configure("delay", { delay: 0 })).json()).toMatchObject({ was: 0 });
  });

  test("every administrator's call needs the token", async () => {
    for (const [method, path] of CALLS) {
      for (const token of [null, "wrong"]) {
        const answer = await client.admin(method, path, method === "PUT" ? {} : undefined, token);
        expect([path, answer.status]).toEqual([path, 401]);
      }
    }
  });

  test("the token can be changed", async () => {
    const changed = await client.configure("token", { token: "other" });
    expect([changed.status, await changed.text()]).toEqual([204, ""]);
    expect((await client.admin("GET", "payments-summary")).status).toBe(401);
    await client.admin("PUT", "configurations/token", { token: client.target.token }, "other");
    expect((await client.admin("GET", "payments-summary")).status).toBe(200);
  });
}

function checkSummary(client: ProcessorClient): void {
  test("the summary counts inclusively by requestedAt, and filters only if both bounds are given", async () => {
    const at = (ms: number) => new Date(Date.parse("2025-07-15T12:00:00Z") + ms).toISOString();
    for (const ms of [0, 1, 2, 3]) await client.pay({ ...client.newPayment(19.9), requestedAt: at(ms) });
    const { fee } = client.target;
    const totalFee = Number((79.6 * fee).toFixed(6));
    const whole = { totalAmount: 79.6, totalRequests: 4, totalFee, feePerTransaction: fee };
    expect(await client.summary()).toEqual(whole);
    expect(await client.summary(`?from=${at(1)}`)).toEqual(whole);
    expect(await client.summary(`?to=${at(1)}`)).toEqual(whole);
    const inner = { totalAmount: 39.8, totalRequests: 2 };
    expect(await client.summary(`?from=${at(1)}&to=${at(2)}`)).toMatchObject(inner);
    const none = { totalAmount: 0, totalRequests: 0 };
    expect(await client.summary(`?from=${at(4)}&to=${at(9)}`)).toMatchObject(none);
    expect((await client.admin("GET", "payments-summary?from=never&to=now")).status).toBe(400);
  });
}
