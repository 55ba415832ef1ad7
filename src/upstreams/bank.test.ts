import { afterAll, expect, test } from "bun:test";
import { BankSimulator } from "../simulator/bank.ts";
import { BankClient, classifyBankResult } from "./bank.ts";
import { HttpClient } from "./http-client.ts";
import type { HttpAnswer } from "./http-result.ts";

const client = new HttpClient();
afterAll(() => client.close());

const PAYMENT = {
  paymentId: crypto.randomUUID(),
  userId: crypto.randomUUID(),
  accountNumber: "1",
  amount: 1.5,
  created: "2025-07-15T12:34:56.123Z",
};

function answer(status: number, body: string): HttpAnswer {
  return {
    kind: "answer",
    status,
    body: new TextEncoder().encode(body),
    bodyEndMarked: true,
    latencyMs: 1,
    header: () => undefined,
  };
}

test("client and simulated bank understand each other", async () => {
  const bank = new BankSimulator({ delayMinMs: 0, delayMaxMs: 0, approvalRate: 1 });
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) => bank.handle(request, "/payments"),
  });
  const result = await new BankClient(`http://127.0.0.1:${server.port}`, client).pay(PAYMENT);
  await server.stop(true);
  expect(result.outcome.kind).toBe("settled");
  expect(result.data).toEqual({
    kind: "decided",
    state: "completed",
    details: "Payment processed in 0 seconds",
  });
});

test("a no is final, a not yet is neither a yes nor a no", () => {
  expect(classifyBankResult(answer(200, '{"state":"rejected","extPaymentDetails":"No"}'), 0)).toEqual({
    outcome: { kind: "declined", code: "rejected" },
    data: { kind: "decided", state: "rejected", details: "No" },
  });
  expect(classifyBankResult(answer(202, '{"state":"pending","askAgainInMs":4200}'), 0)).toEqual({
    outcome: { kind: "unknown", code: "pending" },
    data: { kind: "notYet", askAgainInMs: 4200 },
  });
});

test.each([
  ['{"state":"pending"}', 1_000],
  ['{"state":"pending","askAgainInMs":-5}', 1_000],
  ['{"state":"pending","askAgainInMs":0.001}', 10],
  ['{"state":"pending","askAgainInMs":1e12}', 60_000],
])("an absurd time to ask again is bounded: %s", (body, askAgainInMs) => {
  expect(classifyBankResult(answer(202, body), 0).data).toEqual({ kind: "notYet", askAgainInMs });
});

test.each([
  [answer(200, "nonsense"), "unknown", "unreadable"],
  [answer(200, '{"state":"maybe"}'), "unknown", "unreadable"],
  [answer(200, "null"), "unknown", "unreadable"],
  [answer(500, '{"state":"completed"}'), "unknown", "http_500"],
  [answer(404, ""), "unknown", "http_404"],
  [{ kind: "unknown", code: "timeout" } as const, "unknown", "timeout"],
  [{ kind: "not-sent", code: "connect_refused" } as const, "failed", "connect_refused"],
])("anything else decides nothing: %#", (result, kind, code) => {
  expect(classifyBankResult(result, 0)).toEqual({ outcome: { kind, code } } as never); // kind is one of the two
});
