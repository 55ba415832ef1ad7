import { beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LIMITS } from "../../config/limits.ts";
import type { ProcessorName } from "../../domain/processor.ts";
import type { AttemptFrame } from "../../ring/frames.ts";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import { DeadLetterList } from "../dead-letters/writer.ts";
import { auditPayments, PaymentAuditQueries } from "./audit-queries.ts";
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
    fence: 0,
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

  test("recorded under another amount: counted as recorded, shown as asked for, and the audit knows why", () => {
    const task = taskOf(1);
    const call = { isLookup: true, status: 200, excerpt: '{"amount":5}' };
    attempt(task, { amountCents: 500, call, latencyMs: 7 });
    expect(everything().default).toEqual({ totalRequests: 1, totalAmount: 5 });
    expect(view(1)).toMatchObject({
      amount: 19.9,
      settledAmount: 5,
      fee: 0.25,
      attempts: 1,
      history: [
        { event: "accepted" },
        { event: "attempt", outcome: "settled", processor: "default", latencyMs: 7 },
        { event: "amount_differs", processor: "default", amount: 5 },
        { event: "settled", processor: "default" },
      ],
    });
    // The client's own call again is still the same payment, and another amount still is not.
    expect([accept(1).kind, accept(1, 500).kind]).toEqual(["repeated", "conflict"]);
    expect(auditPayments(store.database)).toEqual([]);
    const audited = new PaymentAuditQueries(store.database);
    expect(audited.find(1)?.amountCents).toBe(500);
    expect(audited.counts().otherAmount).toBe(1);
  });

  test("another amount is kept however long the history is", () => {
    const task = taskOf(1);
    for (let number = 0; number < LIMITS.historyEventsMax.value + 5; number++) accept(1);
    attempt(task, { amountCents: 500, call: { isLookup: true, status: 200, excerpt: null } });
    expect(view(1)?.settledAmount).toBe(5);
    expect(auditPayments(store.database)).toEqual([]);
  });

  test("a call that was answered at once leaves no row but the payment's own", () => {
    attempt(taskOf(1));
    expect(view(1)?.history).toEqual([
      { at: new Date(NOW).toISOString(), event: "accepted" },
      { at: new Date(NOW + 10).toISOString(), event: "settled", processor: "default", latencyMs: 5 },
    ]);
    expect(view(1)).not.toHaveProperty("settledAmount");
    expect(store.database.sqlite.query("SELECT count(*) AS n FROM payment_events").get()).toEqual({ n: 0 });
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

describe("a restored backup", () => {
  const tasks = () =>
    store.database.sqlite.query("SELECT upstream, next_attempt_at_ms AS atMs FROM tasks").all();
  const restore = () =>
    store.transact(() => {
      payments.restored(NOW);
      store.database.sqlite.run("UPDATE state SET restored_at_ms = ?", [NOW]);
    });
  const CERTAIN_AT = NOW + 30_000;

  test("either processor may have what is unfinished; it is handed out when no old call is on its way", () => {
    accept(1, 1990, "default");
    accept(2, 1990, null);
    restore();
    expect(tasks()).toEqual([
      { upstream: 3, atMs: CERTAIN_AT },
      { upstream: 3, atMs: CERTAIN_AT },
    ]);
    const [, either] = payments.describe([
      { id: 1, subject: 1, attempts: 0, upstream: 2 },
      { id: 2, subject: 2, attempts: 0, upstream: 3 },
      { id: 3, subject: 2, attempts: 0, upstream: 0 },
    ]);
    expect(either).toMatchObject({ assigned: null, uncertain: true });
  });

  test("requeued, a payment that was declined after an unknown outcome is asked about where that call went", () => {
    const upstreamOf = (task: string) =>
      store.database.sqlite.query(`SELECT upstream FROM tasks ${task}`).get();
    const task = taskOf(1);
    attempt(task, { kind: "unknown", code: "timeout", processor: "fallback", upstream: "fallback" });
    attempt(task, { kind: "declined", code: "http_400", processor: "fallback", upstream: "fallback" });
    store.transact(() =>
      payments.deadLetterSource.requeue("00000000-0000-0000-0000-000000000001", null, NOW + 20),
    );
    expect(upstreamOf("")).toEqual({ upstream: 2 });
  });

  test("a payment that was dead then, and is requeued, may have been requeued and charged before", () => {
    attempt(taskOf(1), { kind: "declined", code: "http_400" });
    const requeue = (number: number) =>
      store.transact(() =>
        payments.deadLetterSource.requeue(`00000000-0000-0000-0000-00000000000${number}`, null, NOW + 5),
      );
    restore();
    expect(requeue(1)).toEqual({ kind: "requeued" });
    expect(tasks()).toEqual([{ upstream: 3, atMs: CERTAIN_AT }]);
    store.database.sqlite.run("DELETE FROM tasks");
    // One that was accepted after the restore is nobody else's.
    store.database.sqlite.run("UPDATE state SET restored_at_ms = ?", [NOW - 1]);
    attempt(taskOf(2), { kind: "declined", code: "http_400" });
    requeue(2);
    expect(tasks()).toEqual([{ upstream: 0, atMs: NOW + 5 }]);
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
  const aboveIsWrong = "the rollups of every level are the sums of the level below";
  const finestIsWrong = "the rollup of every millisecond counts the payments settled in it, and their cents";
  sqlite.run("UPDATE payment_rollups SET default_cents = default_cents + 1 WHERE level = 3");
  // Wrong against the level below, and the level above against it.
  expect(auditPayments(store.database)).toMatchObject([{ rule: aboveIsWrong, count: 2 }]);
  sqlite.run("UPDATE payment_rollups SET default_cents = default_cents - 1 WHERE level = 3");
  expect(broken()).toEqual([]);
  sqlite.run("UPDATE payment_rollups SET bucket = bucket + 1 WHERE level = 0");
  expect(broken()).toEqual([finestIsWrong]);
  sqlite.run("DELETE FROM payment_rollups");
  expect(broken()).toEqual([finestIsWrong]);
  sqlite.run("DELETE FROM tasks");
  const [first] = auditPayments(store.database);
  expect(first).toEqual({
    rule: "every pending payment has exactly one task",
    found: "broken 1 times",
    count: 1,
    examples: ["00000000-0000-0000-0000-000000000002"],
  });
});

test("the audit's sample is the same for the same seed, and half of it was called more than once", () => {
  for (let number = 1; number <= 40; number++) accept(number);
  store.database.sqlite.run("UPDATE payments SET attempts = 2 WHERE seq IN (3, 17, 31)");
  store.database.sqlite.run("UPDATE payments SET attempts = 5 WHERE seq > 34");
  const audited = new PaymentAuditQueries(store.database);
  const seqs = (limit: number, seed: number) => audited.sample(limit, seed).map(({ seq }) => seq);
  const often = [3, 17, 31, 35, 36, 37, 38, 39, 40];
  expect(seqs(8, 1)).toEqual(seqs(8, 1));
  expect(seqs(8, 1)).not.toEqual(seqs(8, 2));
  for (const seed of [1, 2, 3, 4_294_967_295]) {
    const drawn = seqs(8, seed);
    expect(new Set(drawn).size).toBe(8);
    expect(drawn.filter((seq) => often.includes(seq)).length).toBeGreaterThanOrEqual(4);
    expect(seqs(100, seed).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
  }
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
