/**
 * R19: data directories that earlier executables left, each killed with frames in its intake log that were acknowledged
 * and not in the database. This executable goes on with every one: nothing is lost, nothing is charged twice.
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { call, findPayment, post, summaryOf, untilIdle } from "../e2e/client.ts";
import { Gateway, startProcessors } from "../e2e/gateway.ts";
import { PROCESSORS, type ProcessorPair } from "../e2e/processors.ts";
import { endPrograms, runProgram } from "../e2e/program.ts";
import { ShopClient } from "../e2e/shop.ts";
import { until } from "../e2e/until.ts";
import { fixtureNames, type Manifest, REPLICA, readManifest, unpackFixture } from "./fixture.ts";

setDefaultTimeout(60_000);
afterAll(endPrograms);

const names = fixtureNames();

test("there is a fixture of the schema that the first release had", () => {
  expect(names).toContain("schema-11");
});

describe.each(names)("%s", (name) => {
  let manifest: Manifest;
  let processors: ProcessorPair;
  let gateway: Gateway;
  /** What the database itself says, before it is opened. */
  let before: { readonly schemaVersion: number; readonly payments: number };

  beforeAll(async () => {
    manifest = await readManifest(name);
    processors = await startProcessors();
    await bookSettled();
    const dataDir = await unpackFixture(name);
    before = prepare(join(dataDir, "catraca.db"));
    // The gateways and the bank are the built-in ones: they take everything.
    const env = {
      REPLICA_ID: REPLICA,
      MOCK_GATEWAY_OK_SHARE: "1",
      MOCK_GATEWAY_ERROR_SHARE: "0",
      MOCK_GATEWAY_LATE_SHARE: "0",
    };
    const bank = { BANK_DELAY_MIN_SECONDS: "0", BANK_DELAY_MAX_SECONDS: "0" };
    gateway = await Gateway.start({ processors, dataDir, env: { ...env, ...bank } });
  });

  /** The fixture's processors are gone; these have in their books what those had. */
  async function bookSettled(): Promise<void> {
    for (const { id, cents, processor, requestedAt } of manifest.settled) {
      const payment = { correlationId: id, amount: cents / 100, requestedAt };
      const answer = await post(`${processors[processor].url}/payments`, payment);
      if (answer.status !== 200) throw new Error(`the processor answered ${answer.status}`);
    }
  }

  /** Of whatever age the fixture is: its keys have not expired, its reservation has, and what is to be done is due. */
  function prepare(file: string): typeof before {
    const database = new Database(file, { readwrite: true });
    database.run("UPDATE idempotency_records SET expires_at_ms = ?", [Date.now() + 3_600_000]);
    database.run("UPDATE reservations SET expires_at_ms = 1 WHERE status = 0");
    database.run("UPDATE tasks SET next_attempt_at_ms = 1");
    const row = database.query<{ payments: number }, []>("SELECT count(*) AS payments FROM payments").get();
    const version = database.query<{ user_version: number }, []>("PRAGMA user_version").get();
    database.close();
    return { schemaVersion: version?.user_version ?? -1, payments: row?.payments ?? -1 };
  }

  const everyPayment = () => [...manifest.settled, ...manifest.pending, ...manifest.leftover];

  test("is what it says: a schema of its own, and frames that are not in the database", () => {
    expect(before.schemaVersion).toBe(manifest.schemaVersion);
    const stored = manifest.settled.length + manifest.pending.length + manifest.dead.length;
    expect(before.payments).toBe(stored);
    expect(manifest.leftover.length).toBeGreaterThan(0);
  });

  test("it starts, takes the frames in, and ends what was pending", async () => {
    const { recovered } = JSON.parse(
      gateway.logs.split("\n").find((line) => line.includes('"recovered"')) ?? "{}",
    );
    // Payments, and three operations on a wallet.
    expect(recovered).toBe(manifest.leftover.length + 3);
    await untilIdle(gateway.url, 40_000);
    for (const { id, cents } of everyPayment()) {
      expect(await findPayment(gateway.url, id)).toMatchObject({ status: "settled", amount: cents / 100 });
    }
    for (const { id } of manifest.dead) {
      expect(await findPayment(gateway.url, id)).toMatchObject({ status: "dead" });
    }
  });

  test("known sums hold: payments, users, wallets, stock", async () => {
    const summary = await summaryOf(gateway.url);
    const total = {
      count: summary.default.count + summary.fallback.count,
      cents: summary.default.cents + summary.fallback.cents,
    };
    const expected = everyPayment();
    expect(total).toEqual({
      count: expected.length,
      cents: expected.reduce((sum, { cents }) => sum + cents, 0),
    });
    for (const processor of PROCESSORS)
      expect(summary[processor]).toEqual(await processors[processor].summary());
    for (const { id, balance } of manifest.users) {
      const user = (await call(`${gateway.url}/api/v1/users/${id}`)).body;
      expect(user).toMatchObject({ balance, held: 0, available: balance });
    }
    for (const { uuid, balance } of manifest.wallets) {
      expect((await call(`${gateway.url}/api/v1/wallets/${uuid}`)).body).toEqual({
        wallet_uuid: uuid,
        balance,
      });
    }
    const shop = new ShopClient(() => gateway.url);
    for (const { productId, pieces } of manifest.stock) {
      // A reservation that nobody paid has expired since, and is swept within a second.
      await until(
        "the stock to be back",
        20_000,
        async () => (await shop.product(productId)).quantity === pieces,
      );
    }
  });

  test("orders, account payments and dead letters ended as they must", async () => {
    const shop = new ShopClient(() => gateway.url);
    for (const { id, status } of manifest.orders) {
      expect(await shop.find(id)).toMatchObject({ payment_id: id, status_name: status });
    }
    for (const { id, state } of manifest.accountPayments) {
      const { state: found } = (await call(`${gateway.url}/payments/${id}`)).body as { state: string }; // the contract's
      if (state === "final") expect(["completed", "rejected"]).toContain(found);
      else expect(found).toBe(state);
    }
    for (const [source, count] of Object.entries(manifest.letters)) {
      const { items } = (await call(`${gateway.url}/dlq?source=${source}`)).body as { items: unknown[] }; // as above
      expect([source, items.length]).toEqual([source, count]);
    }
  });

  test("an Idempotency-Key from then is answered as then", async () => {
    for (const { path, key, body, answer } of manifest.keyed) {
      const again = await post(`${gateway.url}${path}`, body, { "idempotency-key": key });
      expect([again.headers.get("idempotent-replayed"), again.text]).toEqual(["true", answer]);
    }
  });

  test("the audit finds nothing, in this gateway's books and the processors'", async () => {
    const env = { DATA_DIR: gateway.dataDir, ...processors.env };
    const { code, output } = await runProgram(["audit", "--all", "--processor-token", "123"], { env });
    expect([code, output]).toEqual([0, expect.stringContaining("what was compared agrees")]);
    expect((await gateway.stop()).code).toBe(0);
  });
});
