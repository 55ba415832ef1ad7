/**
 * kill -9 at random moments of the whole way of orders, while the card gateway is slow, declines, fails and loses
 * answers: every order ends once, its end is what the gateway has in its books, and the stock adds up.
 */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { pick } from "../simulation/seeded-random.ts";
import { call } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { endPrograms } from "./program.ts";
import { randomOf, wholeBetween } from "./seed.ts";
import { CardGateway, ShopClient } from "./shop.ts";
import { until } from "./until.ts";

const CYCLES = 6;
const BUYERS = 8;
const RESERVATION_TTL_SECONDS = 2;

const cards = new CardGateway();
afterAll(async () => {
  await endPrograms();
  await cards.stop();
});

const WEATHER: readonly { readonly name: string; readonly switch: readonly [string, object] }[] = [
  { name: "fine", switch: ["delay", { delay: 0 }] },
  { name: "slow", switch: ["delay", { delay: 60 }] },
  { name: "slower than the timeout", switch: ["delay", { delay: 400 }] },
  { name: "declines", switch: ["decline", { decline: true }] },
  { name: "fails", switch: ["failure", { failure: true }] },
  { name: "loses answers", switch: ["faults", { loseAnswerShare: 0.3, resetShare: 0.2, garbageShare: 0.1 }] },
];

test("killed at random moments, every order ends once and the stock adds up", async () => {
  const { random } = randomOf("orders under kill -9");
  const env = {
    PAYMENTS_URL: cards.url,
    PAYMENTS_TIMEOUT_SECONDS: "0.25",
    ORDER_RETRY_BASE_SECONDS: "0.03",
    ORDER_DUPLICATE_WINDOW_SECONDS: "0",
    RESERVATION_TTL_SECONDS: String(RESERVATION_TTL_SECONDS),
  };
  const gateway = await Gateway.start({ env });
  const shop = new ShopClient(() => gateway.url);
  await call(`${gateway.url}/`, { method: "POST" });
  const products = await shop.products();
  const acknowledged: string[] = [];
  let isOver = false;

  const buy = async (buyer: number): Promise<void> => {
    while (!isOver) {
      const product = pick(random, products);
      const quantity = wholeBetween(random, 1, 3);
      try {
        const reserveId = await shop.reserved(product, quantity, buyer);
        // Some think better of it: their reservations expire.
        if (random() < 0.2) continue;
        const answer = await shop.order(product, quantity, buyer, reserveId);
        if (answer.status === 202) acknowledged.push((answer.body as { payment_id: string }).payment_id);
      } catch {
        // It is being killed, or sold out.
        await Bun.sleep(20);
      }
    }
  };
  const buyers = Array.from({ length: BUYERS }, (_, buyer) => buy(buyer));

  for (let cycle = 0; cycle < CYCLES; cycle++) {
    await cards.heal();
    const weather = pick(random, WEATHER);
    await cards.set(...weather.switch);
    await Bun.sleep(wholeBetween(random, 200, 1_200));
    await gateway.kill();
    if (random() < 0.5) await gateway.restartAndKill(wholeBetween(random, 0, 150));
    await gateway.restart();
  }
  isOver = true;
  await Promise.all(buyers);
  await cards.heal();
  for (const id of acknowledged) await shop.ended(id, 20_000);
  const rows = await until("all orders to end", 20_000, () => {
    const found = ordersOf(gateway.databaseFile);
    return found.every(({ status }) => status >= 2) && found;
  });
  await Bun.sleep(RESERVATION_TTL_SECONDS * 1000 + 1_500);
  const stock = new Map((await shop.products()).map(({ id, quantity }) => [id, quantity]));
  await gateway.stop();

  const ends = rows.map(({ status }) => status);
  const authorized = rows.filter(({ status }) => status === 2);
  console.log(
    `${acknowledged.length} acknowledged, ${rows.length} stored, ${authorized.length} authorized, ${CYCLES} kills or more`,
  );
  expect(acknowledged.length).toBeGreaterThan(100);
  expect(new Set(ends)).toEqual(new Set([2, 3]));
  const stored = new Set(rows.map(({ id }) => id));
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  // The gateway's books and ours say the same of every order.
  const charged = cards.simulator.records().filter(([, { status }]) => status === "AUTHORIZED");
  expect(charged.map(([id]) => id).toSorted()).toEqual(authorized.map(({ id }) => id).toSorted());
  // Stock: what was there, less what was sold; reservations without an order have expired.
  const sold = new Map<number, number>();
  for (const { product, quantity } of authorized) sold.set(product, (sold.get(product) ?? 0) + quantity);
  const expected = new Map(products.map(({ id, quantity }) => [id, quantity - (sold.get(id) ?? 0)]));
  expect(stock).toEqual(expected);
}, 90_000);

interface StoredOrder {
  readonly id: string;
  readonly product: number;
  readonly quantity: number;
  readonly status: number;
}

/** All orders in the database, those whose answer was lost in a kill included. */
function ordersOf(databaseFile: string): StoredOrder[] {
  const database = new Database(databaseFile, { readonly: true });
  try {
    const rows = database
      .query<StoredOrder, []>(
        "SELECT lower(hex(id)) AS id, product_id AS product, quantity, status FROM orders",
      )
      .all();
    return rows.map((row) => ({
      ...row,
      id: row.id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
    }));
  } finally {
    database.close();
  }
}
