import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { formatUuid, uuidBytes } from "../../domain/uuid.ts";
import { createHttpApp } from "../../http/app.ts";
import { createMetricsMemory, Metrics } from "../../metrics/metrics.ts";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import { accountPaymentSource } from "../account-payments/search-queries.ts";
import { orderSource } from "../orders/search-queries.ts";
import { paymentSource } from "../payments/search-queries.ts";
import { userPaymentSource } from "../users/search-queries.ts";
import { OverviewRecorder } from "./overview.ts";
import { consoleApiRoutes } from "./routes.ts";

/** One payment in detail: what was tried, and when it is tried again, as long as it waits. */
const NOW_MS = Date.UTC(2025, 6, 15, 12);
const UUID = "4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3";
const ID = Buffer.from(uuidBytes(UUID));
const KINDS = { payment: 1, userPayment: 2, order: 3, accountPayment: 4 };

let store: StoreHarness;
let app: { handle: (request: Request) => Response | Promise<Response> };

beforeEach(() => {
  store = new StoreHarness();
  const { database } = store;
  const metrics = new Metrics(createMetricsMemory(1), 0);
  const routes = consoleApiRoutes({
    overview: new OverviewRecorder({
      metrics,
      intakeFill: () => 0,
      queue: () => ({ depth: 0, oldestMs: null }),
    }),
    sources: [
      paymentSource(database),
      orderSource(database),
      userPaymentSource(database),
      accountPaymentSource(database),
    ],
    state: () => ({}),
  });
  app = createHttpApp().use(routes);
  run(`INSERT INTO replicas (id, name, epoch, lease_until_ms, ring_generation, ring_position)
       VALUES (1, 'one', 1, 0, 'g', 0)`);
});
afterEach(() => store.close());

function run(statement: string, ...values: (string | number | Buffer | null)[]): void {
  store.database.sqlite.run(statement, values);
}

function addTask(kind: keyof typeof KINDS, atMs: number, owner: number | null = null, attempts = 0): void {
  run(
    `INSERT INTO tasks (kind, subject, attempts, added_at_ms, next_attempt_at_ms, lease_owner)
     VALUES (?, 1, ?, ?, ?, ?)`,
    KINDS[kind],
    attempts,
    NOW_MS,
    atMs,
    owner,
  );
}

function addPayment(status = 0): void {
  run(
    "INSERT INTO payments (correlation_id, amount_cents, status, accepted_at_ms) VALUES (?, 100, ?, ?)",
    ID,
    status,
    NOW_MS,
  );
}

function addAttempt(atMs: number, outcome: string): void {
  run(
    "INSERT INTO payment_events (payment_seq, at_ms, event, processor, outcome) VALUES (1, ?, 'attempt', 1, ?)",
    atMs,
    outcome,
  );
}

interface Detail {
  readonly facts: unknown;
  readonly nextAttempt: unknown;
  readonly timeline: readonly unknown[];
}

/** As the routes answer it. */
async function detailOf(source: string, id: string | number): Promise<Detail> {
  const response = await app.handle(new Request(`http://localhost/api/console/payments/${source}/${id}`));
  expect(response.status).toBe(200);
  return (await response.json()) as Detail; // the shape of routes.ts
}

async function nextAttemptOf(source: string, id: string | number): Promise<unknown> {
  return (await detailOf(source, id)).nextAttempt;
}

/** What the store thread notes of a call that failed, and of one that succeeded 20 ms later. */
function noteAttempts(kind: "userPayment" | "order" | "accountPayment"): void {
  const { attempts } = store.context;
  const task = { id: 1, subject: 1 };
  const failed = { kind: "unknown", code: "http_502" } as const;
  const call = { isLookup: false, status: 502, excerpt: "Bad Gateway" };
  attempts.note(kind, task, { outcome: failed, call, latencyMs: 7.25 }, NOW_MS + 10);
  const asked = { isLookup: true, status: 200, excerpt: '{"status":"done"}' };
  const settled = { kind: "settled", requestedAtMs: NOW_MS } as const;
  attempts.note(kind, task, { outcome: settled, call: asked, latencyMs: 3 }, NOW_MS + 30);
}

/** The same for every section that has its attempts noted so. */
const NOTED = (upstream: string) => [
  {
    at: at(NOW_MS + 10),
    event: "attempt",
    upstream,
    isLookup: false,
    outcome: "unknown",
    code: "http_502",
    status: 502,
    latencyMs: 7.25,
    excerpt: "Bad Gateway",
  },
  {
    at: at(NOW_MS + 30),
    event: "attempt",
    upstream,
    isLookup: true,
    outcome: "settled",
    code: null,
    status: 200,
    latencyMs: 3,
    excerpt: '{"status":"done"}',
  },
];

function at(ms: number): string {
  return new Date(ms).toISOString();
}

describe("every attempt is in the timeline, between how it began and how it ended", () => {
  const accepted = { at: at(NOW_MS), event: "accepted" };

  test("section A: what did not settle it, and what did, from the payment's own row", async () => {
    addPayment(1);
    run(
      "UPDATE payments SET processor = 2, requested_at_ms = ?, settled_at_ms = ?",
      NOW_MS + 40,
      NOW_MS + 52,
    );
    run(
      `INSERT INTO payment_events
         (payment_seq, at_ms, event, processor, outcome, code, latency_ms, is_lookup, status, excerpt, amount_cents)
       VALUES (1, ?, 'attempt', 1, 'failed', 'http_500', 1.50049, 0, 500, 'db down', NULL),
              (1, ?, 'conflict', 0, NULL, NULL, NULL, 0, NULL, NULL, 250)`,
      NOW_MS + 20,
      NOW_MS + 21,
    );
    expect((await detailOf("payments", UUID)).timeline).toEqual([
      accepted,
      {
        at: at(NOW_MS + 20),
        event: "attempt",
        upstream: "default",
        isLookup: false,
        outcome: "failed",
        code: "http_500",
        status: 500,
        latencyMs: 1.5,
        excerpt: "db down",
      },
      { at: at(NOW_MS + 21), event: "conflict", amount: 2.5 },
      {
        at: at(NOW_MS + 52),
        event: "attempt",
        upstream: "fallback",
        isLookup: false,
        outcome: "settled",
        code: null,
        status: null,
        latencyMs: 12,
        excerpt: null,
      },
      { at: at(NOW_MS + 52), event: "settled" },
    ]);
  });

  test("section A: a question that settled it has its own answer, and another amount is told", async () => {
    addPayment(1);
    run(
      "UPDATE payments SET processor = 1, requested_at_ms = ?, settled_at_ms = ?",
      NOW_MS + 1,
      NOW_MS + 900,
    );
    run(
      `INSERT INTO payment_events
         (payment_seq, at_ms, event, processor, outcome, latency_ms, is_lookup, status, excerpt, amount_cents)
       VALUES (1, ?, 'attempt', 1, 'settled', 4, 1, 200, '{"amount":2.5}', NULL),
              (1, ?, 'amount_differs', 1, NULL, NULL, 0, NULL, NULL, 250)`,
      NOW_MS + 900,
      NOW_MS + 900,
    );
    const { timeline, facts } = await detailOf("payments", UUID);
    expect(facts).toMatchObject({ settledAmount: 2.5 });
    expect(timeline).toEqual([
      accepted,
      {
        at: at(NOW_MS + 900),
        event: "attempt",
        upstream: "default",
        isLookup: true,
        outcome: "settled",
        code: null,
        status: 200,
        latencyMs: 4,
        excerpt: '{"amount":2.5}',
      },
      { at: at(NOW_MS + 900), event: "amount_differs", amount: 2.5 },
      { at: at(NOW_MS + 900), event: "settled" },
    ]);
  });

  test("section A: one that died says so after what killed it", async () => {
    addPayment(2);
    addAttempt(NOW_MS + 5, "declined");
    const { timeline } = await detailOf("payments", UUID);
    expect(timeline).toMatchObject([
      accepted,
      { outcome: "declined", upstream: "default", status: null },
      { at: at(NOW_MS + 5), event: "dead" },
    ]);
  });

  test("section B", async () => {
    run(
      `INSERT INTO orders (id, reservation_id, product_id, user_key, user_id, quantity, total_ten_thousandths,
                           charge_cents, description, card_last4, created_at_ms, status, ended_at_ms)
       VALUES (?, ?, 1, '7', '7', 1, 10000, 100, '1 x Café', '1111', ?, 2, ?)`,
      ID,
      ID,
      NOW_MS,
      NOW_MS + 30,
    );
    noteAttempts("order");
    const ended = { at: at(NOW_MS + 30), event: "AUTHORIZED" };
    expect((await detailOf("orders", UUID)).timeline).toEqual([accepted, ...NOTED("card-gateway"), ended]);
  });

  test("section C", async () => {
    run(
      `INSERT INTO user_payments (uuid, user_id, type, amount_cents, commission_cents, status, created_at_ms, ended_at_ms)
       VALUES (?, 1, 1, 100, 2, 2, ?, ?)`,
      ID,
      NOW_MS,
      NOW_MS + 30,
    );
    noteAttempts("userPayment");
    const ended = { at: at(NOW_MS + 30), event: "success" };
    expect((await detailOf("users", 1)).timeline).toEqual([accepted, ...NOTED("payment-gateway"), ended]);
  });

  test("section D, while it is not over", async () => {
    run(
      `INSERT INTO account_payments (id, user_id, account_number, amount_cents, created_at_ms)
       VALUES (?, ?, '1', 100, ?)`,
      ID,
      ID,
      NOW_MS,
    );
    noteAttempts("accountPayment");
    expect((await detailOf("account-payments", UUID)).timeline).toEqual([accepted, ...NOTED("bank")]);
  });
});

describe("what waits says when it is tried again", () => {
  test("a payment of a user", async () => {
    run(
      `INSERT INTO user_payments (uuid, user_id, type, amount_cents, commission_cents, status, created_at_ms)
       VALUES (?, 1, 1, 100, 2, 1, ?)`,
      ID,
      NOW_MS,
    );
    addTask("userPayment", NOW_MS + 1_500);
    expect(await nextAttemptOf("users", 1)).toEqual({ at: at(NOW_MS + 1_500), replica: null });
  });

  test("an account payment", async () => {
    run(
      `INSERT INTO account_payments (id, user_id, account_number, amount_cents, created_at_ms)
       VALUES (?, ?, '1', 100, ?)`,
      ID,
      ID,
      NOW_MS,
    );
    addTask("accountPayment", NOW_MS + 7_000);
    expect(await nextAttemptOf("account-payments", formatUuid(ID, 0))).toEqual({
      at: at(NOW_MS + 7_000),
      replica: null,
    });
  });

  test("a payment that no replica has taken yet", async () => {
    addPayment();
    addTask("payment", NOW_MS);
    expect(await nextAttemptOf("payments", UUID)).toEqual({ at: at(NOW_MS), replica: null });
  });
});

describe("a payment that a replica has in hand is tried by that replica", () => {
  test.each([
    // Attempts, their outcomes, and the pause after the last one: domain/retry-policy.ts without its jitter.
    [0, "failed", null],
    [1, "failed", 0],
    [2, "failed", 5],
    [4, "failed", 20],
    [1, "unknown", 100],
    [4, "unknown", 800],
    [20, "unknown", 6_000],
  ])("after %d attempts (%s)", async (attempts, outcome, pauseMs) => {
    addPayment();
    addTask("payment", NOW_MS, 1, attempts);
    for (let attempt = 1; attempt <= attempts; attempt++) addAttempt(NOW_MS + attempt * 10, outcome);
    const dueMs = pauseMs === null ? NOW_MS : NOW_MS + attempts * 10 + pauseMs;
    expect(await nextAttemptOf("payments", UUID)).toEqual({ at: at(dueMs), replica: "one" });
  });
});

test("what is final has no next attempt", async () => {
  addPayment(1);
  expect(await nextAttemptOf("payments", UUID)).toBeNull();
});

test("nor has what another kind of task with the same number is about", async () => {
  addPayment();
  addTask("order", NOW_MS);
  expect(await nextAttemptOf("payments", UUID)).toBeNull();
});
