/**
 * Makes the fixture of the present schema: a small data directory with rows of every kind, as it is after kill -9, with
 * acknowledged frames that are not in the database. `scripts/make-upgrade-fixture` runs it before a release.
 */
import { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { SCHEMA_VERSION } from "../../src/store/migrations.ts";
import { call, findPayment, metric, post, settledPayment } from "../e2e/client.ts";
import { Gateway } from "../e2e/gateway.ts";
import type { ProcessorName } from "../e2e/processors.ts";
import { endPrograms, runProgram } from "../e2e/program.ts";
import { ShopClient } from "../e2e/shop.ts";
import { until } from "../e2e/until.ts";
import { FIXTURES, type FixturePayment, type KeyedCall, type Manifest, REPLICA } from "./fixture.ts";
import { AMOUNTS, PIECES, StubUpstreams } from "./stub-upstreams.ts";

const WAIT_MS = 30_000;
const stub = new StubUpstreams();
const settings = {
  REPLICA_ID: REPLICA,
  ...stub.env,
  PROCESSOR_TIMEOUT_SECONDS: "1",
  MAX_HOLD_SECONDS: "0.2",
  // Their silent calls stay out until the end.
  GATEWAY_TIMEOUT_SECONDS: "120",
  PAYMENTS_TIMEOUT_SECONDS: "120",
  ORDER_RETRY_BASE_SECONDS: "0.02",
  ORDER_DUPLICATE_WINDOW_SECONDS: "0",
  BANK_DELAY_MIN_SECONDS: "0",
  BANK_DELAY_MAX_SECONDS: "0",
};

/** The same ids in every fixture. */
const idOf = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const ordinary = (number: number): FixturePayment => ({
  id: idOf(number),
  cents: AMOUNTS.ordinary * 100 + number,
});

async function pay(url: string, { id, cents }: FixturePayment): Promise<void> {
  const { status } = await post(`${url}/payments`, { correlationId: id, amount: cents / 100 });
  if (status !== 202) throw new Error(`a new payment was answered ${status}`);
}

/** Something created, as the contract answers it. */
async function created<Answer>(url: string, path: string, body: object, headers = {}): Promise<Answer> {
  const answer = await post(`${url}${path}`, body, headers);
  if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
  return answer.body as Answer; // the shape of the contract, named by the caller
}

async function accountPayment(url: string, state: string): Promise<Manifest["accountPayments"][number]> {
  const body = { userId: idOf(900), accountNumber: "7", amount: 12.34, description: "fixture" };
  const { paymentId: id } = await created<{ paymentId: string }>(url, "/payments", body);
  await until(`an account payment to be ${state}`, WAIT_MS, async () => {
    const view = (await call(`${url}/payments/${id}`)).body as { state: string }; // the contract's
    return view.state === state;
  });
  return { id, state };
}

async function users(url: string): Promise<Manifest["users"]> {
  const { id } = await created<{ id: number }>(url, "/api/v1/users", { balance: 100 });
  const deposit = (amount: number) =>
    created(url, "/api/v1/payments/deposit", { user_id: id, deposit: amount });
  const withdraw = (amount: number) => created(url, "/api/v1/payments/withdraw", { user_id: id, amount });
  await deposit(50);
  await deposit(AMOUNTS.declined);
  await withdraw(20);
  await withdraw(AMOUNTS.silent);
  const refused = await post(`${url}/api/v1/payments/withdraw`, { user_id: id, amount: 9_999 });
  if (refused.status !== 400) throw new Error("a withdrawal of more than there is was accepted");
  // 100 + 50 − 1.00 fee − 20 − 0.40 − what is silent now and succeeds later, 5 + 0.10
  return [{ id, balance: 100 + 49 - 20.4 - 5.1 }];
}

async function wallets(url: string): Promise<{ readonly uuid: string; readonly path: string }> {
  const { wallet_uuid: uuid } = await created<{ wallet_uuid: string }>(url, "/api/v1/wallets/", {
    initial_balance: 100,
  });
  const path = `/api/v1/wallets/${uuid}/operation`;
  await created(url, path, { operationType: "DEPOSIT", amount: 10 });
  await created(url, path, { operationType: "WITHDRAW", amount: 30 });
  const refused = await post(`${url}${path}?sync=true`, { operationType: "WITHDRAW", amount: 1_000 });
  if (refused.status !== 400) throw new Error("a wallet was overdrawn");
  return { uuid, path };
}

async function orders(url: string): Promise<Pick<Manifest, "orders" | "stock">> {
  await call(`${url}/`, { method: "POST" });
  const shop = new ShopClient(() => url);
  const product = await shop.product(5);
  const authorized = await shop.ordered(product, PIECES.authorized, 1);
  const failed = await shop.ordered(product, PIECES.declined, 2);
  const silent = await shop.ordered(product, PIECES.silent, "three");
  await shop.reserved(product, 4, 4);
  await shop.ended(authorized);
  await shop.ended(failed);
  await until(
    "a call without an answer",
    WAIT_MS,
    async () => (await shop.find(silent))?.status_name === "PROCESSING",
  );
  return {
    orders: [
      { id: authorized, status: "AUTHORIZED" },
      { id: failed, status: "FAILED" },
      // Its card is gone with the process, and no gateway has charged it.
      { id: silent, status: "FAILED" },
    ],
    stock: [{ productId: product.id, pieces: product.quantity - PIECES.authorized }],
  };
}

/** Payments in every state; the processors end as failing, so that what is pending stays so. */
async function payments(url: string): Promise<Pick<Manifest, "settled" | "pending" | "dead" | "keyed">> {
  const taken = [1, 2, 3, 4, 5, 6].map(ordinary);
  for (const payment of taken) await pay(url, payment);
  const [first] = taken;
  if (first === undefined) throw new Error("there is a first payment");
  for (const { id } of taken) await settledPayment(url, id, WAIT_MS);
  // Noted in its history: the same again, and another amount.
  await post(`${url}/payments`, { correlationId: first.id, amount: first.cents / 100 });
  await post(`${url}/payments`, { correlationId: first.id, amount: 1 });
  const keyed = await keyedCalls(url);
  const dead = { id: idOf(20), cents: AMOUNTS.declined * 100 };
  await pay(url, dead);
  await until("a payment to die", WAIT_MS, async () => (await findPayment(url, dead.id))?.status === "dead");
  await requeue(url, dead.id);

  stub.failing.add("default");
  const elsewhere = [7, 8, 9].map(ordinary);
  for (const payment of elsewhere) await pay(url, payment);
  for (const { id } of elsewhere) await settledPayment(url, id, WAIT_MS);

  const silent = { id: idOf(21), cents: AMOUNTS.silent * 100 };
  await pay(url, silent);
  await until("a call to be given up", WAIT_MS, async () => {
    const payment = await findPayment(url, silent.id);
    return payment?.history.some(({ outcome }) => outcome === "unknown");
  });
  stub.failing.add("fallback");
  const waiting = [10, 11, 12].map(ordinary);
  for (const payment of waiting) await pay(url, payment);
  await until(
    "waiting payments to be stored",
    WAIT_MS,
    async () => (await findPayment(url, idOf(12))) !== null,
  );
  const all = [...taken, ...elsewhere, ordinary(KEYED_PAYMENT)];
  const settled = await Promise.all(
    all.map(async (payment) => {
      const { processor, requestedAt } = await settledPayment(url, payment.id, WAIT_MS);
      if (requestedAt === null) throw new Error("a settled payment has a time");
      return { ...payment, processor: processor as ProcessorName, requestedAt };
    }),
  );
  return { settled, pending: [silent, ...waiting], dead: [dead], keyed };
}

const KEYED_PAYMENT = 13;

async function keyedCalls(url: string): Promise<KeyedCall[]> {
  const calls = [
    {
      path: "/payments",
      key: "fixture-payment",
      body: { correlationId: idOf(KEYED_PAYMENT), amount: ordinary(KEYED_PAYMENT).cents / 100 },
    },
    { path: "/api/v1/users", key: "fixture-user", body: { balance: 7 } },
  ];
  const answered: KeyedCall[] = [];
  for (const { path, key, body } of calls) {
    const answer = await post(`${url}${path}`, body, { "idempotency-key": key });
    answered.push({ path, key, body, answer: answer.text });
  }
  await settledPayment(url, idOf(KEYED_PAYMENT), WAIT_MS);
  return answered;
}

/** Requeues a dead payment, which dies again, and the dead of the users by a job. */
async function requeue(url: string, paymentId: string): Promise<void> {
  const { items } = (await call(`${url}/dlq?source=payments`)).body as { items: { id: number }[] }; // the contract's
  await created(url, `/dlq/${items[0]?.id}/requeue`, {});
  await until("the payment to die again", WAIT_MS, async () => {
    const view = await findPayment(url, paymentId);
    return view?.status === "dead" && view.attempts === 2;
  });
  await created(url, "/dlq/requeue", { filter: { source: "users" }, perSecond: 1000 });
  await until("the user's payment to die again", WAIT_MS, async () => {
    const open = (await call(`${url}/dlq?source=users`)).body as { items: { attempts: number }[] }; // the contract's
    return open.items.some(({ attempts }) => attempts >= 2);
  });
}

/** Acknowledged while the store thread cannot commit; then the process is killed. */
async function leaveFrames(gateway: Gateway, wallet: string): Promise<FixturePayment[]> {
  const leftover = [30, 31, 32, 33, 34, 35].map(ordinary);
  const lock = new Database(gateway.databaseFile, { readwrite: true });
  lock.run("PRAGMA busy_timeout = 10000");
  lock.run("BEGIN IMMEDIATE");
  await Promise.all(leftover.map((payment) => pay(gateway.url, payment)));
  for (let number = 0; number < 3; number++) {
    await created(gateway.url, wallet, { operationType: "DEPOSIT", amount: 1 });
  }
  await gateway.kill();
  lock.run("ROLLBACK");
  const stored = lock
    .query<{ count: number }, []>("SELECT count(*) AS count FROM payments WHERE amount_cents >= 1030")
    .get();
  lock.close();
  if (stored?.count !== 0) throw new Error("a frame was taken in that was to be left over");
  return leftover;
}

async function make(): Promise<void> {
  // The bank is built in, and its settings are those of a start: one life for each thing that it says.
  const approving = await Gateway.start({ env: { ...settings, BANK_APPROVAL_RATE: "1" } });
  const { dataDir } = approving;
  const completed = await accountPayment(approving.url, "completed");
  await approving.stop();
  const refusing = await Gateway.start({ dataDir, env: { ...settings, BANK_APPROVAL_RATE: "0" } });
  const rejected = await accountPayment(refusing.url, "rejected");
  await refusing.stop();

  const slowBank = { BANK_DELAY_MIN_SECONDS: "300", BANK_DELAY_MAX_SECONDS: "300" };
  const gateway = await Gateway.start({ dataDir, env: { ...settings, ...slowBank } });
  const { url } = gateway;
  const pending = await accountPayment(url, "pending");
  const money = await users(url);
  const wallet = await wallets(url);
  const shop = await orders(url);
  const paid = await payments(url);
  await until("what is left to be in the database", WAIT_MS, async () => {
    // The pending payments, a user's, an order's and an account payment.
    return (await metric(url, "catraca_queue_depth")) === paid.pending.length + 3;
  });
  const leftover = await leaveFrames(gateway, wallet.path);
  await stub.stop();

  const manifest: Manifest = {
    schemaVersion: SCHEMA_VERSION,
    version: (await runProgram(["version"])).output.trim(),
    ...paid,
    leftover,
    users: money,
    wallets: [{ uuid: wallet.uuid, balance: 100 + 10 - 30 + 3 }],
    ...shop,
    accountPayments: [completed, rejected, { ...pending, state: "final" }],
    letters: { payments: 1, users: 1, orders: 2 },
  };
  await write(dataDir, manifest);
}

async function write(dataDir: string, manifest: Manifest): Promise<void> {
  const name = join(FIXTURES, `schema-${manifest.schemaVersion}`);
  rmSync(`${name}.tar.gz`, { force: true });
  // The shared-memory file is of the processes that are gone; SQLite makes it anew.
  const tar = [
    "tar",
    "--sort=name",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--exclude=*-shm",
    "--exclude=*.lock*",
    "-czf",
    `${name}.tar.gz`,
    "-C",
    dataDir,
    ".",
  ];
  const packed = Bun.spawnSync(tar, { env: { ...process.env, GZIP: "-9" } });
  if (packed.exitCode !== 0) throw new Error(`tar: ${packed.stderr.toString()}`);
  await Bun.write(`${name}.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  const kib = Math.ceil(Bun.file(`${name}.tar.gz`).size / 1024);
  console.log(`${name}.tar.gz: ${kib} KiB`);
  if (kib >= 200) throw new Error("a fixture must stay below 200 KiB");
}

try {
  await make();
} finally {
  await endPrograms();
}
