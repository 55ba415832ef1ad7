import { beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ProcessorName } from "../../domain/processor.ts";
import type { AttemptFrame } from "../../ring/frames.ts";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import { DeadLetterList } from "../dead-letters/writer.ts";
import { auditPayments } from "./audit-queries.ts";
import { PaymentCommands } from "./commands.ts";
import { PaymentQueries } from "./queries.ts";

const seed = Number(process.env["TEST_SEED"] ?? Date.now() % 2 ** 31);
console.log(`payments.test.ts: TEST_SEED=${seed}`);

const NOW = 1_763_600_000_000;
let store: StoreHarness;
let payments: PaymentCommands;
let queries: PaymentQueries;

beforeEach(() => {
  store = new StoreHarness();
  payments = new PaymentCommands(store.context, new DeadLetterList(store.context));
  store.modules.push(payments);
  queries = new PaymentQueries(store.database);
});

function idOf(number: number): Buffer {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(number, 12);
  return id;
}

function accept(number: number, amountCents = 1990, upstream: ProcessorName | null = "default") {
  const idBytes = idOf(number);
  return store.transact(() =>
    payments.accept({ idBytes, idAt: 0, amountCents, acceptedAtMs: NOW }, upstream),
  );
}

function taskOf(number: number): number {
  const result = accept(number);
  if (result.kind !== "accepted" || result.task === null) throw new Error("not accepted with a task");
  return result.task.taskId;
}

function attempt(taskId: number, change: Partial<AttemptFrame> = {}) {
  const frame: AttemptFrame = {
    taskId,
    processor: "default",
    kind: "settled",
    requestedAtMs: NOW + 5,
    latencyMs: 3,
    amountCents: 1990,
    upstream: "default",
    code: "",
    ...change,
  };
  store.transact(() => payments.attempt(frame, NOW + 10));
}

const view = (number: number) => queries.view(idOf(number), `payment-${number}`);
const everything = () => queries.summary(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);

describe("accepting", () => {
  test("stores the payment and its task, with the processor that may see it", () => {
    expect(accept(1)).toMatchObject({ kind: "accepted", task: { assigned: "default", uncertain: false } });
    expect(view(1)).toMatchObject({ status: "pending", amount: 19.9, history: [{ event: "accepted" }] });
  });

  test("the same again is noted and changes nothing; another amount is a conflict", () => {
    accept(1);
    expect(accept(1).kind).toBe("repeated");
    expect(accept(1, 500).kind).toBe("conflict");
    expect(view(1)).toMatchObject({
      amount: 19.9,
      history: [{ event: "accepted" }, { event: "repeated" }, { event: "conflict", amount: 5 }],
    });
    expect(store.database.sqlite.query("SELECT count(*) AS n FROM tasks").get()).toEqual({ n: 1 });
  });
});

describe("outcomes", () => {
  test("settled: counted once under the recorded time, with its fee", () => {
    const task = taskOf(1);
    attempt(task);
    attempt(task);
    expect(view(1)).toMatchObject({ status: "settled", processor: "default", fee: 1, attempts: 1 });
    expect(queries.summary(NOW + 5, NOW + 5).default).toEqual({ totalRequests: 1, totalAmount: 19.9 });
    expect(queries.summary(NOW + 6, NOW + 99).default.totalRequests).toBe(0);
    expect(everything().default.totalRequests).toBe(1);
  });

  test("unknown keeps the processor written down, failed frees it", () => {
    const upstream = () => store.database.sqlite.query("SELECT upstream FROM tasks").get();
    const task = taskOf(1);
    attempt(task, { kind: "unknown", code: "timeout" });
    expect(upstream()).toEqual({ upstream: 1 });
    attempt(task, { kind: "failed", code: "http_500", upstream: null });
    expect(upstream()).toEqual({ upstream: 0 });
    expect(view(1)).toMatchObject({ status: "pending", attempts: 2, lastError: "http_500" });
  });

  test("declined is final: an outcome that comes later changes nothing", () => {
    const task = taskOf(1);
    attempt(task, { kind: "declined", code: "http_400" });
    attempt(task);
    expect(view(1)).toMatchObject({ status: "dead", lastError: "http_400" });
    expect(everything().default.totalRequests).toBe(0);
  });

  test("of a task that is not this replica's any more are ignored", () => {
    const task = taskOf(1);
    store.database.sqlite.run("UPDATE tasks SET lease_owner = 99");
    attempt(task);
    expect(view(1)?.status).toBe("pending");
  });
});

test("purge forgets payments, queued ones included, and nothing returns", () => {
  const task = taskOf(1);
  attempt(taskOf(2));
  store.transact(() => payments.commands["payments.purge"]());
  attempt(task);
  expect([view(1), view(2)]).toEqual([null, null]);
  expect(everything().default.totalRequests).toBe(0);
  expect(store.database.sqlite.query("SELECT count(*) AS n FROM tasks").get()).toEqual({ n: 0 });
  expect(accept(1).kind).toBe("accepted");
});

test("the audit finds nothing in sound books, and names what was tampered with", () => {
  attempt(taskOf(1));
  accept(2);
  attempt(taskOf(3), { kind: "declined", code: "http_400" });
  expect(auditPayments(store.database)).toEqual([]);
  const { sqlite } = store.database;
  const broken = () => auditPayments(store.database).map(({ rule }) => rule);
  sqlite.run("UPDATE payment_rollups SET default_cents = default_cents + 1 WHERE level = 3");
  expect(broken()).toEqual(["the rollups of every level count the settled payments, and their cents"]);
  sqlite.run("UPDATE payment_rollups SET default_cents = default_cents - 1 WHERE level = 3");
  sqlite.run("DELETE FROM tasks");
  expect(broken()).toEqual(["every pending payment has exactly one task"]);
});

test("the summary of any window equals the sum over the payments in it", () => {
  const settled = Array.from({ length: 300 }, (_, index) => {
    const spread = [3, 200, 5_000, 400_000, 90_000_000][index % 5] ?? 1;
    const requestedAtMs = NOW + ((index * 2_654_435_761) % spread);
    const processor = index % 3 === 0 ? ("fallback" as const) : ("default" as const);
    const amountCents = 1 + ((index * 7919) % 100_000);
    return { requestedAtMs, processor, amountCents };
  });
  for (const [index, payment] of settled.entries()) {
    const result = accept(index + 1, payment.amountCents, payment.processor);
    if (result.kind === "accepted" && result.task !== null) {
      attempt(result.task.taskId, { ...payment, upstream: payment.processor });
    }
  }
  const instant = fc.integer({ min: NOW - 10_000, max: NOW + 91_000_000 });
  const property = fc.property(instant, instant, fc.boolean(), (a, b, isNarrow) => {
    const from = Math.min(a, b);
    const to = isNarrow ? from + ((a + b) % 500) : Math.max(a, b);
    for (const name of ["default", "fallback"] as const) {
      const inside = settled.filter(
        ({ processor, requestedAtMs }) => processor === name && requestedAtMs >= from && requestedAtMs <= to,
      );
      const cents = inside.reduce((sum, { amountCents }) => sum + amountCents, 0);
      expect(queries.summary(from, to)[name]).toEqual({
        totalRequests: inside.length,
        totalAmount: cents / 100,
      });
    }
  });
  fc.assert(property, { seed, numRuns: 300 });
});
