/** GET /payments-summary: windows are exact to the millisecond, at both ends. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { call, pay, settledPayment, summaryOf } from "./client.ts";
import { Gateway, startProcessors } from "./gateway.ts";
import type { ProcessorPair } from "./processors.ts";
import { endPrograms } from "./program.ts";

let gateway: Gateway;
let processors: ProcessorPair;
/** When the first, the second and the third payment were charged, ms. */
let first: number;
let second: number;
let third: number;

beforeAll(async () => {
  processors = await startProcessors();
  gateway = await Gateway.start({ processors });
  const times: number[] = [];
  // 1, 10 and 100, so that every sum says which payments are in it.
  for (const amount of [1, 10, 100]) {
    const id = crypto.randomUUID();
    await pay(gateway.url, id, amount);
    const { requestedAt } = await settledPayment(gateway.url, id);
    times.push(Date.parse(requestedAt ?? ""));
    await Bun.sleep(5);
  }
  [first = 0, second = 0, third = 0] = times;
  expect(first).toBeLessThan(second);
  expect(second).toBeLessThan(third);
});
afterAll(endPrograms);

const iso = (ms: number) => new Date(ms).toISOString();

/** The sum of both processors in whole units. */
async function sum(window: { from?: string; to?: string }): Promise<number> {
  const summary = await summaryOf(gateway.url, window);
  return (summary.default.cents + summary.fallback.cents) / 100;
}

test("the shape of the answer", async () => {
  const answer = await call(`${gateway.url}/payments-summary`);
  expect(answer.status).toBe(200);
  const body = answer.body as Record<string, unknown>; // checked in the next line
  expect(Object.keys(body)).toEqual(["default", "fallback"]);
  for (const total of Object.values(body)) {
    expect(total).toEqual({ totalRequests: expect.any(Number), totalAmount: expect.any(Number) });
  }
});

test("without bounds: everything", async () => {
  expect(await sum({})).toBe(111);
});

test("both ends are inclusive, to the millisecond", async () => {
  expect(await sum({ from: iso(first), to: iso(third) })).toBe(111);
  expect(await sum({ from: iso(second), to: iso(second) })).toBe(10);
  expect(await sum({ from: iso(first + 1), to: iso(third) })).toBe(110);
  expect(await sum({ from: iso(first), to: iso(third - 1) })).toBe(11);
  expect(await sum({ from: iso(first + 1), to: iso(third - 1) })).toBe(10);
});

test("each bound is optional", async () => {
  expect(await sum({ from: iso(second) })).toBe(110);
  expect(await sum({ from: iso(second + 1) })).toBe(100);
  expect(await sum({ to: iso(second) })).toBe(11);
  expect(await sum({ to: iso(second - 1) })).toBe(1);
});

test("a bound finer than a millisecond is not rounded over a payment", async () => {
  const justAfter = iso(second).replace("Z", "1Z");
  expect(await sum({ from: justAfter })).toBe(100);
  expect(await sum({ to: justAfter })).toBe(11);
});

test("one moment in several spellings", async () => {
  const utc = iso(second);
  const local = new Date(second + 2 * 3_600_000).toISOString().replace("Z", "+02:00");
  for (const from of [utc, utc.replace("Z", ""), utc.replace("Z", "+00:00"), local]) {
    expect(await sum({ from })).toBe(110);
  }
  // A "+" that the caller forgot to escape arrives as a space.
  const answer = await call(`${gateway.url}/payments-summary?from=${local}`);
  expect(answer.status).toBe(200);
});

test("windows without payments, also inside out and at the ends of time", async () => {
  expect(await sum({ from: iso(third), to: iso(first) })).toBe(0);
  expect(await sum({ from: iso(third + 1) })).toBe(0);
  expect(await sum({ to: "0001-01-01T00:00:00Z" })).toBe(0);
  expect(await sum({ from: "9999-12-31T23:59:59.999Z" })).toBe(0);
  expect(await sum({ from: "0001-01-01T00:00:00Z", to: "9999-12-31T23:59:59.999Z" })).toBe(111);
});

describe("a bad bound is 422 and named", () => {
  const bad = [
    "yesterday",
    "2025-02-30T00:00:00Z",
    "2025-13-01",
    "2025-07-15T24:00:00Z",
    "2025-07-15T12:00:60Z",
    "1752570000000",
    "2025-07-15T12:00:00+25:00",
    "'; DROP TABLE payments; --",
    "%00",
  ];
  test.each(bad)("%p", async (text) => {
    for (const bound of ["from", "to"]) {
      const answer = await call(`${gateway.url}/payments-summary?${new URLSearchParams({ [bound]: text })}`);
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ code: "VALIDATION", errors: [{ path: bound }] });
    }
  });
  test("both at once", async () => {
    const answer = await call(`${gateway.url}/payments-summary?from=x&to=y`);
    expect(answer.body).toMatchObject({ errors: [{ path: "from" }, { path: "to" }] });
  });
});

test("it equals the processors' own summaries", async () => {
  const window = { from: iso(first), to: iso(third) };
  const ours = await summaryOf(gateway.url, window);
  expect(ours.default).toEqual(await processors.default.summary(window));
  expect(ours.fallback).toEqual(await processors.fallback.summary(window));
});
