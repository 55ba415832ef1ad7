import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { AttemptOutcome } from "../../domain/attempt-outcome.ts";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import type { TaskDecision } from "../../store/module.ts";
import { DeadLetterQueries } from "../dead-letters/queries.ts";
import { DeadLetterList } from "../dead-letters/writer.ts";
import { auditLedger } from "../ledger/audit.ts";
import { Ledger } from "../ledger/ledger.ts";
import { LedgerQueries } from "../ledger/queries.ts";
import { UserCommands, type UserReply } from "./commands.ts";
import { UserQueries } from "./queries.ts";

/** Section C in the store: what calls and their outcomes mean for the money. */
let store: StoreHarness;
let users: UserCommands;
let queries: UserQueries;
let nowMs: number;

beforeEach(() => {
  nowMs = 1_000_000;
  store = new StoreHarness({ gatewayBackoffJitterSeconds: 0 });
  const ledger = new Ledger(store.context, () => nowMs);
  users = new UserCommands(store.context, ledger, new DeadLetterList(store.context));
  store.modules.push(users, ledger);
  const { database } = store;
  queries = new UserQueries(database, new LedgerQueries(database), new DeadLetterQueries(database));
});
afterEach(() => {
  expect(auditLedger(store.database)).toEqual([]);
  store.close();
});

function execute(name: string, input: object): UserReply {
  return store.execute(name, { ...input, uuid: crypto.randomUUID() }, nowMs) as UserReply; // users.* only
}

function createUser(balanceCents: number): number {
  const reply = execute("users.create", { balanceCents });
  if (reply.kind !== "created") throw new Error(`not created: ${reply.kind}`);
  return reply.userId;
}

function accept(type: "deposit" | "withdraw", userId: number, amountCents: number): number {
  const reply = execute(`users.${type}`, { userId, amountCents });
  if (reply.kind !== "accepted") throw new Error(`not accepted: ${reply.kind}`);
  return reply.paymentId;
}

const leased = (subject: number, attempts: number) => ({ id: subject, subject, attempts, upstream: 0 });

/** What dispatch would be told to call. */
function describeTask(paymentId: number): unknown {
  return store.transact(() => users.tasks.userPayment.describe(leased(paymentId, 0), nowMs))?.payload;
}

/** Reports what the `attempt`th call came to. */
function report(paymentId: number, attempt: number, outcome: AttemptOutcome): TaskDecision {
  const task = leased(paymentId, attempt);
  return store.takeOutcome("userPayment", users.tasks.userPayment, task, { outcome }, nowMs);
}

const SETTLED = { kind: "settled", requestedAtMs: 0 } as const;
const TIMEOUT = { kind: "unknown", code: "timeout" } as const;
const BAD_GATEWAY = { kind: "unknown", code: "gateway_error_502" } as const;
const NO = { kind: "declined", code: "gateway_error_400" } as const;

describe("a withdrawal", () => {
  test("holds the amount and its fee, and debits them once it is charged", () => {
    const user = createUser(10_000);
    const payment = accept("withdraw", user, 6_000);
    expect(queries.user(user)).toEqual({ id: user, balance: 100, held: 61.2, available: 38.8 });
    expect(describeTask(payment)).toMatchObject({
      paymentId: payment,
      userId: user,
      amountCents: 6_000,
      commissionCents: 120,
      type: "withdraw",
    });
    expect(report(payment, 1, SETTLED)).toEqual({ kind: "finish" });
    expect(queries.user(user)).toEqual({ id: user, balance: 38.8, held: 0, available: 38.8 });
    expect(queries.payment(payment)).toEqual({
      payment_id: payment,
      user_id: user,
      amount: 60,
      commission: 1.2,
      status: "success",
      attempts: 1,
      last_error: null,
      transaction_status: "posted",
    });
  });

  test("for which there is too little is stored as failed, and dispatch hears nothing of it", () => {
    const user = createUser(6_119);
    const reply = execute("users.withdraw", { userId: user, amountCents: 6_000 });
    if (reply.kind !== "insufficient_funds") throw new Error(reply.kind);
    expect(queries.payment(reply.paymentId)).toMatchObject({
      status: "failed",
      attempts: 0,
      last_error: "insufficient_funds",
      transaction_status: "voided",
    });
    expect(store.context.tasks.leaseDue("userPayment", nowMs, 10)).toEqual([]);
    expect(queries.deadLetters(10, 0)).toEqual([]);
    expect(queries.user(user)).toMatchObject({ balance: 61.19, held: 0 });
  });

  test("ten of 60 from 100 in one batch: one is accepted", () => {
    const user = createUser(10_000);
    const kinds = Array.from(
      { length: 10 },
      () => execute("users.withdraw", { userId: user, amountCents: 6_000 }).kind,
    );
    expect(kinds.filter((kind) => kind === "accepted")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "insufficient_funds")).toHaveLength(9);
  });
});

describe("a deposit", () => {
  test("credits the amount less the fee, once it is charged", () => {
    const user = createUser(0);
    const payment = accept("deposit", user, 1_055);
    describeTask(payment);
    expect(queries.user(user)).toMatchObject({ balance: 0 });
    report(payment, 1, SETTLED);
    expect(queries.user(user)).toMatchObject({ balance: 10.34, held: 0 });
  });

  test("that would lift the balance over the limit is refused", () => {
    const user = createUser(999_999_999_999);
    expect(execute("users.deposit", { userId: user, amountCents: 100 })).toEqual({ kind: "balance_limit" });
  });

  test("into nothing is refused", () => {
    expect(execute("users.deposit", { userId: 77, amountCents: 100 })).toEqual({ kind: "unknown_user" });
    expect(execute("users.withdraw", { userId: 77, amountCents: 100 })).toEqual({ kind: "unknown_user" });
  });
});

describe("calls that do not end well", () => {
  test("are tried again after 1 s and 2 s with the same key; after the third the money is free again", () => {
    const user = createUser(10_000);
    const payment = accept("withdraw", user, 6_000);
    const first = describeTask(payment);
    expect(report(payment, 1, TIMEOUT)).toEqual({ kind: "retry", atMs: nowMs + 1_000 });
    expect(queries.payment(payment)).toMatchObject({
      status: "processing",
      attempts: 1,
      last_error: "timeout",
    });
    expect(queries.user(user)).toMatchObject({ held: 61.2 });
    expect(describeTask(payment)).toEqual(first);
    expect(report(payment, 2, BAD_GATEWAY)).toEqual({ kind: "retry", atMs: nowMs + 2_000 });
    expect(report(payment, 3, BAD_GATEWAY)).toEqual({ kind: "finish" });
    expect(queries.payment(payment)).toMatchObject({
      status: "failed",
      attempts: 3,
      last_error: "gateway_error_502",
      transaction_status: "voided",
    });
    expect(queries.user(user)).toEqual({ id: user, balance: 100, held: 0, available: 100 });
    expect(queries.deadLetters(10, 0)).toEqual([
      {
        id: 1,
        payment_id: payment,
        user_id: user,
        amount: 60,
        commission: 1.2,
        payment_type: "withdraw",
        error: "gateway_error_502",
        attempts: 3,
        created_at: "1970-01-01T00:16:40.000Z",
      },
    ]);
  });

  test("are not repeated after a final no", () => {
    const user = createUser(0);
    const payment = accept("deposit", user, 5_000);
    describeTask(payment);
    expect(report(payment, 1, NO)).toEqual({ kind: "finish" });
    expect(queries.payment(payment)).toMatchObject({ status: "failed", last_error: "gateway_error_400" });
    expect(queries.deadLetters(10, 0)).toHaveLength(1);
  });

  test("an outcome that comes after the end changes nothing", () => {
    const user = createUser(10_000);
    const payment = accept("withdraw", user, 6_000);
    describeTask(payment);
    report(payment, 1, SETTLED);
    report(payment, 2, NO);
    report(payment, 2, SETTLED);
    expect(queries.payment(payment)).toMatchObject({ status: "success", attempts: 1 });
    expect(queries.user(user)).toMatchObject({ balance: 38.8, held: 0 });
    expect(users.tasks.userPayment.describe(leased(payment, 2), nowMs)).toBeNull();
  });
});

describe("a requeued payment", () => {
  test("holds its money again, keeps its key, and is charged once", () => {
    const user = createUser(10_000);
    const payment = accept("withdraw", user, 6_000);
    const brief = describeTask(payment);
    report(payment, 1, NO);
    expect(store.transact(() => users.requeue(String(payment), null, nowMs))).toEqual({ kind: "requeued" });
    expect(queries.user(user)).toMatchObject({ held: 61.2 });
    expect(describeTask(payment)).toEqual(brief);
    report(payment, 1, SETTLED);
    expect(queries.user(user)).toMatchObject({ balance: 38.8, held: 0 });
    expect(queries.payment(payment)).toMatchObject({ status: "success", attempts: 2 });
  });

  test("stays dead when the money is gone", () => {
    const user = createUser(10_000);
    const payment = accept("withdraw", user, 6_000);
    describeTask(payment);
    report(payment, 1, NO);
    accept("withdraw", user, 5_000);
    expect(store.transact(() => users.requeue(String(payment), null, nowMs))).toMatchObject({
      kind: "refused",
    });
    expect(queries.payment(payment)).toMatchObject({ status: "failed" });
  });
});

test("the counters count what happened, and nothing that was rolled back", () => {
  const user = createUser(100_000);
  const good = accept("deposit", user, 5_000);
  const bad = accept("withdraw", user, 5_000);
  execute("users.withdraw", { userId: user, amountCents: 9_999_999 });
  describeTask(good);
  describeTask(bad);
  report(good, 1, SETTLED);
  report(bad, 1, TIMEOUT);
  report(bad, 2, BAD_GATEWAY);
  report(bad, 3, NO);
  users.countReplay("users.deposit");
  users.countReplay("wallets.create");
  store.transact(() => {});
  expect(() =>
    store.transact(() => {
      users.commands["users.deposit"]({ userId: user, amountCents: 1, uuid: crypto.randomUUID() }, nowMs);
      throw new Error("rolled back");
    }),
  ).toThrow();
  store.transact(() => {});
  expect(queries.counters()).toEqual({
    payments_deposit_requests_total: 2,
    payments_withdraw_requests_total: 2,
    idempotency_hits_total: 1,
    payments_task_enqueued_total: 2,
    payments_processing_started_total: 2,
    gateway_success_total: 1,
    gateway_timeouts_total: 1,
    gateway_errors_total: 1,
    gateway_non_retryable_errors_total: 1,
    payments_success_total: 1,
    payments_failed_total: 2,
    payments_retried_total: 2,
    dlq_written_total: 1,
  });
});
