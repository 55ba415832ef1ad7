/** Idempotency-Key on every POST that creates something (R7). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Answer, call, post } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { ledgerDifferences } from "./ledger.ts";
import { endPrograms } from "./program.ts";
import { forEachLimited, randomOf, wholeBetween } from "./seed.ts";

let gateway: Gateway;
let userId: unknown;
let wallet: unknown;

beforeAll(async () => {
  gateway = await Gateway.start({ env: { IDEMPOTENCY_TTL_SECONDS: "600" } });
  userId = field(await post(`${gateway.url}/api/v1/users`, { balance: 1_000_000 }), "id");
  wallet = field(await post(`${gateway.url}/api/v1/wallets`, { initial_balance: 1_000_000 }), "wallet_uuid");
});
afterAll(endPrograms);

function field(answer: Answer, name: string): unknown {
  return (answer.body as Record<string, unknown>)[name]; // every answer here is an object
}

interface Route {
  readonly name: string;
  readonly path: () => string;
  readonly body: () => object;
  readonly other: () => object;
  readonly status: number;
}

const correlationId = crypto.randomUUID();

/** Every creating POST of sections A, C and E. */
const ROUTES: readonly Route[] = [
  {
    name: "payments",
    path: () => "/payments",
    body: () => ({ correlationId, amount: 19.9 }),
    other: () => ({ correlationId, amount: 20 }),
    status: 202,
  },
  {
    name: "users",
    path: () => "/api/v1/users",
    body: () => ({ balance: 1 }),
    other: () => ({ balance: 2 }),
    status: 200,
  },
  {
    name: "deposits",
    path: () => "/api/v1/payments/deposit",
    body: () => ({ user_id: userId, deposit: 1 }),
    other: () => ({ user_id: userId, deposit: 2 }),
    status: 200,
  },
  {
    name: "withdrawals",
    path: () => "/api/v1/payments/withdraw",
    body: () => ({ user_id: userId, amount: 1 }),
    other: () => ({ user_id: userId, amount: 2 }),
    status: 200,
  },
  {
    name: "wallets",
    path: () => "/api/v1/wallets",
    body: () => ({ initial_balance: 1 }),
    other: () => ({ initial_balance: 2 }),
    status: 200,
  },
  {
    name: "wallet operations",
    path: () => `/api/v1/wallets/${wallet}/operation`,
    body: () => ({ operationType: "DEPOSIT", amount: 1 }),
    other: () => ({ operationType: "DEPOSIT", amount: 2 }),
    status: 200,
  },
  {
    name: "wallet operations that are waited for",
    path: () => `/api/v1/wallets/${wallet}/operation?sync=true`,
    body: () => ({ operationType: "DEPOSIT", amount: 1 }),
    other: () => ({ operationType: "WITHDRAW", amount: 1 }),
    status: 200,
  },
];

const send = (route: Route, body: object, key: string, headers: Record<string, string> = {}) =>
  post(`${gateway.url}${route.path()}`, body, { "idempotency-key": key, ...headers });

describe.each(ROUTES.map((route) => [route.name, route] as const))("%s", (_, route) => {
  test("50 at once with one new key: one effect, the others are repeats or told to wait", async () => {
    const key = crypto.randomUUID();
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(route, route.body(), key)));
    const first = answers.filter(({ status, headers }) => {
      return status === route.status && headers.get("idempotent-replayed") === null;
    });
    expect(first).toHaveLength(1);
    const text = first[0]?.text;
    for (const answer of answers) {
      if (answer === first[0]) continue;
      if (answer.status === 409) expect(field(answer, "code")).toBe("IDEMPOTENCY_KEY_IN_USE");
      else expect([answer.status, answer.text]).toEqual([route.status, text ?? ""]);
    }
    const later = await send(route, route.body(), `"${key}"`);
    expect([later.status, later.text]).toEqual([route.status, text ?? ""]);
    expect(later.headers.get("idempotent-replayed")).toBe("true");
  });

  test("the key with another body, or too long, is 422 and has no effect; what is badly formed uses no key up", async () => {
    const key = crypto.randomUUID();
    expect((await send(route, {}, key)).status).toBe(422);
    const first = await send(route, route.body(), key);
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    const other = await send(route, route.other(), key);
    expect([other.status, field(other, "code")]).toEqual([422, "IDEMPOTENCY_KEY_REUSED"]);
    const long = await send(route, route.body(), "k".repeat(256));
    expect([long.status, field(long, "code")]).toEqual([422, "IDEMPOTENCY_KEY_INVALID"]);
    const longest = await send(route, route.body(), "k".repeat(255));
    expect(longest.status).toBeLessThan(300);
  });

  test("the same key of another caller is another key", async () => {
    const key = crypto.randomUUID();
    await send(route, route.body(), key, { authorization: "Bearer one" });
    const other = await send(route, route.body(), key, { authorization: "Bearer two" });
    expect(other.headers.get("idempotent-replayed")).toBeNull();
  });
});

test("a business no is kept, too", async () => {
  const key = crypto.randomUUID();
  const poor = field(await post(`${gateway.url}/api/v1/users`, { balance: 0 }), "id");
  const body = { user_id: poor, amount: 5 };
  const url = `${gateway.url}/api/v1/payments/withdraw`;
  const first = await post(url, body, { "idempotency-key": key });
  const again = await post(url, body, { "idempotency-key": key });
  expect([first.status, again.status]).toEqual([400, 400]);
  expect(again.text).toBe(first.text);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
});

test("after kill -9 the answer is still the first one, and there was one effect", async () => {
  const key = crypto.randomUUID();
  const [, , , , , operations] = ROUTES;
  if (operations === undefined) throw new Error("the table has six rows and more");
  const balance = async () => field(await call(`${gateway.url}/api/v1/wallets/${wallet}`), "balance");
  const before = Number(await balance());
  const first = await send(operations, { operationType: "DEPOSIT", amount: 7 }, key);
  await gateway.kill();
  await gateway.restart();
  const again = await send(operations, { operationType: "DEPOSIT", amount: 7 }, key);
  expect([again.status, again.text]).toEqual([200, first.text]);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect(await balance()).toBe(before + 7);
  expect(ledgerDifferences(gateway.databaseFile)).toEqual([]);
});

test("killed at random moments, calls that are repeated until they are answered happen once", async () => {
  const { random } = randomOf("repeats through kills");
  const target = field(await post(`${gateway.url}/api/v1/wallets`, { initial_balance: 0 }), "wallet_uuid");
  const CALLS = 300;
  let isDone = false;
  const killing = (async () => {
    while (!isDone) {
      await Bun.sleep(wholeBetween(random, 20, 250));
      await gateway.kill();
      await gateway.restart();
    }
  })();
  let repeats = 0;
  await forEachLimited(
    Array.from({ length: CALLS }, (_, index) => `call-${index}`),
    8,
    async (key) => {
      for (;;) {
        const url = `${gateway.url}/api/v1/wallets/${target}/operation${random() < 0.5 ? "?sync=true" : ""}`;
        const body = { operationType: "DEPOSIT", amount: 0.01 };
        const answer = await post(url, body, { "idempotency-key": key }).catch(() => null);
        if (answer?.status === 200) break;
        // No answer, still running, or stopping: the client cannot know, and asks again.
        if (answer !== null) expect([409, 503]).toContain(answer.status);
        repeats++;
        await Bun.sleep(5);
      }
      await Bun.sleep(wholeBetween(random, 0, 40));
    },
  );
  isDone = true;
  await killing;
  console.log(`${CALLS} calls, ${repeats} repeats`);
  const { body } = await call(`${gateway.url}/api/v1/wallets/${target}`);
  expect(body).toEqual({ wallet_uuid: target, balance: CALLS / 100 });
  expect(ledgerDifferences(gateway.databaseFile)).toEqual([]);
}, 60_000);
