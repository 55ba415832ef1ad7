import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eq } from "drizzle-orm";
import { createLogger } from "../log/logger.ts";
import { createOrOpenRingFile, type RingFile } from "../ring/ring-file.ts";
import { RingProducer } from "../ring/ring-producer.ts";
import { type OpenDatabase, openWriter } from "./database.ts";
import { type BatchResult, runBatch } from "./group-commit.ts";
import { migrate } from "./migrations.ts";
import { LEASE_MS, ReplicaLease } from "./replica-lease.ts";
import { replicas } from "./tables.ts";
import { TakeOver } from "./take-over.ts";
import { TaskQueue } from "./task-queue.ts";

const NOW_MS = 1_800_000_000_000;
const LATER_MS = NOW_MS + LEASE_MS + 1;
const DAY_MS = 86_400_000;
const log = createLogger({ level: "error", thread: "test", replica: "heir", write: () => {} });

let directory: string;
let database: OpenDatabase;
let ring: RingFile;
let victim: ReplicaLease;
let victimTasks: TaskQueue;
let heir: ReplicaLease;
let takeOver: TakeOver;
/** First bytes of the frames that were taken in, and which of them a purge came after. */
let taken: number[];
let purged: number[];

const pathOf = (name: string) => join(directory, `${name}.ring`);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "catraca-take-over-"));
  database = openWriter(join(directory, "catraca.db"), "process");
  migrate(database.sqlite);
  const opened = createOrOpenRingFile(pathOf("victim"), 4096);
  if (opened.kind === "refused") throw new Error(opened.message);
  ring = opened.ring;
  victim = new ReplicaLease(database);
  victim.register("victim", NOW_MS);
  victim.adoptRing(ring.memory.generation, 0);
  victimTasks = new TaskQueue(database, () => victim.id, 1);
  heir = new ReplicaLease(database);
  heir.register("heir", NOW_MS + LEASE_MS);
  const tasks = new TaskQueue(database, () => heir.id, 1);
  takeOver = new TakeOver({ database, lease: heir, tasks, ringPathOf: pathOf, log });
  taken = [];
  purged = [];
});
afterEach(() => {
  ring.close();
  database.sqlite.close();
  rmSync(directory, { recursive: true });
});

function acknowledge(...marks: number[]): void {
  const producer = new RingProducer(ring.memory);
  for (const mark of marks) producer.write(1, new Uint8Array([mark]));
}

/** One transaction of the heir; `poison` throws. */
function run(nowMs: number, poison?: number): BatchResult<void> {
  return runWith(nowMs, (mark) => mark === poison && fail());
}

/** What is taken in counts only if the transaction is committed. @param flush runs right before that */
function runWith(
  nowMs: number,
  look: (mark: number) => unknown,
  flush: () => unknown = () => {},
): BatchResult<void> {
  const seen: { mark: number; isPurged: boolean }[] = [];
  const result = runBatch(database.sqlite, () => {
    takeOver.run(nowMs, (frames, isPurged) => {
      const mark = frames.bytes[frames.offset] ?? -1;
      look(mark);
      seen.push({ mark, isPurged });
    });
    flush();
  });
  if (result.kind !== "committed") {
    takeOver.rolledBack(result.error);
    return result;
  }
  takeOver.committed();
  for (const { mark, isPurged } of seen) (isPurged ? purged : taken).push(mark);
  return result;
}

function fail(): never {
  throw new Error("a defect");
}

function rowOf(lease: ReplicaLease) {
  return database.orm.select().from(replicas).where(eq(replicas.id, lease.id)).get();
}

test("a replica that holds its lease is left alone", () => {
  acknowledge(1, 2);
  run(NOW_MS);
  expect(taken).toEqual([]);
  expect(victim.verify().kind).toBe("held");
});

test("when the lease has run out, its frames are taken in once, its tasks are free and it is fenced", () => {
  acknowledge(1, 2, 3);
  const { id } = victimTasks.add("payment", 7, 2, NOW_MS);
  expect(takeOver.isDue(LATER_MS)).toBe(true);
  run(LATER_MS);
  run(LATER_MS + 1);
  expect(taken).toEqual([1, 2, 3]);
  expect(ring.memory.loadTail()).toBe(ring.memory.loadHead());
  expect(victim.verify().kind).toBe("fenced");
  // Who had it may have called the upstream that was written down.
  expect(victimTasks.finish(id)).toBeNull();
  const heirTasks = new TaskQueue(database, () => heir.id, 1);
  expect(heirTasks.leaseDue("payment", LATER_MS, 10)).toMatchObject([{ id, subject: 7, upstream: 2 }]);
});

test("one that wakes and acknowledges more finds its place, and its frames are taken in by whoever comes next", () => {
  acknowledge(1);
  run(LATER_MS);
  acknowledge(2);
  victim.register("victim", LATER_MS);
  expect(victim.verify()).toMatchObject({ kind: "held", ringPosition: rowOf(victim)?.ringPosition });
  run(LATER_MS + LEASE_MS + 1);
  expect(taken).toEqual([1, 2]);
});

test("a frame that cannot be processed is left out, and the others are not", () => {
  acknowledge(1, 2, 3);
  expect(run(LATER_MS, 2).kind).toBe("bug");
  expect(run(LATER_MS, 2).kind).toBe("committed");
  expect(taken).toEqual([1, 3]);
});

test("of several frames that cannot be processed each is left out, and every other one is taken in once", () => {
  acknowledge(1, 2, 3, 4, 5, 6);
  const isPoison = (mark: number) => mark === 2 || mark === 5;
  const kinds = [1, 2, 3].map(() => runWith(LATER_MS, (mark) => isPoison(mark) && fail()).kind);
  expect(kinds).toEqual(["bug", "bug", "committed"]);
  expect(taken).toEqual([1, 3, 4, 6]);
  expect(ring.memory.loadTail()).toBe(ring.memory.loadHead());
});

test("a frame whose effects fail only when they are written out is found, and left out alone", () => {
  acknowledge(1, 2, 3);
  const written: number[] = [];
  // As modules do: gathered while frames are taken in, written before the commit.
  const runs = Array.from({ length: 12 }, () => {
    const gathered: number[] = [];
    const result = runWith(
      LATER_MS,
      (mark) => gathered.push(mark),
      () => gathered.includes(2) && fail(),
    );
    if (result.kind === "committed") written.push(...gathered);
    return result.kind;
  });
  expect(runs).toContain("bug");
  expect(runs.at(-1)).toBe("committed");
  expect(written).toEqual([1, 3]);
});

test("a ring that cannot be read now is not taken for an empty one", () => {
  acknowledge(1, 2);
  const path = pathOf("victim");
  renameSync(path, `${path}.away`);
  mkdirSync(path);
  run(LATER_MS);
  run(LATER_MS + 1);
  expect(taken).toEqual([]);
  // Its tasks are free and it is fenced all the same.
  expect(victim.verify().kind).toBe("fenced");
  expect(takeOver.isDue(LATER_MS + 2)).toBe(true);
  rmdirSync(path);
  renameSync(`${path}.away`, path);
  run(LATER_MS + 3);
  run(LATER_MS + 4);
  expect(taken).toEqual([1, 2]);
});

test("what a replica acknowledged after its end is taken in although it never came round to register again", () => {
  acknowledge(1);
  run(LATER_MS);
  expect(takeOver.isDue(LATER_MS + 1)).toBe(false);
  // It was frozen, woke, answered, and was killed before its store thread had its turn.
  acknowledge(2, 3);
  expect(takeOver.isDue(LATER_MS + 2)).toBe(true);
  run(LATER_MS + 2);
  expect(taken).toEqual([1, 2, 3]);
  expect(takeOver.isDue(LATER_MS + 3)).toBe(false);
});

test("payments that were acknowledged before a purge are known as purged, later ones are not", () => {
  acknowledge(1, 2);
  runBatch(database.sqlite, () => takeOver.markPurged());
  acknowledge(3);
  run(LATER_MS);
  expect(purged).toEqual([1, 2]);
  expect(taken).toEqual([3]);
  expect(rowOf(victim)?.purgePosition).toBeNull();
});

test("a replica whose ring file is missing or another one is fenced all the same", () => {
  victim.adoptRing("0123456789abcdef", 0);
  acknowledge(1);
  run(LATER_MS);
  expect(taken).toEqual([]);
  expect(victim.verify().kind).toBe("fenced");
});

test("what a replica left is deleted a day after its end, but not while its process holds its ring", () => {
  run(LATER_MS);
  run(LATER_MS + DAY_MS + 60_001);
  expect(rowOf(victim)).toBeDefined();
  ring.close();
  run(LATER_MS + DAY_MS + 2 * 60_001);
  expect(rowOf(victim)).toBeUndefined();
  expect(existsSync(pathOf("victim"))).toBe(false);
  const reopened = createOrOpenRingFile(pathOf("victim"), 4096);
  if (reopened.kind === "refused") throw new Error(reopened.message);
  ring = reopened.ring;
});
