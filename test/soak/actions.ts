import type { Memory } from "./memory.ts";
import { SHARED_ACTIONS, SHOP_ACTIONS } from "./shop-actions.ts";

export interface RequestWishes {
  readonly body?: object;
  readonly headers?: Record<string, string>;
  /** Statuses that the contract has for this request; 503 is counted by itself. */
  readonly expects: readonly number[];
}

export interface ActionContext {
  readonly random: () => number;
  readonly memory: Memory;
  /** The answer's object, null if it is none or nothing came. */
  readonly request: (
    method: string,
    path: string,
    wishes: RequestWishes,
  ) => Promise<Readonly<Record<string, unknown>> | null>;
}

/** One request of the load. */
export interface Action {
  readonly section: "A" | "B" | "C" | "D" | "E" | "all";
  readonly name: string;
  /** How often, of the sum of all weights. */
  readonly weight: number;
  /** Its duration is the point of it, not a latency. */
  readonly isWait?: boolean;
  readonly run: (context: ActionContext) => Promise<unknown>;
}

const cents = (random: () => number) => Math.ceil(random() * 10_000) / 100;

/** One in five creating requests is careful. */
const maybeKey = (random: () => number): Record<string, string> =>
  random() < 0.2 ? { "Idempotency-Key": crypto.randomUUID() } : {};

const PROCESSOR_PAYMENTS: readonly Action[] = [
  {
    section: "A",
    name: "/payments",
    weight: 180,
    run: async ({ random, memory, request }) => {
      const correlationId = crypto.randomUUID();
      await request("POST", "/payments", { body: { correlationId, amount: cents(random) }, expects: [202] });
      memory.payments.add(correlationId);
    },
  },
  {
    section: "A",
    name: "/payments/{correlationId}",
    weight: 40,
    run: async ({ random, memory, request }) => {
      const id = memory.payments.pick(random) ?? crypto.randomUUID();
      await request("GET", `/payments/${id}`, { expects: [200, 404] });
    },
  },
  {
    section: "A",
    name: "/payments-summary",
    weight: 20,
    run: async ({ request }) => {
      const now = Date.now();
      const [from, to] = [now - 15_000, now - 1_500].map((ms) => new Date(ms).toISOString());
      await request("GET", `/payments-summary?from=${from}&to=${to}`, { expects: [200] });
    },
  },
];

const USER_PAYMENTS: readonly Action[] = [
  {
    section: "C",
    name: "/users",
    weight: 4,
    run: async ({ random, memory, request }) => {
      const body = { balance: 1000 };
      const user = await request("POST", "/api/v1/users", {
        body,
        headers: maybeKey(random),
        expects: [200],
      });
      if (typeof user?.["id"] === "number") memory.users.add(user["id"]);
    },
  },
  ...(["deposit", "withdraw"] as const).map(
    (kind): Action => ({
      section: "C",
      name: `/payments/${kind}`,
      weight: kind === "deposit" ? 30 : 16,
      run: async ({ random, memory, request }) => {
        const amount = cents(random);
        const user_id = memory.users.pick(random) ?? 1;
        const payment = await request("POST", `/api/v1/payments/${kind}`, {
          body: kind === "deposit" ? { user_id, deposit: amount } : { user_id, amount },
          headers: maybeKey(random),
          // Unknown user, before there is one; too little money.
          expects: [200, 400, 404],
        });
        if (typeof payment?.["payment_id"] === "number") memory.userPayments.add(payment["payment_id"]);
      },
    }),
  ),
  {
    section: "C",
    name: "/users/{id}",
    weight: 15,
    run: async ({ random, memory, request }) => {
      const path = random() < 0.7 ? "" : "/transactions";
      await request("GET", `/api/v1/users/${memory.users.pick(random) ?? 1}${path}`, { expects: [200, 404] });
    },
  },
  {
    section: "C",
    name: "/payments/{int}",
    weight: 15,
    run: async ({ random, memory, request }) => {
      const id = memory.userPayments.pick(random) ?? 1;
      await request("GET", `/api/v1/payments/${id}`, { expects: [200, 404] });
    },
  },
];

const ACCOUNT_PAYMENTS: readonly Action[] = [
  {
    section: "D",
    name: "/payments",
    weight: 20,
    run: async ({ random, memory, request }) => {
      const body = {
        userId: crypto.randomUUID(),
        accountNumber: "DE02120300000000202051",
        amount: cents(random),
      };
      const payment = await request("POST", "/payments", { body, headers: maybeKey(random), expects: [201] });
      if (typeof payment?.["paymentId"] === "string") memory.accountPayments.add(payment["paymentId"]);
    },
  },
  {
    section: "D",
    name: "/payments/lp/{paymentId}",
    weight: 18,
    isWait: true,
    run: async ({ random, memory, request }) => {
      const id = memory.accountPayments.take(random) ?? crypto.randomUUID();
      await request("GET", `/payments/lp/${id}`, { expects: [200, 404, 408] });
    },
  },
];

const WALLETS: readonly Action[] = [
  {
    section: "E",
    name: "/wallets",
    weight: 4,
    run: async ({ random, memory, request }) => {
      const body = { initial_balance: 100 };
      const wallet = await request("POST", "/api/v1/wallets/", {
        body,
        headers: maybeKey(random),
        expects: [200],
      });
      if (typeof wallet?.["wallet_uuid"] === "string") memory.wallets.add(wallet["wallet_uuid"]);
    },
  },
  {
    section: "E",
    name: "/wallets/{uuid}/operation",
    weight: 50,
    run: async ({ random, memory, request }) => {
      const wallet = memory.wallets.pick(random) ?? crypto.randomUUID();
      const body = { operationType: random() < 0.6 ? "DEPOSIT" : "WITHDRAW", amount: cents(random) };
      const query = random() < 0.2 ? "?sync=true" : "";
      const path = `/api/v1/wallets/${wallet}/operation${query}`;
      await request("POST", path, { body, headers: maybeKey(random), expects: [200, 400, 404] });
    },
  },
  {
    section: "E",
    name: "/wallets/{uuid}",
    weight: 25,
    run: async ({ random, memory, request }) => {
      const wallet = memory.wallets.pick(random) ?? crypto.randomUUID();
      const path = random() < 0.7 ? "" : "/operations?limit=20";
      await request("GET", `/api/v1/wallets/${wallet}${path}`, { expects: [200, 404] });
    },
  },
];

export const ACTIONS: readonly Action[] = [
  ...PROCESSOR_PAYMENTS,
  ...SHOP_ACTIONS,
  ...USER_PAYMENTS,
  ...ACCOUNT_PAYMENTS,
  ...WALLETS,
  ...SHARED_ACTIONS,
];
