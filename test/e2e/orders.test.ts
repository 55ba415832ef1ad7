/** Section B over HTTP: catalogue, reservations, orders, their topics and dead letters. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { call, post } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { endPrograms } from "./program.ts";
import { CARD, CardGateway, ShopClient } from "./shop.ts";
import { until } from "./until.ts";

const cards = new CardGateway();
let gateway: Gateway;
let shop: ShopClient;
/** Every test has users of its own: the duplicate window is about users. */
let user = 1_000;

beforeAll(async () => {
  const env = { PAYMENTS_URL: cards.url, PAYMENTS_TIMEOUT_SECONDS: "0.3", ORDER_RETRY_BASE_SECONDS: "0.05" };
  gateway = await Gateway.start({ env });
  shop = new ShopClient(() => gateway.url);
  const filled = await call(`${gateway.url}/`, { method: "POST" });
  expect(filled.status).toBe(201);
  expect(filled.body).toEqual({ message: "Products created successfully" });
});
beforeEach(async () => {
  user++;
  await cards.heal();
});
afterAll(async () => {
  await endPrograms();
  await cards.stop();
});

interface Letter {
  readonly id: number;
  readonly subject: string;
  readonly source: string;
}
async function letterOf(subject: string): Promise<Letter | undefined> {
  const answer = await call(`${gateway.url}/dlq?limit=500`);
  return (answer.body as { items: Letter[] }).items.find((letter) => letter.subject === subject); // the contract's
}

describe("the catalogue", () => {
  test("46 products, filled once", async () => {
    expect((await call(`${gateway.url}/`, { method: "POST" })).status).toBe(201);
    const products = await shop.products();
    expect(products).toHaveLength(46);
    expect(Object.keys(products[0] ?? {})).toEqual([
      "id",
      "name",
      "price",
      "quantity",
      "createdAt",
      "updatedAt",
    ]);
  });

  test("searches show a reservation at once", async () => {
    const { name, quantity, ...product } = await shop.product(5);
    await shop.reserved({ name, quantity, ...product }, 3, user);
    const found = (await call(`${gateway.url}/findByName/${encodeURIComponent("FEIJAO PRETO")}`)).body;
    expect(found).toMatchObject([{ id: 5, name, quantity: quantity - 3 }]);
  });

  test("what is not there is an empty array", async () => {
    for (const path of ["findById/999", "findById/abc", "findById/1e9", "findByName/nothing%20like%20it"]) {
      expect((await call(`${gateway.url}/${path}`)).body).toEqual([]);
    }
  });
});

describe("reservations", () => {
  test("a hundred buyers of five pieces at once: five get one, nothing is left", async () => {
    const product = await shop.product(43);
    await shop.reserved(product, product.quantity - 5, user);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, buyer) => shop.reserve(product, 1, `buyer-${buyer}`)),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(5);
    expect(statuses.filter((status) => status === 400)).toHaveLength(95);
    expect(answers.find(({ status }) => status === 400)?.body).toMatchObject({ code: "OUT_OF_STOCK" });
    expect((await shop.product(43)).quantity).toBe(0);
  });

  test("comes back as it was made, the user's id included", async () => {
    const product = await shop.product(1);
    for (const userId of [user, `user-${user}`]) {
      const id = await shop.reserved(product, 2, userId);
      expect((await call(`${gateway.url}/reserve/${id}`)).body).toMatchObject({
        reserve_id: id,
        product_id: 1,
        user_id: userId,
        quantity: 2,
        total_price: 37.8,
        status: "reserved",
      });
    }
    expect((await call(`${gateway.url}/reserve/0198c2a4-1f0b-7d52-8e0a-51d2c9b7a3f4`)).status).toBe(404);
  });

  test("with an Idempotency-Key it is made once", async () => {
    const product = await shop.product(3);
    const headers = { "idempotency-key": `reserve-${user}` };
    const first = await shop.reserve(product, 1, user, headers);
    const again = await shop.reserve(product, 1, user, headers);
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect((await shop.product(3)).quantity).toBe(product.quantity - 1);
    expect((await shop.reserve(product, 2, user, headers)).status).toBe(422);
  });

  test.each([
    [{ product_id: 999 }, 400, "PRODUCT_UNKNOWN"],
    [{ product_id: "abc" }, 400, "PRODUCT_UNKNOWN"],
    [{ quantity: 0 }, 400, "QUANTITY_NOT_ALLOWED"],
    [{ quantity: -1 }, 400, "QUANTITY_NOT_ALLOWED"],
    [{ quantity: 101, total_price: 1908.9 }, 400, "QUANTITY_NOT_ALLOWED"],
    [{ total_price: 18.9001 }, 400, "PRICE_MISMATCH"],
    [{ total_price: 0 }, 400, "PRICE_MISMATCH"],
    [{ total_price: 18.90001 }, 422, "VALIDATION"],
    [{ quantity: 1.5 }, 422, "VALIDATION"],
    [{ quantity: "many" }, 422, "VALIDATION"],
    [{ product_id: null }, 422, "VALIDATION"],
    [{ user_id: undefined }, 422, "VALIDATION"],
  ])("%p is answered %p %p", async (wrong, status, code) => {
    const body = { product_id: 1, user_id: user, quantity: 1, total_price: 18.9, ...wrong };
    const answer = await post(`${gateway.url}/reserve`, body);
    expect([answer.status, (answer.body as { code: string }).code]).toEqual([status, code]);
  });
});

describe("orders", () => {
  test("twenty of the same at once: one 202, nineteen 409, one charge", async () => {
    const product = await shop.product(2);
    const reserveId = await shop.reserved(product, 1, user);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => shop.order(product, 1, user, reserveId)),
    );
    const accepted = answers.filter(({ status }) => status === 202);
    expect(accepted).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
    const id = String((accepted[0]?.body as { payment_id?: string } | undefined)?.payment_id);
    expect(await shop.ended(id)).toMatchObject({
      status_name: "AUTHORIZED",
      attempts: 1,
      card_last4: "1111",
    });
    expect(cards.simulator.find(id)).toMatchObject({ attempts: 1, status: "AUTHORIZED", amountCents: 2750 });
  });

  test("an order walks through its topics, its messages in one order", async () => {
    const id = await shop.ordered(await shop.product(4), 2, user);
    await shop.ended(id);
    for (const topic of ["order_queue", "process-purchases", "purchases-processed"]) {
      const { items } = (await call(`${gateway.url}/topics/${topic}/messages?limit=500`)).body as {
        items: { key: string; value: { payment_id: string } }[];
      };
      expect(items.filter(({ key }) => key === id).map(({ value }) => value.payment_id)).toEqual([id]);
    }
  });

  test("always declined: five calls with growing gaps, failed, one dead letter, stock back; then requeued", async () => {
    const product = await shop.product(6);
    await cards.set("decline", { decline: true });
    const id = await shop.ordered(product, 3, user);
    expect((await shop.product(6)).quantity).toBe(product.quantity - 3);
    expect(await shop.ended(id)).toMatchObject({ status: 3, attempts: 5, last_error: "card_declined" });
    expect((await shop.product(6)).quantity).toBe(product.quantity);
    const times = cards.simulator.find(id)?.attemptedAtMs ?? [];
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps).toHaveLength(4);
    // What a busy machine adds to a wait has no bound; that each wait itself is longer than the one before is shown
    // in domain/order-attempt.test.ts.
    for (const [index, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual(50 * 2 ** index - 1);

    const letter = await letterOf(id);
    expect(letter).toMatchObject({
      source: "orders",
      attempts: 5,
      deaths: 1,
      error: { code: "card_declined" },
    });
    await cards.heal();
    const withoutCard = await post(`${gateway.url}/dlq/${letter?.id}/requeue`, {});
    expect([withoutCard.status, withoutCard.body]).toMatchObject([
      409,
      { code: "DEAD_LETTER_NOT_REQUEUABLE" },
    ]);
    const badCard = await post(`${gateway.url}/dlq/${letter?.id}/requeue`, {
      card: { ...CARD, card_number: "1" },
    });
    expect([badCard.status, badCard.body]).toMatchObject([422, { errors: [{ path: "card.card_number" }] }]);
    const card = { ...CARD, card_number: "5555555555554444" };
    const requeued = await post(`${gateway.url}/dlq/${letter?.id}/requeue`, { card });
    expect(requeued.status).toBe(202);
    expect(await shop.ended(id)).toMatchObject({
      status_name: "AUTHORIZED",
      attempts: 6,
      card_last4: "4444",
    });
    expect(cards.simulator.find(id)).toMatchObject({ attempts: 6, status: "AUTHORIZED" });
    expect((await shop.product(6)).quantity).toBe(product.quantity - 3);
    expect(await letterOf(id)).toBeUndefined();
  });

  test("answers that get lost: charged once, authorized once", async () => {
    await cards.set("faults", { loseAnswerShare: 1 });
    const id = await shop.ordered(await shop.product(7), 1, user);
    expect(await shop.ended(id)).toMatchObject({
      status_name: "AUTHORIZED",
      attempts: 2,
      last_error: "timeout",
    });
    expect(cards.simulator.find(id)?.attempts).toBe(1);
  });

  test("slower than its timeout for a while: asked with the same reference until it says, never charged twice", async () => {
    await cards.set("delay", { delay: 1_500 });
    const id = await shop.ordered(await shop.product(8), 1, user);
    await until("attempts to time out", 5_000, async () => ((await shop.find(id))?.attempts ?? 0) >= 2);
    await cards.heal();
    expect(await shop.ended(id)).toMatchObject({ status_name: "AUTHORIZED" });
    expect(cards.simulator.find(id)?.attempts).toBe(1);
  });

  test.each([
    [
      "a reservation that there is not",
      { reserve_id: "0198c2a4-1f0b-7d52-8e0a-51d2c9b7a3f4" },
      400,
      "RESERVATION_UNKNOWN",
    ],
    ["an id that is none", { reserve_id: "abc" }, 400, "RESERVATION_UNKNOWN"],
    ["another user's reservation", { user_id: "somebody else" }, 400, "RESERVATION_UNKNOWN"],
    ["more than reserved", { quantity: 3, total_price: 78.57 }, 400, "QUANTITY_OVER_RESERVATION"],
    ["another price", { price: 26.1901 }, 400, "PRICE_MISMATCH"],
    ["no price", { price: undefined }, 422, "VALIDATION"],
    ["an array as a user", { user_id: [] }, 422, "VALIDATION"],
  ])("%s", async (_, wrong, status, code) => {
    const product = { ...(await shop.product(12)), price: 6.49 };
    const reserveId = await shop.reserved(product, 2, user);
    const produto = {
      reserve_id: reserveId,
      product_id: 12,
      user_id: user,
      price: 6.49,
      quantity: 2,
      total_price: 12.98,
    };
    const fixed = "quantity" in wrong ? { ...wrong, total_price: 19.47 } : wrong;
    const answer = await post(`${gateway.url}/payment`, { produto: { ...produto, ...fixed }, card: CARD });
    expect([answer.status, (answer.body as { code: string }).code]).toEqual([status, code]);
  });

  test("an order that nobody knows is 404", async () => {
    for (const id of ["0198c2a4-1f0b-7d52-8e0a-51d2c9b7a3f4", "abc", "0"]) {
      expect((await call(`${gateway.url}/payment/${id}`)).status).toBe(404);
    }
  });
});

describe("dead letters of payments", () => {
  test("a payment that its processor declined is requeued: settled, charged once, with its whole history", async () => {
    const booked: string[] = [];
    let isDeclining = true;
    const processor = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        if (request.method !== "POST") return Response.json({ failing: false, minResponseTime: 0 });
        if (isDeclining) return new Response("", { status: 400 });
        booked.push(((await request.json()) as { correlationId: string }).correlationId);
        return Response.json({ message: "payment processed successfully" });
      },
    });
    const url = `http://127.0.0.1:${processor.port}`;
    const env = { PAYMENT_PROCESSOR_DEFAULT: `${url}/one`, PAYMENT_PROCESSOR_FALLBACK: `${url}/other` };
    const own = await Gateway.start({ env });
    const ids = Array.from({ length: 5 }, () => crypto.randomUUID());
    await Promise.all(ids.map((correlationId) => post(`${own.url}/payments`, { correlationId, amount: 10 })));
    const list = () =>
      call(`${own.url}/dlq?source=payments`).then(({ body }) => (body as { items: Letter[] }).items);
    await until("five dead payments", 5_000, async () => (await list()).length === 5);
    isDeclining = false;

    const [first] = await list();
    expect((await call(`${own.url}/dlq/${first?.id}/requeue`, { method: "POST" })).status).toBe(202);
    const count = await post(`${own.url}/dlq/requeue`, { filter: { source: "payments" }, dryRun: true });
    expect(count.body).toEqual({ dryRun: true, matched: 4, bySource: { payments: 4 } });
    const started = await post(`${own.url}/dlq/requeue`, { filter: { code: "http_400" }, perSecond: 100 });
    expect([started.status, started.body]).toMatchObject([202, { id: 1, matched: 4 }]);
    await until("the requeue to be done", 5_000, async () => {
      const { body } = await call(`${own.url}/dlq/requeue/1`);
      return (body as { status: string }).status === "done";
    });
    await until("all to be settled", 5_000, () => booked.length === 5);
    expect(booked.toSorted()).toEqual(ids.toSorted());
    expect(await list()).toEqual([]);
    const payment = await until("the summary", 5_000, async () => {
      const { body } = await call(`${own.url}/payments/${first?.subject}`);
      return (body as { status: string }).status === "settled" && (body as { history: { event: string }[] });
    });
    expect(payment.history.map(({ event }) => event)).toEqual(["accepted", "attempt", "requeued", "settled"]);
    await own.stop();
    await processor.stop(true);
  });

  test("only an administrator may requeue, delete or cancel", async () => {
    const headers = { "x-forwarded-for": "10.1.2.3", "content-type": "application/json" };
    const calls = [
      ["POST", "/dlq/1/requeue"],
      ["DELETE", "/dlq/1"],
      ["POST", "/dlq/requeue"],
      ["POST", "/dlq/requeue/1/cancel"],
      ["POST", "/dlq/discard"],
      ["POST", "/dlq/discard/1/cancel"],
    ] as const;
    for (const [method, path] of calls) {
      const body = method === "POST" ? "{}" : null;
      expect((await call(`${gateway.url}${path}`, { method, headers, body })).status).toBe(403);
    }
    expect((await call(`${gateway.url}/dlq/999999`)).status).toBe(404);
    expect((await call(`${gateway.url}/dlq/999999/requeue`, { method: "POST" })).status).toBe(404);
    expect((await call(`${gateway.url}/dlq/999999`, { method: "DELETE" })).status).toBe(404);
  });
});
