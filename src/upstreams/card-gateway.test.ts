import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import type { Card } from "../domain/card.ts";
import { CardSeal } from "../modules/orders/card-seal.ts";
import { createChargeRunner } from "../modules/orders/charge-runner.ts";
import { CardGatewaySimulator } from "../simulator/card-gateway.ts";
import { requestPath } from "../simulator/processor-api.ts";
import { CardGatewayClient } from "./card-gateway.ts";
import { HttpClient } from "./http-client.ts";

/** The client of the card gateway, against the built-in one and against answers that only others give. */
const CARD: Card = {
  number: "4929871234567893",
  expMonth: 1,
  expYear: 2031,
  securityCode: "917",
  holder: "Ana",
};

let simulator: CardGatewaySimulator;
/** Answers instead of the simulator, if set. */
let override: ((request: Request) => Response | Promise<Response>) | null;
const seen: { headers: Headers; body: unknown }[] = [];

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  fetch: async (request) => {
    seen.push({ headers: request.headers, body: await request.clone().json() });
    return override === null ? simulator.handle(request, requestPath(request.url)) : override(request);
  },
});
const http = new HttpClient();
const options = { token: "secret-token", apiVersion: "4.0", timeoutMs: 300 };
const client = new CardGatewayClient(`http://127.0.0.1:${server.port}`, http, options);

beforeEach(() => {
  simulator = new CardGatewaySimulator();
  override = null;
  seen.length = 0;
});
afterAll(async () => {
  http.close();
  await server.stop(true);
});

const charge = (referenceId = "order-1") => ({ referenceId, description: "2 x Café", amountCents: 3780 });

async function set(name: string, body: object): Promise<void> {
  const request = new Request(`http://gateway/admin/configurations/${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json", "x-rinha-token": "123" },
    body: JSON.stringify(body),
  });
  expect((await simulator.handle(request, `/admin/configurations/${name}`)).status).toBe(200);
}

test("the request is the contract's", async () => {
  expect((await client.charge(charge(), CARD)).outcome).toMatchObject({ kind: "settled" });
  expect(seen[0]?.headers.get("authorization")).toBe("Bearer secret-token");
  expect(seen[0]?.headers.get("x-api-version")).toBe("4.0");
  expect(seen[0]?.body).toEqual({
    reference_id: "order-1",
    description: "2 x Café",
    amount: { value: 3780, currency: "BRL" },
    payment_method: {
      type: "CREDIT_CARD",
      installments: 1,
      capture: false,
      card: {
        number: CARD.number,
        exp_month: 1,
        exp_year: 2031,
        security_code: "917",
        holder: { name: "Ana" },
      },
    },
  });
});

describe("the built-in gateway", () => {
  test("recognises a reference: authorized once, however often it is charged, even at the same time", async () => {
    await set("delay", { delay: 30 });
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => client.charge(charge(), CARD)));
    expect(outcomes.map(({ outcome }) => outcome.kind)).toEqual(Array(4).fill("settled"));
    expect(simulator.find("order-1")).toMatchObject({ attempts: 1, status: "AUTHORIZED", amountCents: 3780 });
  });

  test("declines while it is told to, and authorizes the same reference afterwards", async () => {
    await set("decline", { decline: true });
    expect((await client.charge(charge(), CARD)).outcome).toEqual({
      kind: "declined",
      code: "card_declined",
    });
    await set("decline", { decline: false });
    expect((await client.charge(charge(), CARD)).outcome).toMatchObject({ kind: "settled" });
    expect(simulator.find("order-1")?.attempts).toBe(2);
  });

  test("fails while it is told to", async () => {
    await set("failure", { failure: true });
    expect((await client.charge(charge(), CARD)).outcome).toEqual({ kind: "failed", code: "http_500" });
  });

  test("charges although the caller gave up: the next call learns it", async () => {
    await set("delay", { delay: 400 });
    expect((await client.charge(charge(), CARD)).outcome).toEqual({ kind: "unknown", code: "timeout" });
    await Bun.sleep(200);
    expect((await client.inquire(charge())).outcome).toMatchObject({ kind: "settled" });
    expect(simulator.find("order-1")?.attempts).toBe(1);
  });

  test("loses an answer: the repeat is recognised and not charged again", async () => {
    await set("faults", { loseAnswerShare: 1 });
    expect((await client.charge(charge(), CARD)).outcome.kind).toBe("unknown");
    expect((await client.charge(charge(), CARD)).outcome).toMatchObject({ kind: "settled" });
    expect(simulator.find("order-1")?.attempts).toBe(1);
  });

  test("says of a reference it does not know that nothing was charged", async () => {
    expect((await client.inquire(charge("nobody"))).outcome).toEqual({
      kind: "declined",
      code: "not_charged",
    });
    expect(simulator.find("nobody")).toBeNull();
  });

  test("its switches need the token", async () => {
    const request = new Request("http://gateway/admin/configurations/decline", { method: "PUT", body: "{}" });
    expect((await simulator.handle(request, "/admin/configurations/decline")).status).toBe(401);
  });
});

describe("what an answer means", () => {
  const reply = (status: number, body: unknown) => {
    override = () => new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
  };
  test.each([
    [200, { status: "AUTHORIZED" }, { kind: "settled" }],
    [201, { status: "AUTHORIZED", reference_id: "order-1" }, { kind: "settled" }],
    [200, { status: "AUTHORIZED", reference_id: "another" }, { kind: "unknown", code: "unreadable" }],
    [200, { status: "DECLINED" }, { kind: "declined", code: "card_declined" }],
    [200, { status: "IN_ANALYSIS" }, { kind: "unknown", code: "not_decided" }],
    [200, "<html>", { kind: "unknown", code: "unreadable" }],
    [400, {}, { kind: "declined", code: "http_400" }],
    [401, {}, { kind: "failed", code: "http_401" }],
    [409, {}, { kind: "unknown", code: "http_409" }],
    [429, {}, { kind: "refused", code: "http_429" }],
    [500, {}, { kind: "failed", code: "http_500" }],
    [502, {}, { kind: "unknown", code: "http_502" }],
    [503, {}, { kind: "failed", code: "http_503" }],
    [504, {}, { kind: "unknown", code: "http_504" }],
  ] as const)("%p %p is %p", async (status, body, outcome) => {
    reply(status, body);
    expect((await client.charge(charge(), CARD)).outcome).toMatchObject(outcome);
  });

  test("nobody there: certainly not charged", async () => {
    const nobody = new CardGatewayClient("http://127.0.0.1:1", http, options);
    expect((await nobody.charge(charge(), CARD)).outcome).toEqual({
      kind: "failed",
      code: "connect_refused",
    });
  });
});

describe("what is kept of an answer", () => {
  test("says how it began, and whether the call was only a question", async () => {
    expect((await client.charge(charge(), CARD)).call).toEqual({
      isLookup: false,
      status: 200,
      excerpt: expect.stringContaining('"status":"AUTHORIZED"'),
    });
    expect((await client.inquire(charge())).call).toMatchObject({ isLookup: true });
  });

  test("R20: of a gateway that echoes what it is sent, nothing of the card or the token", async () => {
    const echo = async (request: Request) => {
      const { payment_method: method } = (await request.json()) as { payment_method: unknown }; // bodyOf made it
      return Response.json({ method, auth: request.headers.get("authorization") }, { status: 400 });
    };
    override = echo;
    const { call } = await client.charge(charge(), CARD);
    expect(call?.status).toBe(400);
    expect(call?.excerpt).toContain("CREDIT_CARD");
    for (const secret of [CARD.number, "4929", CARD.securityCode, "2031", "Ana", options.token]) {
      expect(call?.excerpt).not.toContain(secret);
    }
  });

  test("there is none without an answer", async () => {
    override = () => new Promise(() => {});
    expect((await client.charge(charge(), CARD)).call).toEqual({
      isLookup: false,
      status: null,
      excerpt: null,
    });
  });
});

describe("the runner in the dispatch thread", () => {
  const seal = new CardSeal(CardSeal.newKey());
  const run = (sealedCard: string | null, isUncertain: boolean) =>
    createChargeRunner(
      client,
      seal,
    )({
      taskId: 1,
      kind: "order",
      attempts: 0,
      uncertain: false,
      payload: { orderId: "order-1", description: "Café", amountCents: 1, sealedCard, isUncertain },
    });

  test("opens the card and charges it", async () => {
    expect(await run(seal.seal(CARD, "order-1"), false)).toMatchObject({
      outcome: { kind: "settled" },
      data: { isCardGone: false, isCall: true, isCharge: true },
    });
  });

  test("a card of another life: no call if it certainly was not charged, a question if it may have been", async () => {
    const foreign = new CardSeal(CardSeal.newKey()).seal(CARD, "order-1");
    expect(await run(foreign, false)).toEqual({
      outcome: { kind: "declined", code: "card_lost" },
      data: { isCardGone: true, isCall: false, isCharge: false },
    });
    expect(seen).toHaveLength(0);
    expect(await run(foreign, true)).toEqual({
      outcome: { kind: "declined", code: "not_charged" },
      call: { isLookup: true, status: 400, excerpt: expect.any(String) },
      data: { isCardGone: true, isCall: true, isCharge: false },
    });
    expect(JSON.stringify(seen[0]?.body)).not.toContain("card");
  });

  test("all attempts used up: a question", async () => {
    await client.charge(charge(), CARD);
    expect(await run(null, true)).toMatchObject({ outcome: { kind: "settled" } });
  });
});
