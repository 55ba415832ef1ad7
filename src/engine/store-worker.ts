import { dirname, join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { createLogger, type Logger } from "../log/logger.ts";
import { Metrics } from "../metrics/metrics.ts";
import { AccountPaymentCommands } from "../modules/account-payments/commands.ts";
import { CatalogueCommands } from "../modules/catalogue/commands.ts";
import { StockWriter } from "../modules/catalogue/stock-writer.ts";
import { DeadLetterCommands } from "../modules/dead-letters/commands.ts";
import { DeadLetterList } from "../modules/dead-letters/writer.ts";
import { EventFeed } from "../modules/events/event-feed.ts";
import { IdempotencyCommands } from "../modules/idempotency/commands.ts";
import { Ledger } from "../modules/ledger/ledger.ts";
import { OrderCommands } from "../modules/orders/commands.ts";
import { PaymentCommands } from "../modules/payments/commands.ts";
import { beginCounters, CounterKeeper } from "../modules/payments/counter-writer.ts";
import type { PublishedOffsets } from "../modules/topics/retention-writer.ts";
import { TopicLog } from "../modules/topics/topic-writer.ts";
import { UserCommands } from "../modules/users/commands.ts";
import { WalletCommands } from "../modules/wallets/commands.ts";
import { cutUnreadable, resumeRing } from "../ring/resume-ring.ts";
import { RingConsumer } from "../ring/ring-consumer.ts";
import { attachRingFile } from "../ring/ring-file.ts";
import { attachSharedRing } from "../ring/ring-memory.ts";
import { RingProducer } from "../ring/ring-producer.ts";
import { type Durability, durabilityOf, type OpenDatabase, openWriter } from "../store/database.ts";
import { runBatch } from "../store/group-commit.ts";
import { HealthTurns } from "../store/health-turns.ts";
import { migrate } from "../store/migrations.ts";
import type { StoreContext, StoreModule } from "../store/module.ts";
import { ReplicaLease } from "../store/replica-lease.ts";
import { TakeOver } from "../store/take-over.ts";
import { TaskQueue } from "../store/task-queue.ts";
import { attachBells, type EngineMemory, METRICS_PAGE } from "./engine-memory.ts";
import { compileAsUsual, compileLater } from "./engine-options.ts";
import { SharedState } from "./shared-state.ts";
import { StoreBatch } from "./store-batch.ts";
import { joinChores, StoreThread } from "./store-thread.ts";

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
  const { settings } = data;
  compileLater();
  const log = createLogger({ level: settings.logLevel, thread: "store", replica: settings.replicaId });
  let run: () => void;
  try {
    run = open(data, log);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    self.postMessage({ kind: "failed", message } satisfies StoreStarted);
    return;
  }
  try {
    run();
  } catch (error) {
    // main hears of it, too, and ends the process; the reason stands only here.
    log.error("the store thread failed: this is a defect", { error });
    throw error;
  }
};

/** Opens everything, takes in what an earlier life left, and says "ready". @returns the loop, to be run */
function open({ settings, memory, intakePath }: StoreStart, log: Logger): () => void {
  const database = openWriter(settings.databaseFile, settings.durability);
  migrate(database.sqlite);
  const lease = new ReplicaLease(database);
  const tasks = new TaskQueue(database, () => lease.id, settings.dispatchThreads);
  const intake = openIntake(intakePath, database, lease, tasks, settings, log);
  const state = new SharedState(memory.state);
  const metrics = new Metrics(memory.metrics, METRICS_PAGE.store);
  const events = new EventFeed(memory.feed);
  const { payments, modules } = createModules(
    { orm: database.orm, tasks, settings, metrics, events },
    (slot) => state.topicPublished(slot),
  );
  const takeOver = new TakeOver({
    database,
    lease,
    tasks,
    ringPathOf: (name) => join(dirname(intakePath), `${name}.ring`),
    log,
  });
  const outcomes = memory.outcomes.map((buffer) => new RingConsumer(attachSharedRing(buffer)));
  const batch = new StoreBatch({
    intake,
    outcomes,
    lease,
    tasks,
    payments,
    modules: [...modules, events],
    replicaName: settings.replicaId,
    preferred: () => state.preferred(0),
    takeOver,
    raiseFence: () => state.raiseFence(),
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
    takeOver,
    chores: joinChores([new HealthTurns(database, lease, state), new CounterKeeper(database, state)]),
  });
  const recovered = thread.takeInLeftovers();
  self.postMessage({
    kind: "ready",
    durability: durabilityOf(database.sqlite),
    recovered,
  } satisfies StoreStarted);
  return () => {
    compileAsUsual();
    thread.run();
    endLease(database, lease, tasks);
    state.storeStopped = true;
    bells.main.ring();
  };
}

/** All writing modules; each is told of a commit in this order. */
function createModules(
  context: StoreContext,
  published: PublishedOffsets,
): { payments: PaymentCommands; modules: StoreModule[] } {
  const ledger = new Ledger(context);
  const deadLetters = new DeadLetterList(context);
  const topics = new TopicLog(context, Date.now, published);
  const payments = new PaymentCommands(context, deadLetters);
  const users = new UserCommands(context, ledger, deadLetters);
  const wallets = new WalletCommands(context, ledger, topics);
  const accountPayments = new AccountPaymentCommands(context, topics);
  const orders = new OrderCommands(context, { stock: new StockWriter(context), topics, deadLetters });
  const letters = new DeadLetterCommands(context, deadLetters, [payments.deadLetterSource, orders, users]);
  const catalogue = new CatalogueCommands(context);
  // Dead letters are first: before a commit they may requeue what belongs to the others.
  const creating: StoreModule[] = [letters, payments, users, wallets, accountPayments, catalogue, orders];
  const onReplay = (command: string) => users.countReplay(command);
  const idempotency = new IdempotencyCommands(context, creating, onReplay);
  // The ledger is last: it writes what the others have moved.
  return { payments, modules: [...creating, idempotency, topics, ledger] };
}

/** Registers the replica and finds the place in its intake log from which the database goes on. */
function openIntake(
  path: string,
  database: OpenDatabase,
  lease: ReplicaLease,
  tasks: TaskQueue,
  { replicaId: replicaName, redisUrl }: Settings,
  log: Logger,
): RingConsumer {
  const usesRedis = redisUrl !== null;
  const attached = attachRingFile(path);
  if (attached.kind === "refused") throw new Error(attached.message);
  const { memory } = attached;
  const registered = runBatch(database.sqlite, () => {
    const row = lease.register(replicaName, Date.now());
    // What an earlier life had in its dispatch thread waits in the database again.
    tasks.freeAllOf(row.id);
    const resumed = resumeRing(memory, { generation: row.ringGeneration, position: row.ringPosition });
    const lostUnits = cutUnreadable(memory, resumed.position);
    if (lostUnits > 0)
      log.error("the end of the intake log is unreadable and given up", { bytes: lostUnits * 8 });
    lease.adoptRing(memory.generation, resumed.position);
    beginCounters(database, usesRedis, lease.hasLivePeers(Date.now()));
    return resumed.position;
  });
  if (registered.kind !== "committed") throw registered.error;
  tasks.committed();
  const intake = new RingConsumer(memory);
  intake.seek(registered.value);
  return intake;
}

/** A clean stop: others need not wait for the lease, and the WAL is folded into the database file. */
function endLease(database: OpenDatabase, lease: ReplicaLease, tasks: TaskQueue): void {
  runBatch(database.sqlite, () => {
    // Dispatch has handed everything back, unless it hung: then others need not wait for this replica's return.
    tasks.freeAllOf(lease.id);
    lease.release(Date.now());
  });
  database.sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.sqlite.close();
}
