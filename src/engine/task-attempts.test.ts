/** What dispatch brings back of a call, and what of it is in the database once the store thread has taken it in. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FRAME_KINDS } from "../ring/frames.ts";
import { StoreReplica } from "./fixtures/store-replica.ts";

const ID = "6f9619ff-8b86-4011-b42d-00c04fc964f1";
let directory: string;
let replica: StoreReplica;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "catraca-attempts-"));
  replica = new StoreReplica(directory, "one");
});
afterEach(() => {
  replica.end();
  rmSync(directory, { recursive: true });
});

/** An account payment, handed out. @returns its task */
function accountPayment(): number {
  const createdAtMs = Date.now();
  const fields = { userId: crypto.randomUUID(), accountNumber: "1", amountCents: 100, description: null };
  replica.command("accountPayments.create", { id: ID, createdAtMs, ...fields });
  replica.settle();
  expect(replica.handedOut().map(({ kind }) => kind)).toEqual([FRAME_KINDS.task]);
  return Number(replica.row("SELECT id FROM tasks")["id"]);
}

test("a task's call: every one is a row, the one that decides it too", () => {
  const taskId = accountPayment();
  const answered = { isLookup: false, status: 503, excerpt: "later" };
  const call = { taskId, kind: "accountPayment", latencyMs: 7.5 } as const;
  replica.taskOutcome({ ...call, outcome: { kind: "unknown", code: "http_503" }, call: answered });
  replica.settle();
  // Parked now: an outcome that is told again is nobody's.
  replica.taskOutcome({ ...call, outcome: { kind: "unknown", code: "http_503" }, call: answered });
  replica.settle();
  replica.database.sqlite.run("UPDATE tasks SET lease_owner = 1");
  const data = { kind: "decided", state: "completed", details: "ok" };
  const outcome = { kind: "settled", requestedAtMs: 0 } as const;
  replica.taskOutcome({ ...call, outcome, data, call: { ...answered, status: 200, excerpt: "{}" } });
  replica.settle();
  const columns = "kind, subject, number, task_id, outcome, code, status, latency_ms, excerpt";
  const rows = replica.database.sqlite.query(`SELECT ${columns} FROM task_attempts ORDER BY number`).values();
  expect(rows).toEqual([
    [4, 1, 1, taskId, "unknown", "http_503", 503, 7.5, "later"],
    [4, 1, 2, taskId, "settled", null, 200, 7.5, "{}"],
  ]);
  expect(replica.row("SELECT calls FROM account_payments")).toEqual({ calls: 2 });
});

test("an outcome of before the lease was lost is no attempt", () => {
  const taskId = accountPayment();
  const told = { taskId, kind: "accountPayment", latencyMs: 1 } as const;
  replica.loseLease("one");
  replica.database.sqlite.run("UPDATE replicas SET epoch = epoch + 1");
  replica.taskOutcome({ ...told, outcome: { kind: "unknown", code: "timeout" } });
  replica.settle();
  expect(replica.row("SELECT count(*) AS rows FROM task_attempts")).toEqual({ rows: 0 });
});

test("a payment that settles at its first call adds no row; one that does not keeps what was answered", () => {
  replica.pay(ID);
  replica.settle();
  const taskId = Number(replica.row("SELECT id FROM tasks")["id"]);
  const frame = { taskId, fence: replica.state.fence, upstream: "default" } as const;
  const call = { isLookup: true, status: 500, excerpt: "Erro: indisponível" };
  replica.attempt({ ...frame, kind: "unknown", call });
  replica.settle();
  const row = "SELECT event, outcome, is_lookup, status, excerpt FROM payment_events";
  expect(replica.row(row)).toEqual({
    event: "attempt",
    outcome: "unknown",
    is_lookup: 1,
    status: 500,
    excerpt: "Erro: indisponível",
  });
  replica.attempt({ ...frame, kind: "settled" });
  replica.settle();
  const rows =
    "SELECT (SELECT count(*) FROM payment_events) AS events, (SELECT count(*) FROM task_attempts) AS rows";
  expect(replica.row(rows)).toEqual({ events: 1, rows: 0 });
  expect(replica.row("SELECT status, attempts FROM payments")).toEqual({ status: 1, attempts: 2 });
});
