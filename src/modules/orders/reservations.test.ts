import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  RESERVATION_STATUSES,
  RESERVATION_TRANSITIONS,
  type ReservationTransition,
} from "../../domain/reservation.ts";
import { uuidBytes } from "../../domain/uuid.ts";
import { StockWriter } from "../catalogue/stock-writer.ts";
import { Shop } from "./fixtures/shop.ts";
import { ReservationWriter } from "./reservation-writer.ts";

let shop: Shop;
let atFirst: Map<number, number>;

beforeEach(() => {
  shop = new Shop({ reservationTtlSeconds: 900 });
  atFirst = shop.pieces();
});
afterEach(() => {
  expect(shop.pieces()).toEqual(atFirst);
  shop.close();
});

describe("reserving", () => {
  test("takes the pieces out of stock and says until when", () => {
    const before = shop.stockOf(1);
    const reply = shop.reserve(1, 3);
    expect(reply).toMatchObject({ kind: "reserved", expiresAtMs: shop.nowMs + 900_000 });
    expect(shop.stockOf(1)).toBe(before - 3);
  });

  test.each([
    ["a product that there is not", 999, 1, 100, "unknown_product"],
    ["none", 1, 0, 0, "quantity_not_allowed"],
    ["less than none", 1, -1, -189_000, "quantity_not_allowed"],
    ["more than 100", 1, 101, 101 * 189_000, "quantity_not_allowed"],
    ["a total that is wrong in the fourth decimal", 1, 1, 189_001, "price_mismatch"],
  ] as const)("%s is refused and changes nothing", (_, productId, quantity, total, kind) => {
    const before = shop.stockOf(1);
    expect(shop.reserve(productId, quantity, 7, total)).toEqual({ kind });
    expect(shop.stockOf(1)).toBe(before);
  });

  test("never sells more than there is: product 43 has 10 pieces", () => {
    const replies = Array.from({ length: 100 }, () => shop.reserve(43, 2).kind);
    expect(replies.filter((kind) => kind === "reserved")).toHaveLength(5);
    expect(replies.filter((kind) => kind === "out_of_stock")).toHaveLength(95);
    expect(shop.stockOf(43)).toBe(0);
  });
});

describe("expiring", () => {
  test("gives the pieces back once, with the first transaction after its time", () => {
    const id = shop.reserved(43, 10);
    shop.nowMs += 899_999;
    shop.store.transact(() => {});
    expect(shop.stockOf(43)).toBe(0);
    shop.nowMs += 1;
    expect(shop.queries.orders.reservation(id, shop.nowMs)?.status).toBe("expired");
    for (let again = 0; again < 3; again++) {
      shop.nowMs += 1000;
      shop.store.transact(() => {});
      expect(shop.stockOf(43)).toBe(10);
    }
  });

  test("a buyer need not wait for the sweep: what has expired is for sale", () => {
    shop.reserved(43, 10);
    // The sweep has looked a moment ago and will not look again yet.
    shop.nowMs += 899_950;
    shop.store.transact(() => {});
    shop.nowMs += 50;
    expect(shop.reserve(43, 10).kind).toBe("reserved");
  });

  test("what is ordered does not expire", () => {
    const reservationId = shop.reserved(43, 10);
    expect(shop.order({ reservationId, productId: 43, quantity: 10 }).kind).toBe("accepted");
    shop.nowMs += 2_000_000;
    shop.store.transact(() => {});
    expect(shop.stockOf(43)).toBe(0);
    expect(shop.queries.orders.reservation(reservationId, shop.nowMs)?.status).toBe("ordered");
  });
});

describe("the table of transitions, in SQL", () => {
  const statuses = RESERVATION_STATUSES;
  const transitions = Object.keys(RESERVATION_TRANSITIONS) as ReservationTransition[]; // keys of a const object
  test.each(transitions.flatMap((name) => statuses.map((from) => [name, from] as const)))(
    "%s from %s",
    (name, from) => {
      const { store } = shop;
      const writer = new ReservationWriter(store.context, new StockWriter(store.context), () => shop.nowMs);
      const text = shop.reserved(1, 2);
      const id = uuidBytes(text);
      const row = writer.find(id);
      if (row === null) throw new Error("it was just reserved");
      const held = from === "released" || from === "expired" ? 0 : 2;
      store.database.sqlite.run("UPDATE reservations SET status = ?, held = ?", [
        statuses.indexOf(from),
        held,
      ]);
      if (held === 0) new StockWriter(store.context).giveBack(1, 2, shop.nowMs);
      store.transact(() => {
        if (name === "order") writer.order(id, row, 1, shop.nowMs);
        if (name === "sell") writer.sell(id, 2);
        if (name === "release") writer.release(id, 1, 2, shop.nowMs);
        if (name === "retake") writer.retake(id, 1, 2, shop.nowMs);
        if (name === "expire") shop.nowMs += 900_000;
      });
      // The sweep looks only every 100 ms.
      shop.nowMs += 200;
      store.transact(() => {});
      const isAllowed = RESERVATION_TRANSITIONS[name].from === from;
      // Past its time a reservation that was let alone has expired by itself; otherwise nothing else has happened.
      const status = shop.queries.orders.reservation(text, shop.nowMs - 1_000_000)?.status;
      expect(status).toBe(isAllowed ? RESERVATION_TRANSITIONS[name].to : from);
    },
  );
});

test("a transaction that is rolled back has moved no stock", () => {
  const before = shop.stockOf(1);
  expect(() =>
    shop.store.transact(() => {
      shop.orders.commands["orders.reserve"](
        { reservationId: Bun.randomUUIDv7(), productId: 1, userId: "7", quantity: 1, total: 189_000 },
        shop.nowMs,
      );
      throw new Error("afterwards");
    }),
  ).toThrow("afterwards");
  expect(shop.stockOf(1)).toBe(before);
});

test("random reservations, orders, ends, requeues and time: pieces are neither made nor lost", () => {
  const seed = Number(process.env["ORDERS_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`ORDERS_SEED=${seed}`);
  const step = fc.record({
    what: fc.constantFrom("reserve", "order", "end", "requeue", "wait"),
    pick: fc.nat(1000),
    quantity: fc.integer({ min: 1, max: 6 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const model = new Shop({ reservationTtlSeconds: 60, orderDuplicateWindowSeconds: 0 });
      const pieces = model.pieces();
      for (const one of steps) play(model, one);
      expect(model.pieces()).toEqual(pieces);
      expect(
        Math.min(...model.queries.catalogue.all().map(({ quantity }) => quantity)),
      ).toBeGreaterThanOrEqual(0);
      model.close();
    }),
    { seed, numRuns: 25 },
  );
}, 20_000);

interface Step {
  readonly what: string;
  readonly pick: number;
  readonly quantity: number;
}

/** One step on product 43, which is soon sold out. */
function play(model: Shop, { what, pick, quantity }: Step): void {
  const { sqlite } = model.store.database;
  const pickOf = (query: string): string | undefined => {
    const rows = sqlite.query<{ id: string }, []>(query).all();
    const hex = rows[pick % Math.max(1, rows.length)]?.id.toLowerCase();
    return hex?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };
  switch (what) {
    case "reserve":
      model.reserve(43, quantity, pick % 5);
      return;
    case "order": {
      const reservationId = pickOf("SELECT hex(id) AS id FROM reservations");
      const view = reservationId && model.queries.orders.reservation(reservationId, model.nowMs);
      if (!reservationId || !view) return;
      const userId = view.user_id as number; // as reserved above
      model.order({ reservationId, productId: 43, quantity: Math.min(quantity, view.quantity), userId });
      return;
    }
    case "end": {
      const orderId = pickOf("SELECT hex(id) AS id FROM orders WHERE status < 2");
      if (!orderId) return;
      const declined = { kind: "declined", code: "card_declined" } as const;
      model.playOut(orderId, quantity % 2 === 0 ? declined : { kind: "settled", requestedAtMs: 1 });
      return;
    }
    case "requeue": {
      const letter = model.queries.letters.list(NO_FILTER, 100, null).items[0];
      const extra = { sealedCard: "sealed again", cardLast4: "2222" };
      if (letter) model.execute("deadLetters.requeue", { id: letter.id, who: "test", extra });
      return;
    }
    case "wait":
      model.nowMs += pick * 100;
      model.store.transact(() => {});
      return;
  }
}

const NO_FILTER = { source: null, code: null, fromMs: null, toMs: null };
