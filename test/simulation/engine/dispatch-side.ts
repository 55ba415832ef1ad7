import type { Redis } from "ioredis";
import { CounterStore } from "../../../src/cluster/counter-store.ts";
import { CounterSync } from "../../../src/cluster/counter-sync.ts";
import { HealthTurn } from "../../../src/cluster/health-turn.ts";
import { LIMITS } from "../../../src/config/limits.ts";
import type { Settings } from "../../../src/config/settings.ts";
import { PaymentDispatcher } from "../../../src/domain/payment-dispatcher.ts";
import { PROCESSOR_NAMES } from "../../../src/domain/processor.ts";
import type { UpstreamUrls } from "../../../src/engine/built-in-server.ts";
import { type DispatchTask, DispatchThread } from "../../../src/engine/dispatch-thread.ts";
import { type EngineMemory, METRICS_PAGE } from "../../../src/engine/engine-memory.ts";
import { PHASES, type SharedState } from "../../../src/engine/shared-state.ts";
import { createRunners } from "../../../src/engine/task-runners.ts";
import type { Logger } from "../../../src/log/logger.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { CardSeal } from "../../../src/modules/orders/card-seal.ts";
import { CounterQueries } from "../../../src/modules/payments/counter-queries.ts";
import { RingConsumer } from "../../../src/ring/ring-consumer.ts";
import { attachSharedRing } from "../../../src/ring/ring-memory.ts";
import type { RingProducer } from "../../../src/ring/ring-producer.ts";
import type { OpenDatabase } from "../../../src/store/database.ts";
import type { HttpClient } from "../../../src/upstreams/http-client.ts";
import { ProcessorClient } from "../../../src/upstreams/processor-client.ts";
import { ProcessorHealthPoll } from "../../../src/upstreams/processor-health.ts";
import type { CommitLog } from "./commit-log.ts";
import type { SimulatedBells } from "./replica-process.ts";
import type { SimulatedThread, VirtualWorld } from "./virtual-world.ts";

export interface DispatchSideParts {
  readonly world: VirtualWorld;
  readonly thread: SimulatedThread;
  readonly settings: Settings;
  readonly memory: EngineMemory;
  readonly bells: SimulatedBells;
  readonly state: SharedState;
  readonly cardKey: Uint8Array;
  readonly client: HttpClient;
  readonly redis: Redis;
  readonly upstreamUrls: UpstreamUrls;
  readonly reader: OpenDatabase;
  readonly commits: CommitLog;
  /** Where it says what came of its calls. */
  readonly outcomes: RingProducer;
  readonly log: Logger;
}

/** As in src/cluster/cluster.ts: how often the database is looked at for a purge and for deltas. */
const WATCH_MS = 50;
const DRAIN_SHARE = 0.7;

/** What src/engine/dispatch-worker.ts starts in its thread, on the simulated network and Redis. */
export function startDispatch(parts: DispatchSideParts): void {
  const { world, thread, memory, bells, state } = parts;
  const dispatch = createDispatch(parts);
  const bell = bells.dispatch[0];
  const loop = () => {
    if (state.phase !== PHASES.run) {
      void dispatch.drain();
      return;
    }
    const seen = bell.value;
    const wakeInMs = world.interruptible(() => dispatch.turn());
    bell.whenRung(seen, wakeInMs, loop);
  };
  startHealthPolls(parts);
  feedCounters(parts, new Metrics(memory.metrics, METRICS_PAGE.dispatch));
  world.plan(thread, 0, "dispatches", loop);
}

function createDispatch(parts: DispatchSideParts): DispatchThread {
  const { settings, memory, client, upstreamUrls, outcomes, state, log, bells, cardKey } = parts;
  const [tasks] = memory.tasks;
  if (tasks === undefined) throw new Error("a replica without dispatch rings");
  const timeoutMs = settings.processorTimeoutSeconds * 1000;
  const clients = {
    default: new ProcessorClient("default", upstreamUrls.default, client, timeoutMs),
    fallback: new ProcessorClient("fallback", upstreamUrls.fallback, client, timeoutMs),
  };
  return new DispatchThread({
    index: 0,
    dispatcher: new PaymentDispatcher<DispatchTask>(
      {
        feeShares: { default: settings.processorFeeDefault, fallback: settings.processorFeeFallback },
        maxHoldMs: settings.maxHoldSeconds * 1000,
        timeoutMs,
        inFlightMax: LIMITS.callsInFlightMax.value,
      },
      Math.random,
    ),
    runners: createRunners(client, settings, upstreamUrls, new CardSeal(cardKey)),
    pay: (processor, payment) =>
      payment.uncertain ? clients[processor].resume(payment) : clients[processor].pay(payment),
    lookup: (processor, correlationId) => clients[processor].lookup(correlationId),
    tasks: new RingConsumer(attachSharedRing(tasks)),
    outcomes,
    bell: bells.dispatch[0],
    storeBell: bells.store,
    state,
    metrics: new Metrics(memory.metrics, METRICS_PAGE.dispatch),
    log,
    onBreaker: () => {},
    shutdownMs: settings.shutdownSeconds * 1000 * DRAIN_SHARE,
  });
}

function startHealthPolls({ world, client, upstreamUrls, state, bells }: DispatchSideParts): void {
  // The default clock was taken from the machine when its file was read.
  const clock = {
    nowMs: () => Date.now(),
    schedule: (run: () => void, delayMs: number) => {
      const handle = setTimeout(run, world.idleMs(delayMs));
      return () => clearTimeout(handle);
    },
  };
  for (const name of PROCESSOR_NAMES) {
    const turn = new HealthTurn(name, state, bells.store);
    const options = { mayPoll: () => turn.take(), onMissed: () => turn.end(), clock };
    new ProcessorHealthPoll(upstreamUrls[name], client, options).start((health) => {
      state.setHealth(name, health);
      turn.end();
    });
  }
}

/** The part of src/cluster/cluster.ts that looks at the database: purges of others, and the counters' feed. */
function feedCounters(parts: DispatchSideParts, metrics: Metrics): void {
  const { world, thread, state, bells, redis, reader, commits, settings, log } = parts;
  const queries = new CounterQueries(reader);
  let head = queries.head();
  let seenAt = commits.ofWork;
  /** What a look at the database shows; it is spared while nothing was committed. */
  const headNow = () => {
    if (commits.ofWork === seenAt) return head;
    seenAt = commits.ofWork;
    head = queries.head();
    return head;
  };
  const { databaseId, purgeGeneration } = head;
  let generationSeen = purgeGeneration;
  let isFeeding = false;
  let feedAtMs = 0;
  const sync = new CounterSync({
    feed: queries,
    store: new CounterStore(redis, databaseId),
    replicaName: settings.replicaId,
    metrics,
    log,
    onApplied: (seq) => {
      state.counterApplied = seq;
    },
  });
  const feed = (now: number): void => {
    isFeeding = true;
    sync
      .step(headNow(), now)
      .catch(() => {})
      .finally(() => {
        isFeeding = false;
        feedAtMs = Date.now() + sync.pauseMs;
      });
  };
  const label = "looks at the database";
  const look = (): void => {
    const isIdle = commits.ofWork === seenAt && !isFeeding;
    const next = world.plan(thread, isIdle ? world.idleMs(world.idleMs(WATCH_MS)) : WATCH_MS, label, look);
    // What is committed meanwhile is seen as soon as ever.
    if (isIdle) commits.onNext(() => next.hasten(world.random() * WATCH_MS));
    const now = Date.now();
    const { purgeGeneration: generation } = headNow();
    if (generation !== generationSeen) {
      generationSeen = generation;
      state.nudgeStore();
      bells.store.ring();
    }
    if (!isFeeding && now >= feedAtMs) feed(now);
  };
  look();
}
