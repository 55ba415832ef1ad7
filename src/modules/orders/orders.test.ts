import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ORDER_STATUSES, ORDER_TRANSITIONS, type OrderTransition } from "../../domain/order.ts";
import type { TopicName } from "../topics/topics.ts";
import { Shop } from "./fixtures/shop.ts";
import { OrderWriter } from "./order-writer.ts";

let shop: Shop;
let atFirst: Map<number, number>;

beforeEach(() => {
  shop = new Shop({ orderRetryBaseSeconds: 1 });
  atFirst = shop.pieces();
});
afterEach(() => {
  expect(shop.pieces()).toEqual(atFirst);
  shop.close();
});

const SETTLED = { kind: "settled", requestedAtMs: 1 } as const;
const DECLINED = { kind: "declined", code: "card_declined" } as const;
const UNKNOWN = { kind: "unknown", code: "timeout" } as const;
const NO_FILTER = { source: null, code: null, fromMs: null, toMs: null };
const NEW_CARD = { sealedCard: "sealed again", cardLast4: "2222" };

/** Everything said on a topic, the newest first. */
function said(topic: TopicName) {
  const below = new Map([0, 1].map((partition) => [partition, Number.MAX_SAFE_INTEGER]));
  return shop.queries.topics.newest(topic, below, 500);
}

const letters = () => shop.queries.letters.list(NO_FILTER, 100, null).items;

function requeue(extra: unknown) {
  return shop.execute("deadLetters.requeue", { id: letters()[0]?.id, who: "tester", extra });
}

describe("accepting an order", () => {
  test("twenty of the same at once: one yes, nineteen times the same no", () => {
    const reservationId = shop.reserved(1, 2);
    const replies = Array.from(
      { length: 20 },
      () => shop.order({ reservationId, productId: 1, quantity: 2 }).kind,
    );
    expect(replies.filter((kind) => kind === "accepted")).toHaveLength(1);
    expect(replies.filter((kind) => kind === "duplicate")).toHaveLength(19);
  });

  test("the window is per user and product, and ends", () => {
    const order = (productId: number, userId: number) => {
      const reservationId = shop.reserved(productId, 1, userId);
      return shop.order({ reservationId, productId, quantity: 1, userId }).kind;
    };
    expect(order(1, 7)).toBe("accepted");
    expect(order(1, 7)).toBe("duplicate");
    expect(order(2, 7)).toBe("accepted");
    expect(order(1, 8)).toBe("accepted");
    shop.nowMs += 119_999;
    expect(order(1, 7)).toBe("duplicate");
    shop.nowMs += 1;
    expect(order(1, 7)).toBe("accepted");
  });

  test("a user is the same as a number and as a text", () => {
    const reservationId = shop.reserved(1, 1, "7");
    expect(shop.order({ reservationId, productId: 1, quantity: 1, userId: 7 }).kind).toBe("accepted");
    expect(shop.order({ reservationId, productId: 1, quantity: 1, userId: "7" }).kind).toBe("duplicate");
  });

  test("a reservation is paid once, and not after its time", () => {
    const reservationId = shop.reserved(1, 2);
    const other = shop.reserved(1, 2);
    expect(shop.order({ reservationId, productId: 1, quantity: 2 }).kind).toBe("accepted");
    shop.nowMs += 130_000;
    expect(shop.order({ reservationId, productId: 1, quantity: 2 }).kind).toBe("reservation_paid");
    shop.nowMs += 900_000;
    expect(shop.order({ reservationId: other, productId: 1, quantity: 2 }).kind).toBe("reservation_expired");
  });

  test("fewer pieces than reserved: the rest is for sale again at once", () => {
    const before = shop.stockOf(1);
    const reservationId = shop.reserved(1, 5);
    expect(shop.order({ reservationId, productId: 1, quantity: 2 }).kind).toBe("accepted");
    expect(shop.stockOf(1)).toBe(before - 2);
  });

  test.each([
    ["unknown_product", { productId: 999, price: 1, total: 1 }],
    ["quantity_not_allowed", { quantity: 101 }],
    ["quantity_not_allowed", { quantity: 0 }],
    ["price_mismatch", { price: 189_001 }],
    ["price_mismatch", { total: 1 }],
    ["unknown_reservation", { reservationId: null }],
    ["unknown_reservation", { reservationId: "0198c2a4-6d1e-7c3b-9a55-2f6f7f1d9e10" }],
    ["unknown_reservation", { userId: 8 }],
    ["unknown_reservation", { productId: 2 }],
    ["quantity_over_reservation", { quantity: 3 }],
  ] as const)("%s for %p", (kind, wrong) => {
    const reservationId = shop.reserved(1, 2);
    expect(shop.order({ reservationId, productId: 1, quantity: 2, ...wrong })).toEqual({ kind });
    expect(shop.queries.orders.reservation(reservationId, shop.nowMs)?.status).toBe("reserved");
  });
});

describe("the way of an order", () => {
  test("authorized at the first call", () => {
    const id = shop.ordered(1, 2);
    expect(shop.statusOf(id)).toBe("PENDING");
    expect(shop.handOut(id)).toMatchObject({ orderId: id, amountCents: 3780, sealedCard: "sealed" });
    expect(shop.statusOf(id)).toBe("PROCESSING");
    expect(shop.report(id, 1, { outcome: SETTLED })).toEqual({ kind: "finish" });
    const order = shop.queries.orders.order(id);
    expect(order).toMatchObject({ status: 2, attempts: 1, last_error: null, card_last4: "1111" });
    expect(shop.queries.orders.reservation(order?.reserve_id ?? "", shop.nowMs)?.status).toBe("sold");
    for (const topic of ["order_queue", "process-purchases", "purchases-processed"] as const) {
      expect(said(topic).map(({ key }) => key)).toEqual([id]);
    }
    expect(said("payment_retry")).toEqual([]);
  });

  test("always declined: five calls with growing gaps, failed, one dead letter, stock back", () => {
    const before = shop.stockOf(1);
    const startedAtMs = shop.nowMs;
    const id = shop.ordered(1, 2);
    expect(shop.playOut(id, DECLINED)).toBe(5);
    expect(shop.nowMs - startedAtMs).toBe(1000 + 2000 + 4000 + 8000);
    expect(shop.queries.orders.order(id)).toMatchObject({
      status: 3,
      attempts: 5,
      last_error: "card_declined",
    });
    expect(shop.stockOf(1)).toBe(before);
    expect(said("payment_retry").map(({ headers }) => headers)).toEqual(
      [4, 3, 2, 1].map((n) => ({ attempt: `${n}` })),
    );
    const [dead] = said("payment_dlq");
    expect(dead?.value).toEqual({
      originalTopic: "process-purchases",
      originalMessage: expect.objectContaining({ payment_id: id, card_last4: "1111" }),
      error: { name: "OrderFailed", message: expect.any(String), code: "card_declined" },
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(letters()).toMatchObject([{ source: "orders", subject: id, attempts: 5, deaths: 1 }]);
    expect(shop.queries.letters.find(letters()[0]?.id ?? 0)?.history.map(({ event }) => event)).toEqual([
      ...Array(5).fill("attempt"),
      "died",
    ]);
  });

  test("what is told twice changes nothing the second time", () => {
    const id = shop.ordered(1, 2);
    shop.handOut(id);
    shop.report(id, 1, { outcome: SETTLED });
    const after = { order: shop.queries.orders.order(id), stock: shop.stockOf(1) };
    expect(shop.report(id, 1, { outcome: SETTLED })).toEqual({ kind: "finish" });
    expect(shop.report(id, 5, { outcome: DECLINED })).toEqual({ kind: "finish" });
    expect(shop.handOut(id)).toBeNull();
    expect({ order: shop.queries.orders.order(id), stock: shop.stockOf(1) }).toEqual(after);
    expect(said("purchases-processed")).toHaveLength(1);
    expect(letters()).toEqual([]);
  });

  test("the sealed card goes as soon as the charge is decided", () => {
    const ended = [shop.ordered(1, 1), shop.ordered(2, 1)] as const;
    shop.playOut(ended[0], SETTLED);
    shop.playOut(ended[1], DECLINED);
    const rows = shop.store.database.sqlite.query("SELECT sealed_card FROM orders").all();
    expect(rows).toEqual([{ sealed_card: null }, { sealed_card: null }]);
  });
});

describe("outcomes that are unknown", () => {
  test("are not the end: after five attempts the gateway is asked without a card, until it answers", () => {
    const id = shop.ordered(1, 1);
    for (let attempts = 1; attempts <= 8; attempts++) {
      const brief = shop.handOut(id, attempts - 1);
      expect(brief?.sealedCard === null).toBe(attempts > 5);
      expect(shop.report(id, attempts, { outcome: UNKNOWN }).kind).toBe("retry");
    }
    expect(shop.statusOf(id)).toBe("PROCESSING");
    shop.handOut(id, 8);
    expect(shop.report(id, 9, { outcome: SETTLED })).toEqual({ kind: "finish" });
    expect(shop.statusOf(id)).toBe("AUTHORIZED");
  });

  test("a process that died while a call was out leaves an order that may have been charged", () => {
    const id = shop.ordered(1, 1);
    const startedAtMs = shop.nowMs;
    expect(shop.handOut(id)).toMatchObject({ isUncertain: false });
    shop.nowMs += 3_000;
    // Nothing came back; the next life hands it out again.
    expect(shop.handOut(id)).toMatchObject({ isUncertain: true });
    const gone = { isCardGone: true, isCall: true, isCharge: false };
    expect(
      shop.report(id, 1, { outcome: { kind: "failed", code: "connect_refused" }, report: gone }).kind,
    ).toBe("retry");
    expect(shop.handOut(id, 1)).toMatchObject({ isUncertain: true });
    // The call of the dead process may still be on its way: the same no is asked for again when it cannot be.
    const no = { outcome: { kind: "declined", code: "not_charged" }, report: gone } as const;
    expect(shop.report(id, 2, no)).toEqual({ kind: "retry", atMs: startedAtMs + 20_000 });
    shop.nowMs = startedAtMs + 20_000;
    expect(shop.handOut(id, 2)).toMatchObject({ isUncertain: true });
    expect(shop.report(id, 3, no)).toEqual({ kind: "finish" });
    expect(shop.queries.orders.order(id)).toMatchObject({ status_name: "FAILED", last_error: "card_lost" });
  });
});

test("a look-up that stays unanswered makes no doubt younger: the order still ends", () => {
  const id = shop.ordered(1, 1);
  shop.handOut(id);
  const gone = { isCardGone: true, isCall: true, isCharge: false };
  const calledAtMs = shop.nowMs;
  // The process died with that call; another one asks, and twice hears nothing.
  for (const attempts of [1, 2]) {
    shop.nowMs += 15_000;
    shop.handOut(id, attempts - 1);
    shop.report(id, attempts, { outcome: UNKNOWN, report: gone });
  }
  expect(shop.nowMs).toBe(calledAtMs + 30_000);
  shop.handOut(id, 2);
  const no = { outcome: { kind: "declined", code: "not_charged" }, report: gone } as const;
  expect(shop.report(id, 3, no)).toEqual({ kind: "finish" });
});

test("a restored backup: every unfinished order may have been charged since, and is asked about first", () => {
  const [open, authorized] = [shop.ordered(1, 1), shop.ordered(2, 1)];
  shop.playOut(authorized, SETTLED);
  shop.nowMs += 5_000;
  shop.store.transact(() => shop.orders.restored(shop.nowMs));
  expect(shop.handOut(open)).toMatchObject({ isUncertain: true });
  const gone = { isCardGone: true, isCall: true, isCharge: false };
  const no = { outcome: { kind: "declined", code: "not_charged" }, report: gone } as const;
  expect(shop.report(open, 1, no)).toMatchObject({ kind: "retry", atMs: shop.nowMs + 20_000 });
  shop.nowMs += 1_000;
  shop.handOut(open, 1);
  expect(shop.report(open, 2, { outcome: SETTLED, report: gone })).toEqual({ kind: "finish" });
  expect([open, authorized].map((id) => shop.statusOf(id))).toEqual(["AUTHORIZED", "AUTHORIZED"]);
});

test("an order whose card is gone fails with that reason and frees its stock, without a call", () => {
  const before = shop.stockOf(1);
  const id = shop.ordered(1, 3);
  shop.handOut(id);
  const outcome = { kind: "declined", code: "card_lost" } as const;
  shop.report(id, 1, { outcome, report: { isCardGone: true, isCall: false, isCharge: false } });
  expect(shop.queries.orders.order(id)).toMatchObject({ status: 3, attempts: 0, last_error: "card_lost" });
  expect(shop.stockOf(1)).toBe(before);
  expect(letters()).toMatchObject([{ error: { code: "card_lost" } }]);
});

describe("requeueing a dead order", () => {
  test("with a new card: it takes its stock again and is authorized once", () => {
    const before = shop.stockOf(1);
    const id = shop.ordered(1, 2);
    shop.playOut(id, DECLINED);
    expect(requeue(NEW_CARD)).toEqual({ kind: "requeued" });
    expect(letters()).toEqual([]);
    expect(shop.stockOf(1)).toBe(before - 2);
    expect(shop.handOut(id)).toMatchObject({ orderId: id, sealedCard: "sealed again", isUncertain: false });
    shop.report(id, 1, { outcome: SETTLED });
    expect(shop.queries.orders.order(id)).toMatchObject({ status: 2, attempts: 6, card_last4: "2222" });
    expect(shop.stockOf(1)).toBe(before - 2);
  });

  test("without a card, or without stock, it is refused and stays as it is", () => {
    const id = shop.ordered(43, 10);
    shop.playOut(id, DECLINED);
    expect(requeue(null)).toMatchObject({ kind: "refused", reason: expect.stringContaining("card") });
    shop.reserved(43, 1);
    expect(requeue(NEW_CARD)).toMatchObject({ kind: "refused", reason: expect.stringContaining("stock") });
    expect(shop.statusOf(id)).toBe("FAILED");
    expect(letters()).toHaveLength(1);
    expect(shop.stockOf(43)).toBe(9);
  });

  test("one that dies again is the same letter, with both lives in its history", () => {
    const id = shop.ordered(1, 1);
    shop.playOut(id, DECLINED);
    const first = letters()[0]?.id;
    requeue(NEW_CARD);
    shop.playOut(id, DECLINED);
    expect(letters()).toMatchObject([{ id: first, deaths: 2, attempts: 10 }]);
    const history = shop.queries.letters.find(first ?? 0)?.history.map(({ event }) => event);
    expect(history).toEqual([
      ...Array(5).fill("attempt"),
      "died",
      "requeued",
      ...Array(5).fill("attempt"),
      "died",
    ]);
  });
});

describe("the table of transitions, in SQL", () => {
  const transitions = Object.keys(ORDER_TRANSITIONS) as OrderTransition[]; // keys of a const object
  test.each(transitions.flatMap((name) => ORDER_STATUSES.map((from) => [name, from] as const)))(
    "%s from %s",
    (name, from) => {
      const id = shop.ordered(1, 1);
      const { sqlite } = shop.store.database;
      sqlite.run("UPDATE orders SET status = ?", [ORDER_STATUSES.indexOf(from)]);
      const { seq } = sqlite.query("SELECT seq FROM orders").get() as { seq: number }; // the row above
      const moved = new OrderWriter(shop.store.context).move(seq, name, shop.nowMs);
      const isAllowed = ORDER_TRANSITIONS[name].from === from;
      expect(moved).toBe(isAllowed);
      expect(shop.statusOf(id)).toBe(isAllowed ? ORDER_TRANSITIONS[name].to : from);
    },
  );
});
