import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { AttemptOutcome } from "../../domain/attempt-outcome.ts";
import { uuidBytes } from "../../domain/uuid.ts";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import type { TaskDecision } from "../../store/module.ts";
import type { BankAnswer } from "../../upstreams/bank.ts";
import { TopicQueries } from "../topics/queries.ts";
import { TopicLog } from "../topics/topic-writer.ts";
import { AccountPaymentCommands } from "./commands.ts";
import { type NewAccountPayment, readAccountPayment } from "./model.ts";
import { AccountPaymentQueries } from "./queries.ts";

/** Section D in the store: what the bank's answers mean for a payment. */
let store: StoreHarness;
let payments: AccountPaymentCommands;
let queries: AccountPaymentQueries;
let results: number;
const NOW = Date.UTC(2025, 6, 15);

beforeEach(() => {
  store = new StoreHarness();
  results = 0;
  const events = { wants: () => false, emit: () => {}, resultReady: () => results++ };
  const context = { ...store.context, events };
  const topics = new TopicLog(context, () => NOW);
  payments = new AccountPaymentCommands(context, topics);
  store.modules.push(payments, topics);
  queries = new AccountPaymentQueries(store.database);
});
afterEach(() => store.close());

function create(fields: Partial<NewAccountPayment> = {}): NewAccountPayment {
  const read = readAccountPayment({ userId: crypto.randomUUID(), accountNumber: "DE1", amount: "19.90" });
  if (read.kind !== "valid") throw new Error("the body is valid");
  const payment = { ...read.value, id: Bun.randomUUIDv7(), createdAtMs: NOW, ...fields };
  store.execute("accountPayments.create", payment, NOW);
  return payment;
}

const find = ({ id }: NewAccountPayment) => queries.find(uuidBytes(id));
const leased = (subject: number, attempts = 1) => ({ id: subject, subject, attempts, upstream: 0 });
const describeTask = (seq: number) =>
  store.transact(() => payments.tasks.accountPayment.describe(leased(seq)));

function report(seq: number, outcome: AttemptOutcome, data?: BankAnswer, attempts = 1): TaskDecision {
  const result = { outcome, ...(data === undefined ? {} : { data }) };
  return store.transact(() =>
    payments.tasks.accountPayment.outcome(leased(seq, attempts), result, NOW + 7_000),
  );
}

const YES: BankAnswer = { kind: "decided", state: "completed", details: "Payment processed in 7 seconds" };
const NO: BankAnswer = { kind: "decided", state: "rejected", details: "Payment rejected after 7 seconds" };
const SETTLED = { kind: "settled", requestedAtMs: NOW } as const;
const DECLINED = { kind: "declined", code: "rejected" } as const;
const PENDING = { kind: "unknown", code: "pending" } as const;

const messages = (topic: "payments" | "paymentsResults") =>
  new TopicQueries(store.database).newest(topic, new Map([0, 1, 2].map((part) => [part, 1e9])), 100);

test("a payment is pending until the bank has decided, and then what it said", () => {
  const payment = create();
  const pending = find(payment);
  expect(pending).toEqual({
    paymentId: payment.id,
    userId: payment.userId,
    created: "2025-07-15T00:00:00.000Z",
    processed: null,
    state: "pending",
    accountNumber: "DE1",
    amount: 19.9,
    description: null,
    extPaymentDetails: null,
  });
  expect(describeTask(1)?.payload).toMatchObject({ paymentId: payment.id, amount: 19.9 });
  expect(report(1, SETTLED, YES)).toEqual({ kind: "finish" });
  expect(find(payment)).toMatchObject({
    state: "completed",
    processed: "2025-07-15T00:00:07.000Z",
    extPaymentDetails: "Payment processed in 7 seconds",
  });
  expect(describeTask(1)).toBeNull();
});

test("a final state is never left", () => {
  const payment = create();
  report(1, DECLINED, NO);
  expect(report(1, SETTLED, YES)).toEqual({ kind: "finish" });
  expect(find(payment)?.state).toBe("rejected");
  expect(results).toBe(1);
  expect(messages("paymentsResults")).toHaveLength(1);
});

test("while the bank does not know, it is asked again when it said", () => {
  const payment = create();
  expect(report(1, PENDING, { kind: "notYet", askAgainInMs: 4_200 })).toEqual({
    kind: "retry",
    atMs: NOW + 7_000 + 4_200,
  });
  expect(find(payment)?.state).toBe("pending");
});

test("a bank that cannot be reached is asked for ever, ever more seldom", () => {
  create();
  const waits = [1, 2, 5, 100].map((attempts) => {
    const decision = report(1, { kind: "unknown", code: "timeout" }, undefined, attempts);
    return decision.kind === "retry" ? decision.atMs - NOW - 7_000 : Number.NaN;
  });
  expect(waits.toSorted((a, b) => a - b)).toEqual(waits);
  expect(waits.at(-1)).toBeLessThanOrEqual(10_250);
});

describe("results are numbered in the order of their commits", () => {
  test("so that what is new is one look", () => {
    const [a, b, c] = [create(), create(), create()];
    expect(queries.lastFinalSeq()).toBe(0);
    report(2, SETTLED, YES);
    report(3, DECLINED, NO);
    expect(queries.lastFinalSeq()).toBe(2);
    report(1, SETTLED, YES);
    const ids = queries.finalsSince(0, 10).map(({ view }) => view.paymentId);
    expect(ids).toEqual([b.id, c.id, a.id]);
    expect(queries.finalsSince(2, 10).map(({ finalSeq }) => finalSeq)).toEqual([3]);
  });
});

test("payments and results are told in their topics, under the payment's id", () => {
  const payment = create();
  report(1, SETTLED, YES);
  const [first] = messages("payments");
  expect(first).toMatchObject({ key: payment.id, value: { paymentId: payment.id, state: "pending" } });
  const [result] = messages("paymentsResults");
  expect(result).toMatchObject({ key: payment.id, value: { state: "completed" } });
  expect(result?.partition).toBe(first?.partition ?? -1);
});

describe("a body", () => {
  const userId = crypto.randomUUID();
  const errorsOf = (body: unknown) => {
    const read = readAccountPayment(body);
    return read.kind === "valid" ? [] : read.errors.map(({ path }) => path);
  };

  test("may have a description, and what else it says is not looked at", () => {
    const read = readAccountPayment({
      userId: userId.toUpperCase(),
      accountNumber: "1",
      amount: 0.01,
      description: "d",
      state: "completed",
      paymentId: "mine",
      created: "never",
    });
    expect(read).toEqual({
      kind: "valid",
      value: { userId, accountNumber: "1", amountCents: 1, description: "d" },
    } as never); // cents are a branded number
  });

  test.each([
    [null, ["body"]],
    [{}, ["userId", "accountNumber", "amount"]],
    [{ userId: 5, accountNumber: "", amount: 0 }, ["userId", "accountNumber", "amount"]],
    [{ userId, accountNumber: "   ", amount: 1 }, ["accountNumber"]],
    [{ userId, accountNumber: "1".repeat(65), amount: 1 }, ["accountNumber"]],
    [{ userId, accountNumber: 12, amount: 1 }, ["accountNumber"]],
    [{ userId, accountNumber: "1", amount: 1.001 }, ["amount"]],
    [{ userId, accountNumber: "1", amount: 1, description: 5 }, ["description"]],
    [{ userId, accountNumber: "1", amount: 1, description: "d".repeat(1001) }, ["description"]],
    [{ userId, accountNumber: "1", amount: 1, description: null }, []],
  ])("%j", (body, paths) => {
    expect(errorsOf(body)).toEqual(paths);
  });
});
