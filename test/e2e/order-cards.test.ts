/** Where an order's card is, and where it is not: R20, and orders under several replicas and restarts. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { call, post } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { emptyDirectory, endPrograms } from "./program.ts";
import { CARD, CardGateway, ShopClient } from "./shop.ts";
import { until } from "./until.ts";

const cards = new CardGateway();
const user = 1_000;

beforeEach(() => cards.heal());
afterAll(async () => {
  await endPrograms();
  await cards.stop();
});

describe("several replicas", () => {
  test("an order stays where its card is: none is lost while another replica looks for work", async () => {
    const env = {
      PAYMENTS_URL: cards.url,
      ORDER_RETRY_BASE_SECONDS: "0.1",
      ORDER_DUPLICATE_WINDOW_SECONDS: "0",
    };
    const one = await Gateway.start({ env });
    const other = await Gateway.start({ env: { ...env, REPLICA_ID: "other" }, dataDir: one.dataDir });
    const first = new ShopClient(() => one.url);
    const shops = [first, new ShopClient(() => other.url)];
    await call(`${one.url}/`, { method: "POST" });
    await cards.set("failure", { failure: true });
    const ids = await Promise.all(
      Array.from({ length: 30 }, async (_, number) => {
        const shopOf = shops[number % 2] ?? first;
        return shopOf.ordered(await shopOf.product(1 + number), 1, user);
      }),
    );
    await Bun.sleep(250);
    await cards.heal();
    // Either replica shows every order.
    const ends = await Promise.all(ids.map((id, number) => (shops[(number + 1) % 2] ?? first).ended(id)));
    expect(ends.map(({ status_name: status }) => status)).toEqual(Array(30).fill("AUTHORIZED"));
    await Promise.all([one.stop(), other.stop()]);
  });

  test("a replica that is gone for good: another ends its orders, and their stock is for sale again", async () => {
    const env = { PAYMENTS_URL: cards.url, ORDER_RETRY_BASE_SECONDS: "1" };
    const one = await Gateway.start({ env });
    const other = await Gateway.start({ env: { ...env, REPLICA_ID: "other" }, dataDir: one.dataDir });
    const [here, there] = [new ShopClient(() => one.url), new ShopClient(() => other.url)];
    await call(`${one.url}/`, { method: "POST" });
    await cards.set("failure", { failure: true });
    const product = await here.product(1);
    const id = await here.ordered(product, 2, user);
    await until("a first attempt", 5_000, async () => ((await here.find(id))?.attempts ?? 0) > 0);
    await one.kill();
    expect(await there.ended(id, 15_000)).toMatchObject({ status_name: "FAILED", last_error: "card_lost" });
    expect((await there.product(1)).quantity).toBe(product.quantity);
    await other.stop();
  }, 30_000);
});

describe("card data", () => {
  const MARKED = {
    ...CARD,
    card_number: "4929876543210987",
    card_security_code: "8642",
    card_holder: "MARKER HOLDER",
  };
  const marks = [MARKED.card_number, "4929 8765", MARKED.card_holder, '"8642"'];

  test("is nowhere: no file, log line or answer; after a restart the order fails and frees its stock", async () => {
    const own = await Gateway.start({
      env: { PAYMENTS_URL: cards.url, PAYMENTS_TIMEOUT_SECONDS: "0.3", ORDER_RETRY_BASE_SECONDS: "1" },
    });
    const ownShop = new ShopClient(() => own.url);
    await call(`${own.url}/`, { method: "POST" });
    const product = await ownShop.product(9);
    await cards.set("failure", { failure: true });
    const answers: string[] = [];
    const reserveId = await ownShop.reserved(product, 4, user);
    const headers = { "idempotency-key": `marked-${user}` };
    const accepted = await ownShop.order(product, 4, user, reserveId, { card: MARKED, headers });
    const { payment_id: id } = accepted.body as { payment_id: string }; // the contract's
    answers.push(
      accepted.text,
      (await ownShop.order(product, 4, user, reserveId, { card: MARKED, headers })).text,
    );
    answers.push(
      (await ownShop.order(product, 4, user, reserveId, { card: { ...MARKED, card_exp_month: 99 } })).text,
    );
    await until("a first attempt", 5_000, async () => ((await ownShop.find(id))?.attempts ?? 0) > 0);
    expect(await filesWith(own.dataDir, marks)).toEqual([]);
    await own.kill();
    expect(await filesWith(own.dataDir, marks)).toEqual([]);

    await own.restart();
    expect(await ownShop.ended(id)).toMatchObject({
      status_name: "FAILED",
      last_error: "card_lost",
      card_last4: "0987",
    });
    expect((await ownShop.product(9)).quantity).toBe(product.quantity);
    await cards.heal();
    for (const path of [
      `payment/${id}`,
      `reserve/${reserveId}`,
      "topics",
      "dlq",
      "dlq/1",
      "metrics",
      "docs/json",
    ]) {
      answers.push((await call(`${own.url}/${path}`)).text);
    }
    for (const topic of ["order_queue", "process-purchases", "payment_retry", "payment_dlq"]) {
      answers.push((await call(`${own.url}/topics/${topic}/messages`)).text);
    }
    const requeued = await post(`${own.url}/dlq/1/requeue`, { card: MARKED });
    answers.push(requeued.text);
    expect((await ownShop.ended(id)).status_name).toBe("AUTHORIZED");
    await own.stop();
    expect(await filesWith(own.dataDir, marks)).toEqual([]);
    for (const mark of marks) expect(answers.join("\n") + own.logs).not.toContain(mark);
    expect(cards.simulator.find(id)).toMatchObject({ status: "AUTHORIZED" });
  });

  test("is nowhere either if the gateway echoes what it is sent: its answers' beginnings are kept without it", async () => {
    const echo = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        const { payment_method: method } = (await request.json()) as { payment_method: unknown }; // the contract's
        return Response.json({ method, auth: request.headers.get("authorization") }, { status: 500 });
      },
    });
    const env = {
      PAYMENTS_URL: `http://127.0.0.1:${echo.port}`,
      PAYMENTS_TOKEN: "TOKEN-MARKER",
      ORDER_RETRY_BASE_SECONDS: "0.05",
    };
    const own = await Gateway.start({ env });
    const ownShop = new ShopClient(() => own.url);
    await call(`${own.url}/`, { method: "POST" });
    const product = await ownShop.product(9);
    const reserveId = await ownShop.reserved(product, 1, user);
    const accepted = await ownShop.order(product, 1, user, reserveId, { card: MARKED });
    const { payment_id: id } = accepted.body as { payment_id: string }; // the contract's
    expect((await ownShop.ended(id)).status_name).toBe("FAILED");
    const detail = await call(`${own.url}/api/console/payments/orders/${id}`);
    const { timeline } = detail.body as { timeline: { event: string; status?: number; excerpt?: string }[] }; // routes.ts
    const attempts = timeline.filter(({ event }) => event === "attempt");
    expect(attempts).toHaveLength(5);
    for (const { status, excerpt } of attempts) {
      expect(status).toBe(500);
      expect(excerpt).toContain("CREDIT_CARD");
      expect(excerpt).toContain("****");
    }
    const secrets = [...marks, "TOKEN-MARKER"];
    const letter = await call(`${own.url}/dlq/1`);
    for (const mark of secrets) expect(detail.text + letter.text + own.logs).not.toContain(mark);
    await own.stop();
    expect(await filesWith(own.dataDir, secrets)).toEqual([]);
    await echo.stop(true);
  });

  test("the search would find it: a file with the number is noticed", async () => {
    const directory = await emptyDirectory();
    await Bun.write(join(directory, "probe"), `xx${MARKED.card_number}xx`);
    expect(await filesWith(directory, marks)).toEqual(["probe"]);
  });
});

/** Files anywhere below a directory that have one of the marks among their bytes. */
async function filesWith(directory: string, marks: readonly string[]): Promise<string[]> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(0);
  const found: string[] = [];
  for (const { parentPath, name } of files) {
    const bytes = Buffer.from(await Bun.file(join(parentPath, name)).arrayBuffer());
    if (marks.some((mark) => bytes.includes(mark))) found.push(name);
  }
  return found;
}
