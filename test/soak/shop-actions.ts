import { SAMPLE_PRODUCTS } from "../../src/modules/catalogue/sample-products.ts";
import type { Action } from "./actions.ts";
import type { Product } from "./memory.ts";

/** Section B, and what looks at all sections. */
const CARD = {
  card_number: "4111111111111111",
  card_exp_month: 12,
  card_exp_year: 2031,
  card_security_code: "123",
};
const USERS = 1_000_000;
const TOPICS = ["order_queue", "process-purchases", "payments", "paymentsResults", "operation_queue"];

/** One of the sample products; their order gives the ids, from 1. */
function productOf(random: () => number): Product {
  const index = Math.floor(random() * SAMPLE_PRODUCTS.length);
  const [, price] = SAMPLE_PRODUCTS[index] ?? ["", 0, 0];
  return { id: index + 1, price };
}

export const SHOP_ACTIONS: readonly Action[] = [
  {
    section: "B",
    name: "/findById/{id}",
    weight: 8,
    run: async ({ random, request }) => {
      const { id } = productOf(random);
      await request("GET", `/findById/${id}`, { expects: [200] });
    },
  },
  {
    section: "B",
    name: "/findByName/{name}",
    weight: 8,
    run: ({ request }) => request("GET", "/findByName/caf%C3%A9", { expects: [200] }),
  },
  {
    section: "B",
    name: "/reserve",
    weight: 20,
    run: async ({ random, memory, request }) => {
      const product = productOf(random);
      const user = Math.floor(random() * USERS);
      const body = { product_id: product.id, user_id: user, quantity: 1, total_price: product.price };
      // 400: sold out.
      const reserved = await request("POST", "/reserve", { body, expects: [201, 400] });
      if (typeof reserved?.["reserve_id"] === "string")
        memory.reservations.add({ id: reserved["reserve_id"], product, user });
    },
  },
  {
    section: "B",
    name: "/payment",
    weight: 8,
    run: async ({ random, memory, request }) => {
      const reservation = memory.reservations.take(random);
      if (reservation === undefined) return request("GET", "/findAll", { expects: [200] });
      const { id: reserve_id, product, user: user_id } = reservation;
      const { id: product_id, price } = product;
      const produto = { reserve_id, product_id, user_id, price, quantity: 1, total_price: price };
      // 400: the reservation has expired.
      const body = { produto, card: CARD };
      const order = await request("POST", "/payment", { body, expects: [202, 400, 409] });
      if (typeof order?.["payment_id"] === "string") memory.orders.add(order["payment_id"]);
      return null;
    },
  },
  {
    section: "B",
    name: "/payment/{id}",
    weight: 8,
    run: ({ random, memory, request }) =>
      request("GET", `/payment/${memory.orders.pick(random) ?? crypto.randomUUID()}`, {
        expects: [200, 404],
      }),
  },
];

export const SHARED_ACTIONS: readonly Action[] = [
  {
    section: "all",
    name: "/topics/{name}/messages",
    weight: 4,
    run: ({ random, request }) => {
      const topic = TOPICS[Math.floor(random() * TOPICS.length)];
      return request("GET", `/topics/${topic}/messages?limit=20`, { expects: [200] });
    },
  },
  ...["/topics", "/dlq?limit=20", "/api/v1/dlq?limit=20", "/health/ready", "/metrics"].map(
    (path): Action => ({
      section: "all",
      name: path,
      weight: 1,
      run: ({ request }) => request("GET", path, { expects: [200] }),
    }),
  ),
];
