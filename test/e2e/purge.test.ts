/** Purging: an administrator's call under two names that forgets section A's payments, and nothing is charged after. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { call, findPayment, metric, pay, post, settledPayment, summaryOf } from "./client.ts";
import { Gateway, startProcessors } from "./gateway.ts";
import { postMany } from "./load.ts";
import type { ProcessorPair } from "./processors.ts";
import { endPrograms } from "./program.ts";
import { until } from "./until.ts";

let processors: ProcessorPair;
let gateway: Gateway;

beforeAll(async () => {
  processors = await startProcessors();
  gateway = await Gateway.start({ processors });
});
beforeEach(() => processors.heal());
afterAll(endPrograms);

const NOTHING = { default: { count: 0, cents: 0 }, fallback: { count: 0, cents: 0 } };
const purge = (name: string, headers: Record<string, string> = {}, url = gateway.url) =>
  call(`${url}/${name}`, { method: "POST", headers });

describe.each(["payments-purge", "purge-payments", "payments-purge/", "purge-payments/"])(
  "POST /%s",
  (name) => {
    test("settled payments are forgotten, and their ids are new again", async () => {
      const id = crypto.randomUUID();
      await pay(gateway.url, id, 10);
      await settledPayment(gateway.url, id);
      const answer = await purge(name);
      expect(answer.status).toBe(204);
      expect(answer.text).toBe("");
      expect(await summaryOf(gateway.url)).toEqual(NOTHING);
      expect(await findPayment(gateway.url, id)).toBeNull();
      expect((await pay(gateway.url, id, 11)).status).toBe(202);
    });
  },
);

test("payments that wait are forgotten, too: nothing is charged when the processors are well again", async () => {
  await processors.default.setFailure(true);
  await processors.fallback.setFailure(true);
  const before = [await processors.default.summary(), await processors.fallback.summary()];
  const ids = await postMany(gateway.url, 500, 100);
  expect((await purge("payments-purge")).status).toBe(204);
  expect(await metric(gateway.url, "catraca_queue_depth")).toBe(0);
  // What was on its way at the purge is still judged by processors that fail.
  await until(
    "the calls to end",
    10_000,
    async () => (await metric(gateway.url, "catraca_dispatch_in_flight")) === 0,
  );
  await processors.heal();
  const later = crypto.randomUUID();
  await pay(gateway.url, later, 1);
  await settledPayment(gateway.url, later, 15_000);
  expect(await findPayment(gateway.url, ids[0] ?? "")).toBeNull();
  const [byDefault, byFallback] = [await processors.default.summary(), await processors.fallback.summary()];
  // Only the one that came later.
  expect(byDefault.count + byFallback.count - (before[0]?.count ?? 0) - (before[1]?.count ?? 0)).toBe(1);
  const summary = await summaryOf(gateway.url);
  expect(summary.default.count + summary.fallback.count).toBe(1);
}, 30_000);

test("with a payment goes its Idempotency-Key: the same call is a new one; keys of other sections stay", async () => {
  const id = crypto.randomUUID();
  const headers = { "idempotency-key": `purge-${id}` };
  const account = { userId: crypto.randomUUID(), accountNumber: "1", amount: 5 };
  const payOnce = () => post(`${gateway.url}/payments`, { correlationId: id, amount: 10 }, headers);
  const payAccount = () => post(`${gateway.url}/payments`, account, { "idempotency-key": `other-${id}` });
  const createUser = () => post(`${gateway.url}/api/v1/users`, { balance: 1 }, headers);
  expect((await payOnce()).status).toBe(202);
  const [accountPayment, user] = [await payAccount(), await createUser()];
  expect((await payOnce()).headers.get("idempotent-replayed")).toBe("true");

  expect((await purge("purge-payments")).status).toBe(204);
  expect(await findPayment(gateway.url, id)).toBeNull();
  const again = await payOnce();
  expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([202, null]);
  expect(await settledPayment(gateway.url, id)).toMatchObject({ amount: 10 });
  for (const [first, repeat] of [
    [accountPayment, await payAccount()],
    [user, await createUser()],
  ] as const) {
    expect(repeat.headers.get("idempotent-replayed")).toBe("true");
    expect(repeat.text).toBe(first.text);
  }
});

test("it is an administrator's call: nobody who comes through a proxy or from another site", async () => {
  const id = crypto.randomUUID();
  await pay(gateway.url, id, 10);
  for (const headers of [
    { "x-forwarded-for": "127.0.0.1" },
    { forwarded: "for=127.0.0.1" },
    { "x-real-ip": "127.0.0.1" },
    { origin: "https://example.com" },
    { "sec-fetch-site": "cross-site" },
  ]) {
    const answer = await purge("payments-purge", headers);
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: "ADMIN_LOCAL_ONLY" });
  }
  expect(await findPayment(gateway.url, id)).not.toBeNull();
});

test("with ADMIN_TOKEN: whoever has the token, from anywhere, and nobody else", async () => {
  const own = await Gateway.start({ env: { ADMIN_TOKEN: "let-me-in-please" } });
  const none = await purge("payments-purge", {}, own.url);
  expect(none.status).toBe(401);
  expect(none.body).toMatchObject({ code: "ADMIN_TOKEN_REQUIRED" });
  expect(none.headers.get("www-authenticate")).toStartWith("Bearer");
  for (const authorization of [
    "Bearer let-me-in",
    "Bearer let-me-in-please2",
    "Basic let-me-in-please",
    "Bearer",
  ]) {
    expect((await purge("purge-payments", { authorization }, own.url)).status).toBe(401);
  }
  const headers = { authorization: "Bearer let-me-in-please", "x-forwarded-for": "203.0.113.7" };
  expect((await purge("purge-payments", headers, own.url)).status).toBe(204);
  await own.stop();
});

test("with ADMIN_OPEN: everybody, and the start says so", async () => {
  const own = await Gateway.start({ env: { ADMIN_OPEN: "true" } });
  expect((await purge("payments-purge", { "x-forwarded-for": "203.0.113.7" }, own.url)).status).toBe(204);
  expect(own.logs).toContain("ADMIN_OPEN is on");
  await own.stop();
});
