import type { Settings } from "../config/settings.ts";
import { createLogger } from "../log/logger.ts";
import { Metrics } from "../metrics/metrics.ts";
import { PaymentCommands } from "../modules/payments/commands.ts";
import { resumeRing } from "../ring/resume-ring.ts";
import { RingConsumer } from "../ring/ring-consumer.ts";
import { attachRingFile } from "../ring/ring-file.ts";
import { attachSharedRing } from "../ring/ring-memory.ts";
import { RingProducer } from "../ring/ring-producer.ts";
import { type Durability, durabilityOf, type OpenDatabase, openWriter } from "../store/database.ts";
import { runBatch } from "../store/group-commit.ts";
import { migrate } from "../store/migrations.ts";
import { ReplicaLease } from "../store/replica-lease.ts";
import { TaskQueue } from "../store/task-queue.ts";
import { attachBells, type EngineMemory, METRICS_PAGE } from "./engine-memory.ts";
import { SharedState } from "./shared-state.ts";
import { StoreBatch } from "./store-batch.ts";
import { StoreThread } from "./store-thread.ts";

/** What main sends to start this thread, and what it hears back: once, before the loop begins. */
export interface StoreStart {
  readonly settings: Settings;
  readonly memory: EngineMemory;
  readonly intakePath: string;
}
export type StoreStarted =
  | { readonly kind: "ready"; readonly durability: Durability; readonly recovered: number }
  | { readonly kind: "failed"; readonly message: string };

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<StoreStart>) => {
  try {
    start(data);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    self.postMessage({ kind: "failed", message } satisfies StoreStarted);
  }
};

function start({ settings, memory, intakePath }: StoreStart): void {
  const log = createLogger({ level: settings.logLevel, thread: "store", replica: settings.replicaId });
  const database = openWriter(settings.databaseFile, settings.durability);
  migrate(database.sqlite);
  const lease = new ReplicaLease(database);
  const tasks = new TaskQueue(database, () => lease.id, settings.dispatchThreads);
  const intake = openIntake(intakePath, database, lease, tasks, settings.replicaId);
  const state = new SharedState(memory.state);
  const metrics = new Metrics(memory.metrics, METRICS_PAGE.store);
  const payments = new PaymentCommands({ orm: database.orm, tasks, settings, metrics });
  const outcomes = memory.outcomes.map((buffer) => new RingConsumer(attachSharedRing(buffer)));
  const batch = new StoreBatch({
    intake,
    outcomes,
    lease,
    tasks,
    payments,
    modules: [payments],
    replicaName: settings.replicaId,
    preferred: () => state.preferred(0),
  });
  const bells = attachBells(memory);
  const thread = new StoreThread({
    database,
    batch,
    lease,
    intake,
    outcomes,
    tasks: memory.tasks.map((buffer) => new RingProducer(attachSharedRing(buffer))),
    replies: new RingProducer(attachSharedRing(memory.replies)),
    bell: bells.store,
    urgentBell: bells.storeUrgent,
    mainBell: bells.main,
    dispatchBells: bells.dispatch,
    state,
    metrics,
    log,
  });
  const recovered = thread.takeInLeftovers();
  self.postMessage({
    kind: "ready",
    durability: durabilityOf(database.sqlite),
    recovered,
  } satisfies StoreStarted);
  thread.run();
  endLease(database, lease);
  state.storeStopped = true;
  bells.main.ring();
}

/** Registers the replica and finds the place in its intake log from which the database goes on. */
function openIntake(
  path: string,
  database: OpenDatabase,
  lease: ReplicaLease,
  tasks: TaskQueue,
  replicaName: string,
): RingConsumer {
  const attached = attachRingFile(path);
  if (attached.kind === "refused") throw new Error(attached.message);
  const { memory } = attached;
  const registered = runBatch(database.sqlite, () => {
    const row = lease.register(replicaName, Date.now());
    // What an earlier life had in its dispatch thread waits in the database again.
    tasks.freeAllOf(row.id);
    const resumed = resumeRing(memory, { generation: row.ringGeneration, position: row.ringPosition });
    lease.adoptRing(memory.generation, resumed.position);
    return resumed.position;
  });
  if (registered.kind !== "committed") throw registered.error;
  tasks.committed();
  const intake = new RingConsumer(memory);
  intake.seek(registered.value);
  return intake;
}

/** A clean stop: others need not wait for the lease, and the WAL is folded into the database file. */
function endLease(database: OpenDatabase, lease: ReplicaLease): void {
  runBatch(database.sqlite, () => lease.release());
  database.sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.sqlite.close();
}
