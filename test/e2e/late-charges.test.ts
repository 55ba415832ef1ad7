/**
 * A charge that is on its way to the card gateway while its replica dies: the next one asks the gateway, which does not
 * know the order yet. That answer is true and proves nothing; the charge lands a moment later.
 */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { call } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { emptyDirectory, endPrograms, runProgram } from "./program.ts";
import { CARD, CardGateway, ShopClient } from "./shop.ts";
import { until } from "./until.ts";

const TIMEOUT_SECONDS = 2;

const cards = new CardGateway();
/** What was sent, in order: a charge, or a question without a card. */
let sent: ("charge" | "question")[] = [];
/** How long a charge is on its way, whoever has hung up meanwhile; a question takes no time. */
let wayMs = 0;
const network = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  fetch: async (request) => {
    const body = await request.text();
    const isCharge = body.includes(CARD.card_number);
    sent.push(isCharge ? "charge" : "question");
    if (isCharge) await Bun.sleep(wayMs);
    return cards.simulator.handle(
      new Request(request.url, { method: "POST", body, headers: request.headers }),
      "/",
    );
  },
});
const env = {
  PAYMENTS_URL: `http://127.0.0.1:${network.port}`,
  PAYMENTS_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS),
  ORDER_RETRY_BASE_SECONDS: "0.1",
};

beforeEach(async () => {
  sent = [];
  wayMs = 0;
  await cards.heal();
});
afterAll(async () => {
  await endPrograms();
  await network.stop(true);
  await cards.stop();
});

test("the order that was asked about too early ends as the gateway's books say: authorized", async () => {
  const gateway = await Gateway.start({ env });
  const shop = new ShopClient(() => gateway.url);
  await call(`${gateway.url}/`, { method: "POST" });
  const product = await shop.product(1);
  wayMs = 2_500;
  const id = await shop.ordered(product, 2, 7);
  await until("the charge to be on its way", 10_000, () => sent.includes("charge"));
  await gateway.kill();
  await gateway.restart();
  await until("the gateway to be asked", 10_000, () => sent.includes("question"));
  const isLanded = cards.simulator.find(id) !== null;
  // A machine this slow has not asked early: then this run proves nothing, but it fails nothing either.
  if (isLanded) console.log("the charge landed before the first question");
  expect(await shop.ended(id, 20_000)).toMatchObject({ status_name: "AUTHORIZED" });
  expect(cards.simulator.find(id)).toMatchObject({ status: "AUTHORIZED", attempts: 1 });
  expect((await shop.product(1)).quantity).toBe(product.quantity - 2);
  await gateway.stop();
}, 60_000);

test("an order in a restored backup that was charged after it: asked about, not failed for its lost card", async () => {
  const gateway = await Gateway.start({ env });
  const shop = new ShopClient(() => gateway.url);
  await call(`${gateway.url}/`, { method: "POST" });
  const product = await shop.product(1);
  await cards.set("failure", { failure: true });
  const [charged, lost] = [
    await shop.ordered(product, 1, 7),
    await shop.ordered(await shop.product(2), 1, 7),
  ];
  await until("first attempts", 10_000, async () => (await shop.find(lost))?.attempts === 1);
  const backup = join(await emptyDirectory(), "backup.db");
  expect((await runProgram(["backup", backup], { env: { DATA_DIR: gateway.dataDir } })).code).toBe(0);
  await gateway.kill();
  // What the old gateway would have done next.
  await cards.heal();
  const charge = {
    reference_id: charged,
    amount: { value: 100, currency: "BRL" },
    payment_method: { card: CARD },
  };
  await fetch(cards.url, {
    method: "POST",
    body: JSON.stringify(charge),
    headers: { "content-type": "application/json" },
  });
  expect(cards.simulator.find(charged)?.status).toBe("AUTHORIZED");

  const dataDir = join(await emptyDirectory(), "data");
  expect((await runProgram(["restore", backup], { env: { DATA_DIR: dataDir } })).code).toBe(0);
  const restored = await Gateway.start({ env, dataDir });
  const there = new ShopClient(() => restored.url);
  expect(await there.ended(charged, 20_000)).toMatchObject({ status_name: "AUTHORIZED" });
  expect(await there.ended(lost, 20_000)).toMatchObject({ status_name: "FAILED", last_error: "card_lost" });
  await restored.stop();
}, 60_000);
