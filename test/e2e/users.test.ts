/** Section C over HTTP, with a payment gateway that misbehaves (R4, R7, R9, R10). */
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type Answer, call, post } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { ledgerDifferences } from "./ledger.ts";
import { FakeGateway } from "./payment-gateway.ts";
import { endPrograms } from "./program.ts";
import { until } from "./until.ts";

let bank: FakeGateway;
let gateway: Gateway;

const QUICK = {
  GATEWAY_TIMEOUT_SECONDS: "0.3",
  GATEWAY_BACKOFF_BASE_SECONDS: "0.05",
  GATEWAY_BACKOFF_MAX_SECONDS: "0.1",
  GATEWAY_BACKOFF_JITTER_SECONDS: "0.01",
};

beforeEach(() => {
  bank = new FakeGateway();
});
afterEach(async () => {
  expect(ledgerDifferences(gateway.databaseFile)).toEqual([]);
  await gateway.kill();
  await bank.stop();
});
afterAll(endPrograms);

async function start(env: Record<string, string> = {}): Promise<void> {
  gateway = await Gateway.start({ env: { PAYMENT_GATEWAY_URL: bank.url, ...QUICK, ...env } });
}

/** The fields of an answer's body; what is not there is undefined. */
function fields(answer: Answer): Readonly<Record<string, unknown>> {
  return answer.body as Record<string, unknown>; // every answer of this section is an object
}

const api = (path: string) => `${gateway.url}/api/v1${path}`;

async function createUser(balance: number): Promise<number> {
  const answer = await post(api("/users"), { balance });
  expect(answer.status).toBe(200);
  return Number(fields(answer)["id"]);
}

const withdraw = (userId: number, amount: number, headers?: Record<string, string>) =>
  post(api("/payments/withdraw"), { user_id: userId, amount }, headers);
const deposit = (userId: number, amount: number, headers?: Record<string, string>) =>
  post(api("/payments/deposit"), { user_id: userId, deposit: amount }, headers);

async function get(path: string): Promise<Readonly<Record<string, unknown>>> {
  const answer = await call(api(path));
  expect(answer.status).toBe(200);
  return fields(answer);
}

/** The payment once it is success or failed. */
function ended(paymentId: unknown, timeoutMs = 5_000): Promise<Readonly<Record<string, unknown>>> {
  return until(`payment ${paymentId} to end`, timeoutMs, async () => {
    const payment = await get(`/payments/${paymentId}`);
    return (payment["status"] === "success" || payment["status"] === "failed") && payment;
  });
}

describe("deposits and withdrawals", () => {
  test("are charged at the gateway and move money with the fee", async () => {
    await start();
    const user = await createUser(100);
    const accepted = await withdraw(user, 60);
    expect([accepted.status, accepted.body]).toEqual([
      200,
      { payment_id: 1, user_id: user, status: "processing", deposit: null, withdraw: 60 },
    ]);
    expect((await ended(1))["status"]).toBe("success");
    const paidIn = await deposit(user, 10.55);
    expect(paidIn.body).toEqual({
      payment_id: 2,
      user_id: user,
      status: "processing",
      deposit: 10.55,
      withdraw: null,
    });
    await ended(2);
    expect(await get(`/users/${user}`)).toEqual({ id: user, balance: 49.14, held: 0, available: 49.14 });
    expect(bank.calls.map(({ key: _key, atMs: _atMs, ...charge }) => charge)).toEqual([
      { payment_id: 1, user_id: user, amount: 60, commission: 1.2, type: "withdraw" },
      { payment_id: 2, user_id: user, amount: 10.55, commission: 0.21, type: "deposit" },
    ]);
    const { items } = await get(`/users/${user}/transactions/`);
    expect(items).toMatchObject([
      { type: "deposit", payment_id: 2, amount: 10.34, balance_after: 49.14 },
      { type: "withdrawal", payment_id: 1, amount: -61.2, balance_after: 38.8 },
      { type: "opening", payment_id: null, amount: 100, balance_after: 100 },
    ]);
  });

  test("ten at once of 60 from 100: one succeeds, the gateway is called once", async () => {
    await start();
    const user = await createUser(100);
    const answers = await Promise.all(Array.from({ length: 10 }, () => withdraw(user, 60)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 400)]);
    for (const refused of answers.filter(({ status }) => status === 400)) {
      expect(fields(refused)).toMatchObject({ code: "INSUFFICIENT_FUNDS" });
      const [, paymentId] = /payment_id (\d+)/.exec(String(fields(refused)["detail"])) ?? [];
      expect(await get(`/payments/${paymentId}`)).toMatchObject({
        status: "failed",
        last_error: "insufficient_funds",
        attempts: 0,
      });
    }
    const winner = answers.find(({ status }) => status === 200);
    await ended(winner === undefined ? 0 : fields(winner)["payment_id"]);
    expect(bank.calls).toHaveLength(1);
    expect(await get(`/users/${user}`)).toMatchObject({ balance: 38.8, held: 0 });
  });

  test("refuse what is badly formed with 422, and what is unknown with 404", async () => {
    await start();
    for (const [path, body] of [
      ["/users", { balance: -1 }],
      ["/users", {}],
      ["/payments/deposit", { user_id: 1, deposit: 0 }],
      ["/payments/deposit", { user_id: "one", deposit: 5 }],
      ["/payments/withdraw", { user_id: 1, amount: 0.001 }],
      ["/payments/withdraw", []],
    ] as const) {
      const answer = await post(api(path), body);
      expect([path, answer.status]).toEqual([path, 422]);
      expect(fields(answer)["errors"]).toBeArray();
    }
    expect((await deposit(77, 5)).status).toBe(404);
    expect((await withdraw(77, 5)).status).toBe(404);
    for (const [path, status] of [
      ["/users/77", 404],
      ["/users/abc", 422],
      ["/payments/77", 404],
      ["/payments/1.5", 422],
      ["/users/77/transactions", 404],
      ["/dlq?limit=0", 422],
      ["/dlq?offset=x", 422],
    ] as const) {
      expect([path, (await call(api(path))).status]).toEqual([path, status]);
    }
  });
});

describe("a gateway that", () => {
  test("charges and then loses the answer has charged once", async () => {
    await start();
    bank.behave = (_, earlier) => (earlier === 0 ? "hang" : earlier === 1 ? "reset" : 200);
    const user = await createUser(100);
    await withdraw(user, 60);
    expect(await ended(1)).toMatchObject({ status: "success", attempts: 3, last_error: null });
    expect(bank.calls).toHaveLength(3);
    expect(new Set(bank.calls.map(({ key }) => key)).size).toBe(1);
    expect(bank.chargesOf(1)).toBe(1);
    expect(await get(`/users/${user}`)).toMatchObject({ balance: 38.8, held: 0 });
    expect(await get("/metrics")).toMatchObject({
      gateway_timeouts_total: 1,
      gateway_errors_total: 1,
      gateway_success_total: 1,
      payments_retried_total: 2,
    });
  });

  test("never says yes gets its three attempts; then the hold is released and the payment a dead letter", async () => {
    await start();
    bank.behave = () => 502;
    const user = await createUser(100);
    await withdraw(user, 60);
    expect(await get(`/users/${user}`)).toMatchObject({ balance: 100, held: 61.2, available: 38.8 });
    expect(await ended(1)).toMatchObject({
      status: "failed",
      attempts: 3,
      last_error: "gateway_error_502",
      transaction_status: "voided",
    });
    expect(bank.calls).toHaveLength(3);
    const [first, second, third] = bank.calls.map(({ atMs }) => atMs);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(50);
    expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(100);
    expect(await get(`/users/${user}`)).toMatchObject({ balance: 100, held: 0, available: 100 });
    await withdraw(user, 10);
    await ended(2);
    const letters = await call(api("/dlq?limit=1&offset=1"));
    expect(letters.body).toMatchObject([
      {
        payment_id: 1,
        user_id: user,
        amount: 60,
        commission: 1.2,
        payment_type: "withdraw",
        error: "gateway_error_502",
        attempts: 3,
      },
    ]);
  });

  test("says no is not asked again", async () => {
    await start();
    bank.behave = () => 402;
    const user = await createUser(0);
    await deposit(user, 5);
    expect(await ended(1)).toMatchObject({ status: "failed", attempts: 1, last_error: "gateway_error_402" });
    expect(bank.calls).toHaveLength(1);
  });

  test("hangs delays nobody else's payment", async () => {
    await start({ GATEWAY_TIMEOUT_SECONDS: "30" });
    bank.behave = ({ payment_id }) => (payment_id <= 5 ? "hang" : 200);
    const user = await createUser(0);
    for (let payment = 1; payment <= 5; payment++) await deposit(user, 1);
    const startedAt = performance.now();
    const answers = await Promise.all(Array.from({ length: 40 }, () => deposit(user, 1)));
    for (const answer of answers) await ended(fields(answer)["payment_id"], 2_000);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(await get("/payments/1")).toMatchObject({ status: "processing", attempts: 0 });
  });
});

test("killed while the gateway works, every payment ends once and is charged once", async () => {
  await start({ GATEWAY_MAX_ATTEMPTS: "20" });
  bank.behave = (_, earlier) => (earlier === 0 && Math.random() < 0.5 ? "hang" : 200);
  const user = await createUser(10_000);
  const accepted: number[] = [];
  for (let cycle = 0; cycle < 3; cycle++) {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? withdraw(user, 10) : deposit(user, 10))),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      accepted.push(Number(fields(answer)["payment_id"]));
    }
    await Bun.sleep(20 * cycle);
    await gateway.kill();
    await gateway.restart();
  }
  for (const payment of accepted) {
    expect(await ended(payment, 15_000)).toMatchObject({ status: "success" });
    expect(bank.chargesOf(payment)).toBe(1);
  }
  // 45 withdrawals of 10.20 each, 45 deposits of 9.80.
  expect(await get(`/users/${user}`)).toMatchObject({ balance: 9_982, held: 0 });
}, 60_000);

test("the built-in gateway fails as often as it is set to, and charges each payment once", async () => {
  gateway = await Gateway.start({
    env: {
      ...QUICK,
      GATEWAY_TIMEOUT_SECONDS: "0.1",
      GATEWAY_MAX_ATTEMPTS: "30",
      MOCK_GATEWAY_OK_SHARE: "0.4",
      MOCK_GATEWAY_ERROR_SHARE: "0.4",
      MOCK_GATEWAY_LATE_SHARE: "0.2",
    },
  });
  const user = await createUser(0);
  const answers = await Promise.all(Array.from({ length: 60 }, () => deposit(user, 100)));
  for (const answer of answers) {
    expect(await ended(fields(answer)["payment_id"], 15_000)).toMatchObject({ status: "success" });
  }
  expect(await get(`/users/${user}`)).toMatchObject({ balance: 60 * 98 });
  const counts = await get("/mock-gateway/counts");
  expect(counts).toMatchObject({ charges: 60 });
  const counters = await get("/metrics");
  expect(counters["gateway_errors_total"]).toBe(counts["errors"]);
  expect(counters["gateway_timeouts_total"]).toBe(counts["late"]);
  expect(counters["payments_success_total"]).toBe(60);
  for (const path of ["/mock-gateway/pay", "/api/v1/mock-gateway/pay"]) {
    expect([200, 502]).toContain((await post(`${gateway.url}${path}`, {})).status);
  }
}, 30_000);

test("the counters and the state of health are there from the start", async () => {
  await start();
  const counters = await get("/metrics");
  expect(Object.keys(counters)).toHaveLength(13);
  expect(Object.values(counters).every((value) => value === 0)).toBe(true);
  expect(await get("/health")).toEqual({ status: "ok", database: "ok" });
});
