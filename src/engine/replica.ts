import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { CounterReader } from "../cluster/counter-reader.ts";
import { PeerLink } from "../cluster/peer-link.ts";
import { LIMITS } from "../config/limits.ts";
import type { Settings } from "../config/settings.ts";
import type { Logger } from "../log/logger.ts";
import { Metrics } from "../metrics/metrics.ts";
import type { FeedMemory } from "../modules/events/feed-memory.ts";
import { CardSeal } from "../modules/orders/card-seal.ts";
import { PRIVATE_DIRECTORY_MODE } from "../ring/private-file.ts";
import { RingConsumer } from "../ring/ring-consumer.ts";
import { createOrOpenRingFile, type RingFile } from "../ring/ring-file.ts";
import { attachSharedRing } from "../ring/ring-memory.ts";
import { type Durability, type OpenDatabase, openReader } from "../store/database.ts";
import { PeerRings } from "../store/peer-rings.ts";
import type { UpstreamUrls } from "./built-in-server.ts";
import { watchClock } from "./clock-watch.ts";
import type { DispatchStart } from "./dispatch-worker.ts";
import {
  attachBells,
  createEngineMemory,
  type EngineBells,
  type EngineMemory,
  METRICS_PAGE,
} from "./engine-memory.ts";
import { Intake } from "./intake.ts";
import { PHASES, SharedState } from "./shared-state.ts";
import type { StoreStart, StoreStarted } from "./store-worker.ts";
import { workerUrl } from "./worker-files.ts";

/**
 * One replica: owns the intake log, starts the store thread and the dispatch threads, and stops them in
 * the order in which work flows.
 *
 *   open:  intake log owned ──► store ready (schema, leftovers taken in) ──► dispatch ──► serving
 *   stop:  dispatch drains (calls end, the rest is handed back) ──► store drains and checkpoints
 */
export class Replica {
  readonly settings: Settings;
  readonly state: SharedState;
  readonly metrics: Metrics;
  readonly intake: Intake;
  readonly reader: OpenDatabase;
  /** What the store thread tells live. */
  readonly feed: FeedMemory;
  readonly durability: Durability;
  /** Acknowledged commands of an earlier life that the start found and committed. */
  readonly recovered: number;
  /** Opens what the cards of orders are sealed with; in the memory of this process alone. */
  readonly cardKey = CardSeal.newKey();
  /** What Redis knows of settled payments; null without REDIS_URL. */
  readonly counters: CounterReader | null;
  /** Live events and hints from and to other replicas; null without REDIS_URL. */
  readonly peers: PeerLink | null;
  readonly #parts: ReplicaParts;
  readonly #workers: Worker[];
  readonly #stopWatchingClock: () => void;

  constructor(parts: ReplicaParts) {
    this.#parts = parts;
    this.#workers = [parts.store];
    this.#stopWatchingClock = watchClock(parts.bells);
    this.settings = parts.settings;
    this.durability = parts.durability;
    this.recovered = parts.recovered;
    this.feed = parts.memory.feed;
    this.state = new SharedState(parts.memory.state);
    this.metrics = new Metrics(parts.memory.metrics, METRICS_PAGE.main);
    const { databaseFile, replicaId, redisUrl } = parts.settings;
    // Until dispatch has found out.
    if (redisUrl !== null) this.state.redis = "away";
    const isUsable = () => this.state.redis === "ok";
    this.counters = redisUrl === null ? null : new CounterReader({ isUsable, metrics: this.metrics });
    this.peers = redisUrl === null ? null : new PeerLink();
    this.reader = openReader(databaseFile);
    this.intake = new Intake(
      parts.ring.memory,
      new RingConsumer(attachSharedRing(parts.memory.replies)),
      parts.bells,
      new PeerRings(this.reader, replicaId, (name) => ringPathOf(databaseFile, name)),
    );
  }

  /** Starts calling the upstreams. */
  startDispatch(upstreamUrls: UpstreamUrls): void {
    const { settings, memory } = this.#parts;
    for (let index = 0; index < settings.dispatchThreads; index++) {
      const worker = new Worker(workerUrl("dispatch-worker.ts"));
      worker.onerror = (event) => this.#parts.onThreadDeath("dispatch", event.message);
      this.#workers.push(worker);
      if (index === 0) this.counters?.attach(worker);
      worker.postMessage({
        settings,
        memory,
        index,
        upstreamUrls,
        cardKey: this.cardKey,
      } satisfies DispatchStart);
      // Behind the first message, because it may have something to say.
      if (index === 0) this.peers?.attach(worker);
    }
  }

  /**
   * Stops in order. @param deadlineMs on the clock of `performance.now()`
   * @returns false if a thread did not finish in time; what it held is taken up at the next start
   */
  async stop(deadlineMs: number): Promise<boolean> {
    const { state } = this;
    const { bells, ring, settings } = this.#parts;
    state.phase = PHASES.drainDispatch;
    for (const bell of bells.dispatch) bell.ring();
    const threads = this.#workers.slice(1).map((_, index) => index);
    const drained = await until(() => threads.every((index) => state.dispatchStopped(index)), deadlineMs);
    // Before the phase: whatever was acknowledged is in the log when the store thread looks a last time.
    this.intake.seal();
    state.phase = PHASES.drainStore;
    bells.store.ring();
    bells.storeUrgent.ring();
    const stored = await until(() => state.storeStopped, deadlineMs);
    this.#stopWatchingClock();
    this.intake.close();
    this.reader.sqlite.close();
    if (stored) ring.close();
    if (!drained || !stored) {
      this.#parts.log.error("a thread did not stop in time", {
        drained,
        stored,
        replica: settings.replicaId,
      });
    }
    return drained && stored;
  }
}

interface ReplicaParts {
  readonly settings: Settings;
  readonly log: Logger;
  readonly memory: EngineMemory;
  readonly bells: EngineBells;
  readonly ring: RingFile;
  readonly store: Worker;
  readonly durability: Durability;
  readonly recovered: number;
  readonly onThreadDeath: (thread: string, reason: string) => void;
}

export type OpenReplicaResult =
  | { readonly kind: "opened"; readonly replica: Replica }
  /** A sentence for the operator. */
  | { readonly kind: "refused"; readonly message: string };

/**
 * Opens the database and the intake log of this replica, and takes in what an earlier life acknowledged.
 * @param onThreadDeath called when a thread ends with an error; the process should end, too
 */
export async function openReplica(
  settings: Settings,
  log: Logger,
  onThreadDeath: (thread: string, reason: string) => void,
): Promise<OpenReplicaResult> {
  try {
    mkdirSync(settings.dataDir, { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
    mkdirSync(dirname(settings.databaseFile), { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
  } catch (error) {
    return { kind: "refused", message: `cannot create the data directory: ${messageOf(error)}` };
  }
  const path = ringPathOf(settings.databaseFile, settings.replicaId);
  const opened = createOrOpenRingFile(path, LIMITS.intakeRingBytes.value);
  if (opened.kind === "refused") return { kind: "refused", message: opened.message };
  const memory = createEngineMemory(settings.dispatchThreads);
  const store = new Worker(workerUrl("store-worker.ts"));
  const started = await startStore(store, { settings, memory, intakePath: path });
  if (started.kind === "failed") {
    opened.ring.close();
    return { kind: "refused", message: started.message };
  }
  store.onerror = (event) => onThreadDeath("store", event.message);
  const bells = attachBells(memory);
  const { durability, recovered } = started;
  const replica = new Replica({
    settings,
    log,
    memory,
    bells,
    ring: opened.ring,
    store,
    durability,
    recovered,
    onThreadDeath,
  });
  return { kind: "opened", replica };
}

/** The intake log lies beside the database and is named after its replica. */
export function ringPathOf(databaseFile: string, replicaId: string): string {
  return join(dirname(databaseFile), `${replicaId}.ring`);
}

function startStore(worker: Worker, start: StoreStart): Promise<StoreStarted> {
  return new Promise((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<StoreStarted>) => resolve(data);
    worker.onerror = (event) => resolve({ kind: "failed", message: event.message });
    worker.postMessage(start);
  });
}

/** Looks until `condition` holds or the deadline passes; at a stop a few ms of delay are of no matter. */
async function until(condition: () => boolean, deadlineMs: number): Promise<boolean> {
  while (!condition()) {
    if (performance.now() > deadlineMs) return false;
    await Bun.sleep(2);
  }
  return true;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
