/** Section A of the contract over HTTP: accepting, repeating, reading, purging. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { call, findPayment, pay, post, settledPayment, summaryOf, untilIdle } from "./client.ts";
import { Gateway, startProcessors } from "./gateway.ts";
import type { ProcessorPair } from "./processors.ts";
import { endPrograms } from "./program.ts";
import { until } from "./until.ts";

let processors: ProcessorPair;
let gateway: Gateway;

beforeAll(async () => {
  processors = await startProcessors();
  gateway = await Gateway.start({ processors });
});
afterAll(endPrograms);

const newId = () => crypto.randomUUID();

describe("POST /payments", () => {
  test("a new payment is accepted as pending", async () => {
    const id = newId();
    const answer = await pay(gateway.url, id, 19.9);
    expect(answer.status).toBe(202);
    expect(answer.headers.get("content-type")).toStartWith("application/json");
    expect(answer.body).toEqual({ correlationId: id, status: "pending" });
  });

  test("repeated at once, and again when it is settled: the present state, charged once", async () => {
    const id = newId();
    expect((await pay(gateway.url, id, 5)).status).toBe(202);
    const atOnce = await pay(gateway.url, id, 5);
    expect(atOnce.status).toBe(200);
    expect(atOnce.body).toMatchObject({ correlationId: id });
    await settledPayment(gateway.url, id);
    const later = await pay(gateway.url, id, 5);
    expect(later.status).toBe(200);
    expect(later.body).toEqual({ correlationId: id, status: "settled" });
    const at = await Promise.all([processors.default.find(id), processors.fallback.find(id)]);
    expect(at.filter((record) => record !== null)).toHaveLength(1);
  });

  test("the same id with another amount is a conflict, at once and later, and changes nothing", async () => {
    const id = newId();
    await pay(gateway.url, id, 5);
    const atOnce = await pay(gateway.url, id, 6);
    expect(atOnce.status).toBe(409);
    expect(atOnce.body).toMatchObject({ status: 409, code: "PAYMENT_CONFLICT" });
    const settled = await settledPayment(gateway.url, id);
    expect(settled.amount).toBe(5);
    expect((await pay(gateway.url, id, 5.01)).status).toBe(409);
    expect((await findPayment(gateway.url, id))?.amount).toBe(5);
  });

  test("fifty at once with one id: one payment, and every answer is a yes", async () => {
    const id = newId();
    const before = await untilSettled();
    const answers = await Promise.all(Array.from({ length: 50 }, () => pay(gateway.url, id, 7)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(1);
    expect(statuses.filter((status) => status === 200)).toHaveLength(49);
    await settledPayment(gateway.url, id);
    const after = await untilSettled();
    expect(after.count - before.count).toBe(1);
    expect(after.cents - before.cents).toBe(700);
  });

  test("letter case of the id and the spelling of the amount make no other payment", async () => {
    const id = newId();
    expect((await pay(gateway.url, id.toUpperCase(), "19.90")).body).toEqual({
      correlationId: id,
      status: "pending",
    });
    expect((await pay(gateway.url, id, 19.9)).status).toBe(200);
    expect((await findPayment(gateway.url, id.toUpperCase()))?.correlationId).toBe(id);
  });

  test.each([0.01, 1, 19.9, "0.01", "19.9", 1e3, 9_999_999_999.99])(
    "amount %p is charged to the cent",
    async (amount) => {
      const id = newId();
      expect((await pay(gateway.url, id, amount)).status).toBe(202);
      const payment = await settledPayment(gateway.url, id);
      expect(payment.amount).toBe(Number(amount));
      const record = await processors[payment.processor ?? "default"].find(id);
      expect(record?.cents).toBe(Math.round(Number(amount) * 100));
    },
  );

  test("fields that nobody asked for are ignored", async () => {
    const id = newId();
    const body = {
      correlationId: id,
      amount: 3,
      status: "settled",
      processor: "fallback",
      requestedAt: "2020-01-01",
    };
    expect((await post(`${gateway.url}/payments`, body)).status).toBe(202);
    expect((await settledPayment(gateway.url, id)).requestedAt).not.toStartWith("2020");
  });
});

describe("GET /payments/{correlationId}", () => {
  test("right after the 202 it is there", async () => {
    for (let number = 0; number < 20; number++) {
      const id = newId();
      await pay(gateway.url, id, 1);
      expect((await findPayment(gateway.url, id))?.correlationId).toBe(id);
    }
  });

  test("a settled payment with its fee and its history", async () => {
    const id = newId();
    const sentAtMs = Date.now();
    await pay(gateway.url, id, 100);
    const payment = await settledPayment(gateway.url, id);
    expect(payment).toMatchObject({ correlationId: id, amount: 100, status: "settled", lastError: null });
    expect(payment.fee).toBe(payment.processor === "default" ? 5 : 15);
    expect(payment.attempts).toBe(1);
    const requestedAtMs = Date.parse(payment.requestedAt ?? "");
    expect(requestedAtMs).toBeGreaterThanOrEqual(sentAtMs);
    expect(requestedAtMs).toBeLessThanOrEqual(Date.now());
    expect(payment.requestedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(payment.history.map(({ event }) => event)).toEqual(["accepted", "settled"]);
    const record = await processors[payment.processor ?? "default"].find(id);
    expect(record).toEqual({ cents: 10_000, requestedAtMs });
  });

  test("calls that did not settle it are in the history", async () => {
    await processors.default.setFailure(true);
    await processors.fallback.setFailure(true);
    const id = newId();
    await pay(gateway.url, id, 100);
    await until(
      "a call to fail",
      5_000,
      async () => ((await findPayment(gateway.url, id))?.attempts ?? 0) > 0,
    );
    await processors.heal();
    const { history, attempts, lastError } = await settledPayment(gateway.url, id, 15_000);
    const events = history.map(({ event }) => event);
    expect(events[0]).toBe("accepted");
    expect(events.at(-1)).toBe("settled");
    const failed = history.filter(({ event }) => event === "attempt");
    expect(failed.length).toBe(attempts - 1);
    expect(failed[0]).toMatchObject({ outcome: "failed", code: "http_500", latencyMs: expect.any(Number) });
    expect(lastError).toBe("http_500");
  });

  test("an unknown id is 404, and a later payment with it is accepted", async () => {
    const id = newId();
    const answer = await call(`${gateway.url}/payments/${id}`);
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ status: 404, code: "PAYMENT_NOT_FOUND" });
    expect((await pay(gateway.url, id, 1)).status).toBe(202);
  });
});

test("a payment that its processor finally declines is dead, not counted, and says why", async () => {
  const refusing = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("", { status: 400 }),
  });
  const url = `http://127.0.0.1:${refusing.port}`;
  const env = { PAYMENT_PROCESSOR_DEFAULT: `${url}/one`, PAYMENT_PROCESSOR_FALLBACK: `${url}/other` };
  const own = await Gateway.start({ env });
  const id = newId();
  await pay(own.url, id, 1);
  const dead = await until("the payment to be dead", 5_000, async () => {
    const payment = await findPayment(own.url, id);
    return payment?.status === "dead" && payment;
  });
  expect(dead).toMatchObject({ processor: null, requestedAt: null, fee: null, lastError: "http_400" });
  expect((await pay(own.url, id, 1)).body).toEqual({ correlationId: id, status: "dead" });
  const summary = await summaryOf(own.url);
  expect(summary.default.count + summary.fallback.count).toBe(0);
  await own.stop();
  await refusing.stop(true);
});

test("GET /healthcheck", async () => {
  const answer = await call(`${gateway.url}/healthcheck`);
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({ message: "service is running" });
});

describe("a trailing slash makes no difference, and redirects nobody", () => {
  test("POST and GET of a payment", async () => {
    const id = newId();
    expect((await post(`${gateway.url}/payments/`, { correlationId: id, amount: 2 })).status).toBe(202);
    expect((await call(`${gateway.url}/payments/${id}/`)).body).toMatchObject({ correlationId: id });
  });
  test.each([
    "/payments-summary/",
    "/payments-summary/?from=2025-01-01T00:00:00Z",
    "/healthcheck/",
    "/health/ready/",
    "/docs/",
  ])("GET %s", async (path) => {
    expect((await call(`${gateway.url}${path}`)).status).toBe(200);
  });
});

describe("x-request-id", () => {
  test("is echoed", async () => {
    const headers = { "x-request-id": "order-4711" };
    for (const path of ["/healthcheck", "/nowhere", `/payments/${newId()}`]) {
      expect((await call(`${gateway.url}${path}`, { headers })).headers.get("x-request-id")).toBe(
        "order-4711",
      );
    }
  });
  test("is made when there is none, and differs", async () => {
    const made = await Promise.all([1, 2].map(() => call(`${gateway.url}/healthcheck`)));
    const ids = made.map(({ headers }) => headers.get("x-request-id"));
    expect(ids[0]).toBeTruthy();
    expect(ids[0]).not.toBe(ids[1]);
  });
});

/** The total of both processors when nothing is under way. */
async function untilSettled(): Promise<{ count: number; cents: number }> {
  await untilIdle(gateway.url, 10_000);
  const summary = await summaryOf(gateway.url);
  return {
    count: summary.default.count + summary.fallback.count,
    cents: summary.default.cents + summary.fallback.cents,
  };
}
