/** Replicas on one database: what a lost lease, a purge, a clock that is set back and poison do to each other's work. */
import { afterEach, beforeEach, expect, setSystemTime, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FRAME_KINDS } from "../ring/frames.ts";
import { StoreReplica } from "./fixtures/store-replica.ts";

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const ID = "0190a1b2-0000-7000-8000-00000000000";
/** Longer than store-thread.ts waits between two looks for replicas that are gone. */
const LOOK_MS = 600;

let directory: string;
let nowMs: number;
let replicas: StoreReplica[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "catraca-store-thread-"));
  replicas = [];
  setClock(NOW_MS);
});
afterEach(() => {
  for (const replica of replicas) replica.end();
  rmSync(directory, { recursive: true });
  setSystemTime();
});

function setClock(ms: number): void {
  nowMs = ms;
  setSystemTime(new Date(ms));
}

function open(name: string): StoreReplica {
  const replica = new StoreReplica(directory, name);
  replicas.push(replica);
  return replica;
}

/** The only task there is. */
const task = (replica: StoreReplica) => replica.row("SELECT id, upstream, attempts, lease_owner FROM tasks");

test("an outcome of before the lease was lost says nothing about the same task of after it", () => {
  const one = open("one");
  const two = open("two");
  one.pay(`${ID}1`);
  one.settle();
  const taskId = Number(task(one)["id"]);
  // Dispatch of `one` writes the processor down and calls it; meanwhile the lease runs out, and `two` has the task.
  one.database.sqlite.run("UPDATE tasks SET upstream = 1");
  one.loseLease("one");
  setClock(nowMs + LOOK_MS);
  two.settle();
  expect(task(one)).toMatchObject({ lease_owner: 2, upstream: 1 });
  // `two` ends, perhaps in the middle of its call, and `one` gets its task back.
  two.loseLease("two");
  replicas.pop()?.end();
  setClock(nowMs + 2_000);
  one.settle();
  expect(task(one)).toMatchObject({ lease_owner: 1, upstream: 1 });

  // "Certainly not processed" was true of the first call alone: the second may have been.
  one.attempt({ taskId, fence: 0, kind: "failed", upstream: null });
  one.settle();
  expect(task(one)).toMatchObject({ upstream: 1, attempts: 0 });
  one.attempt({ taskId, fence: one.state.fence, kind: "failed", upstream: null });
  one.settle();
  expect(task(one)).toMatchObject({ upstream: 0, attempts: 1 });
});

test("what a take-over hands out after another replica's purge is not dropped for that purge later", () => {
  const one = open("one");
  const two = open("two");
  const gone = open("gone");
  one.settle();
  two.settle();
  two.command("payments.purge", {});
  two.settle();
  // Behind the purge, so it is not purged; its replica does not come round to it.
  gone.pay(`${ID}2`);
  one.loseLease("gone");
  one.handedOut();
  setClock(nowMs + LOOK_MS);
  one.settle();
  setClock(nowMs + LOOK_MS);
  one.settle();
  const kinds = one.handedOut().map(({ kind }) => kind);
  expect(kinds).toEqual([FRAME_KINDS.drop, FRAME_KINDS.paymentTask]);
  expect(task(one)).toMatchObject({ lease_owner: 1 });
});

test("a life that was registered by a batch that failed is not taken for the one that a take-over has numbered", () => {
  const one = open("one");
  const two = open("two");
  one.settle();
  two.settle();
  one.handedOut();
  one.loseLease("one");
  setClock(nowMs + LOOK_MS);
  two.settle();
  // `one` comes round, registers anew and meets poison: rolled back. Before it tries again, `two` finds what it has
  // acknowledged meanwhile, and takes over once more.
  one.pay(`${ID}8`);
  one.command("nobody.knows", {});
  one.store.thread.turn();
  setClock(nowMs + LOOK_MS);
  two.settle();
  one.pay(`${ID}9`);
  one.settle();
  // Dispatch takes no task until it has seen the drop with the number of the last loss.
  const [first, ...others] = one.handedOut();
  expect(first).toEqual({ kind: FRAME_KINDS.drop, taskId: one.state.fence });
  expect(others.map(({ kind }) => kind)).toContain(FRAME_KINDS.paymentTask);
});

test("a clock that is set back by an hour keeps no free task waiting for an hour", () => {
  const one = open("one");
  one.settle();
  one.pay(`${ID}3`);
  one.settle();
  const { taskId = 0 } = one.handedOut()[0] ?? {};
  one.database.sqlite.run("UPDATE tasks SET lease_owner = NULL, next_attempt_at_ms = ?", [nowMs + 1000]);
  setClock(nowMs - HOUR_MS);
  one.settle();
  expect(one.handedOut()).toEqual([]);
  setClock(nowMs + 6_000);
  one.settle();
  expect(one.handedOut()).toEqual([{ kind: FRAME_KINDS.paymentTask, taskId }]);
});

test("a dead replica's tasks are due at once, though the clock was set back since they were accepted", () => {
  const one = open("one");
  const gone = open("gone");
  one.settle();
  gone.pay(`${ID}4`);
  gone.settle();
  setClock(nowMs - HOUR_MS);
  one.settle();
  gone.handedOut();
  one.loseLease("gone");
  setClock(nowMs + LOOK_MS);
  one.settle();
  setClock(nowMs + 2_000);
  one.settle();
  expect(one.handedOut().map(({ kind }) => kind)).toEqual([FRAME_KINDS.paymentTask]);
});

test("poison in a batch leaves the outcome beside it and the frames around it what they are, once", () => {
  const one = open("one");
  one.pay(`${ID}5`);
  one.settle();
  const taskId = Number(task(one)["id"]);
  one.pay(`${ID}6`);
  one.command("nobody.knows", {});
  // Not even a command: nobody can be told.
  one.frame(FRAME_KINDS.command, new TextEncoder().encode("{"));
  one.attempt({ taskId, fence: one.state.fence, kind: "failed", upstream: null });
  one.pay(`${ID}7`);
  one.settle();
  one.attempt({ taskId, fence: one.state.fence, kind: "settled", upstream: "default" });
  one.settle();
  const counts =
    "SELECT count(*) AS payments, sum(status = 1) AS settled, max(attempts) AS attempts FROM payments";
  expect(one.row(counts)).toEqual({ payments: 3, settled: 1, attempts: 2 });
  expect(one.row("SELECT count(*) AS events FROM payment_events WHERE event = 'attempt'")).toEqual({
    events: 1,
  });
});
