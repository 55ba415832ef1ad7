/** R17: what a run's witness takes for a broken lease, and what not. */
import { Database } from "bun:sqlite";
import { beforeEach, expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { createEngineMemory, type EngineMemory } from "../../../src/engine/engine-memory.ts";
import { FRAME_KINDS, TASK_MARK_BYTES, writeTaskMark } from "../../../src/ring/frames.ts";
import { RingConsumer } from "../../../src/ring/ring-consumer.ts";
import { attachSharedRing } from "../../../src/ring/ring-memory.ts";
import type { RingProducer } from "../../../src/ring/ring-producer.ts";
import type { OpenDatabase } from "../../../src/store/database.ts";
import { migrate } from "../../../src/store/migrations.ts";
import { LeaseWitness, type WitnessedLife } from "./lease-witness.ts";
import { Trace } from "./trace.ts";
import { VirtualWorld } from "./virtual-world.ts";

const TASK = 7;

let broken: string[];
let world: VirtualWorld;
let database: OpenDatabase;
let memory: EngineMemory;
let life: WitnessedLife;
let other: WitnessedLife;
let outcomes: RingProducer;
let store: RingConsumer;

beforeEach(() => {
  broken = [];
  world = new VirtualWorld(() => 0.5, new Trace(0));
  const sqlite = new Database(":memory:");
  migrate(sqlite);
  database = { sqlite, orm: drizzle(sqlite) };
  const witness = new LeaseWitness(world, (sentence) => broken.push(sentence));
  memory = createEngineMemory(1);
  life = witness.begin("r1", memory);
  other = witness.begin("r2", createEngineMemory(1));
  outcomes = life.outcomesOf(() => {});
  const [ring] = memory.outcomes;
  if (ring === undefined) throw new Error("no ring");
  store = new RingConsumer(attachSharedRing(ring));
  for (const [id, name] of [
    [1, "r1"],
    [2, "r2"],
  ] as const) {
    sqlite.run(
      "INSERT INTO replicas (id, name, epoch, lease_until_ms, ring_generation, ring_position) VALUES (?, ?, 1, 1, '', 0)",
      [id, name],
    );
  }
  sqlite.run(
    "INSERT INTO tasks (id, kind, subject, added_at_ms, next_attempt_at_ms) VALUES (?, 2, 1, 0, 0)",
    [TASK],
  );
  life.committed(database);
});

function lease(to: WitnessedLife, owner: number | null): void {
  world.nowMs += 10;
  database.sqlite.run("UPDATE tasks SET lease_owner = ?", [owner]);
  to.committed(database);
  to.turned();
}

function hear(): void {
  world.nowMs += 10;
  const at = outcomes.begin(FRAME_KINDS.giveBack, TASK_MARK_BYTES);
  writeTaskMark(outcomes.view, at, { taskId: TASK, upstream: 0, fence: 0 });
  outcomes.end();
}

/** The store thread takes in all that is there, and notes an attempt. */
function takeIn(by: WitnessedLife): void {
  world.nowMs += 10;
  outcomes.publish();
  while (store.next());
  database.sqlite.run("UPDATE tasks SET attempts = attempts + 1");
  by.committed(database);
  store.release();
  by.turned();
}

test("the owner may change its task by what it has heard since", () => {
  lease(life, 1);
  hear();
  takeIn(life);
  expect(broken).toEqual([]);
});

test("what was heard under an earlier lease must not change a task that is one's own again", () => {
  lease(life, 1);
  hear();
  lease(other, null);
  lease(life, 1);
  takeIn(life);
  expect(broken.join()).toContain(`what r1 had heard of task ${TASK} before it leased it was taken in`);
});

test("nor may anybody change a task that has another owner, or none", () => {
  lease(life, 1);
  lease(other, null);
  takeIn(life);
  lease(other, 2);
  takeIn(life);
  expect(broken).toEqual([
    `R17 r1 changed task ${TASK}, which belongs to nobody`,
    `R17 r1 changed task ${TASK}, which belongs to 2`,
  ]);
});
