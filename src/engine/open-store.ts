import { dirname, join } from "node:path";
import type { Settings } from "../config/settings.ts";
import type { Logger } from "../log/logger.ts";
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
import type { PresenceFilter } from "../ring/presence-filter.ts";
import { cutUnreadable, resumeRing } from "../ring/resume-ring.ts";
import { RingConsumer } from "../ring/ring-consumer.ts";
import { attachRingFile } from "../ring/ring-file.ts";
import { attachSharedRing } from "../ring/ring-memory.ts";
import { RingProducer } from "../ring/ring-producer.ts";
import { awakenCopy } from "../store/copied-database.ts";
import { type Durability, durabilityOf, type OpenDatabase } from "../store/database.ts";
import { runBatch } from "../store/group-commit.ts";
import { HealthTurns } from "../store/health-turns.ts";
import { KNOWN_IDS_FILE, openKnownIds } from "../store/known-ids.ts";
import { migrate } from "../store/migrations.ts";
import type { StoreContext, StoreModule } from "../store/module.ts";
import { ReplicaLease } from "../store/replica-lease.ts";
import { TakeOver } from "../store/take-over.ts";
import { TaskAttempts } from "../store/task-attempts.ts";
import { TaskQueue } from "../store/task-queue.ts";
import { type EngineBells, type EngineMemory, METRICS_PAGE } from "./engine-memory.ts";
import { SharedState } from "./shared-state.ts";
import { StoreBatch } from "./store-batch.ts";
import { joinChores, StoreThread } from "./store-thread.ts";

export interface StoreParts {
  /** The only connection of this process that writes. */
  readonly database: OpenDatabase;
  readonly settings: Settings;
  readonly memory: EngineMemory;
  readonly bells: EngineBells;
  readonly intakePath: string;
  readonly log: Logger;
}

/** The writing side of a replica, opened. */
export interface OpenStore {
  readonly thread: StoreThread;
  readonly durability: Durability;
  /** Frames that an earlier life acknowledged and did not commit; they are committed now. */
  readonly recovered: number;
  /** After the loop's end: others need not wait for the lease, and the WAL is folded into the database file. */
  readonly end: () => void;
}

/** Opens everything that the store thread works with, and takes in what an earlier life left. */
export function openStore(parts: StoreParts): OpenStore {
  const { database, settings, memory, bells, intakePath, log } = parts;
  migrate(database.sqlite);
  const lease = new ReplicaLease(database);
  const tasks = new TaskQueue(database, () => lease.id, settings.dispatchThreads);
  const attempts = new TaskAttempts(database.orm);
  const intake = openIntake(intakePath, database, lease, tasks, settings, log);
  const state = new SharedState(memory.state);
  const metrics = new Metrics(memory.metrics, METRICS_PAGE.store);
  const events = new EventFeed(memory.feed);
  const knownIds = openFilter(database, dirname(intakePath));
  const { payments, modules } = createModules(
    { orm: database.orm, tasks, attempts, settings, metrics, events, ...(knownIds && { knownIds }) },
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
    attempts,
    payments,
    modules: [...modules, events],
    replicaName: settings.replicaId,
    preferred: () => state.preferred(0),
    takeOver,
    raiseFence: () => state.raiseFence(),
    fence: () => state.fence,
  });
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
  // Its ids may be of another machine.
  if (distrustCopy(database, [...modules, events], log) && knownIds) knownIds.isComplete = false;
  const recovered = thread.takeInLeftovers();
  return {
    thread,
    durability: durabilityOf(database.sqlite),
    recovered,
    end: () => endLease(database, lease, tasks),
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
    tasks.freeAllOf(row.id, Date.now());
    const resumed = resumeRing(memory, { generation: row.ringGeneration, position: row.ringPosition });
    const lostUnits = cutUnreadable(memory, resumed.position);
    if (lostUnits > 0)
      log.error("the end of the intake log is unreadable and given up", { bytes: lostUnits * 8 });
    lease.adoptRing(memory.generation, resumed.position);
    beginCounters(database, usesRedis, lease.hasLivePeers(Date.now()));
    return resumed.position;
  });
  if (registered.kind !== "committed") throw registered.error;
  lease.committed();
  tasks.committed();
  const intake = new RingConsumer(memory);
  intake.seek(registered.value);
  return intake;
}

/** A backup's first start; another replica may be doing the same. @returns whether it was one */
function distrustCopy(database: OpenDatabase, modules: readonly StoreModule[], log: Logger): boolean {
  const awakened = runBatch(database.sqlite, () => awakenCopy(database, modules, Date.now()));
  if (awakened.kind !== "committed") throw awakened.error;
  if (awakened.value === null) return false;
  log.warn(
    "this database was a backup: what is unfinished in it is asked for at every upstream that may have charged it since, " +
      "before any call that charges",
    { unfinished: awakened.value },
  );
  return true;
}

/** In a transaction, so that no two replicas make the file at once. */
function openFilter({ sqlite }: OpenDatabase, directory: string): PresenceFilter | null {
  const opened = runBatch(sqlite, () => openKnownIds(sqlite, join(directory, KNOWN_IDS_FILE)));
  if (opened.kind !== "committed") throw opened.error;
  return opened.value;
}

/** A clean stop: others need not wait for the lease, and the WAL is folded into the database file. */
function endLease(database: OpenDatabase, lease: ReplicaLease, tasks: TaskQueue): void {
  runBatch(database.sqlite, () => {
    // Dispatch has handed everything back, unless it hung: then others need not wait for this replica's return.
    tasks.freeAllOf(lease.id, Date.now());
    lease.release(Date.now());
  });
  database.sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.sqlite.close();
}
