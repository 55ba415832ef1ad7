import { afterEach, describe, expect, test } from "bun:test";
import { HttpClient } from "./http-client.ts";
import { classifyGatewayResult, type GatewayPayment, PaymentGatewayClient } from "./payment-gateway.ts";

const PAYMENT: GatewayPayment = {
  key: "01a1f811-f637-7774-9873-b4de5f423321",
  paymentId: 12,
  userId: 7,
  amountCents: 6_000,
  commissionCents: 120,
  type: "withdraw",
};

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A client of a gateway that answers with `handle`. */
function clientOf(handle: (request: Request) => Response | Promise<Response>, timeoutMs = 1_000) {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 0, fetch: handle });
  const http = new HttpClient();
  stops.push(
    () => http.close(),
    () => void server.stop(true),
  );
  return new PaymentGatewayClient(`http://127.0.0.1:${server.port}/gateway`, http, timeoutMs);
}

test("a call carries the payment, and its key as the Idempotency-Key", async () => {
  const seen: unknown[] = [];
  const client = clientOf(async (request) => {
    const { pathname } = new URL(request.url);
    seen.push(request.method, pathname, request.headers.get("idempotency-key"), await request.json());
    return Response.json({ status: "success" });
  });
  expect((await client.pay(PAYMENT)).outcome).toMatchObject({ kind: "settled" });
  expect(seen).toEqual([
    "POST",
    "/gateway/pay",
    PAYMENT.key,
    { payment_id: 12, user_id: 7, amount: 60, commission: 1.2, type: "withdraw" },
  ]);
});

describe("an answer means", () => {
  test.each([
    [200, "settled", undefined],
    [201, "settled", undefined],
    [204, "settled", undefined],
    [302, "declined", "gateway_error_302"],
    [400, "declined", "gateway_error_400"],
    [402, "declined", "gateway_error_402"],
    [422, "declined", "gateway_error_422"],
    [429, "refused", "gateway_error_429"],
    [500, "unknown", "gateway_error_500"],
    [502, "unknown", "gateway_error_502"],
    [503, "unknown", "gateway_error_503"],
  ])("%d: %s", async (status, kind, code) => {
    const client = clientOf(() => new Response(null, { status }));
    const { outcome } = await client.pay(PAYMENT);
    expect([outcome.kind, "code" in outcome ? outcome.code : undefined]).toEqual([kind, code] as never);
  });
});

describe("no answer means", () => {
  test("timeout, once the time is over", async () => {
    const client = clientOf(() => new Promise(() => {}), 80);
    expect((await client.pay(PAYMENT)).outcome).toEqual({ kind: "unknown", code: "timeout" });
  });

  test("certainly not charged, if nobody listens", async () => {
    const http = new HttpClient();
    stops.push(() => http.close());
    const client = new PaymentGatewayClient("http://127.0.0.1:1", http, 1_000);
    expect((await client.pay(PAYMENT)).outcome).toEqual({ kind: "failed", code: "connect_refused" });
  });

  test("timeout too, in whatever phase it came", () => {
    for (const code of ["connect_timeout", "pool_timeout"] as const) {
      expect(classifyGatewayResult({ kind: "not-sent", code }, 0)).toEqual({
        kind: "failed",
        code: "timeout",
      });
    }
  });
});

test("of an answer its status and beginning are kept, without a card number that it may have", async () => {
  const client = clientOf(() => new Response("no: 4111 1111 1111 1111\n", { status: 402 }));
  expect((await client.pay(PAYMENT)).call).toEqual({
    isLookup: false,
    status: 402,
    excerpt: "no: **** **** **** ****",
  });
});
