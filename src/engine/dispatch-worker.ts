import { setPriority } from "node:os";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import type { CounterAnswer, CounterQuestion } from "../cluster/counter-reader.ts";
import { HealthTurn } from "../cluster/health-turn.ts";
import type { PeerCommand } from "../cluster/peer-messages.ts";
import { LIMITS } from "../config/limits.ts";
import type { Settings } from "../config/settings.ts";
import { PaymentDispatcher } from "../domain/payment-dispatcher.ts";
import { PROCESSOR_NAMES } from "../domain/processor.ts";
import { createLogger, type Logger } from "../log/logger.ts";
import { Metrics } from "../metrics/metrics.ts";
import { CardSeal } from "../modules/orders/card-seal.ts";
import type { Doorbell } from "../ring/doorbell.ts";
import { RingConsumer } from "../ring/ring-consumer.ts";
import { attachSharedRing } from "../ring/ring-memory.ts";
import { RingProducer } from "../ring/ring-producer.ts";
import { startCheckpointer } from "../store/checkpointer.ts";
import { startFillingKnownIds } from "../store/known-ids.ts";
import { HttpClient } from "../upstreams/http-client.ts";
import { ProcessorClient } from "../upstreams/processor-client.ts";
import { ProcessorHealthPoll } from "../upstreams/processor-health.ts";
import type { UpstreamUrls } from "./built-in-server.ts";
import { type DispatchTask, DispatchThread } from "./dispatch-thread.ts";
import { attachBells, type EngineMemory, METRICS_PAGE } from "./engine-memory.ts";
import { compileLater } from "./engine-options.ts";
import { keepGivingPagesBack } from "./executable-pages.ts";
import { SharedState } from "./shared-state.ts";
import { createRunners } from "./task-runners.ts";
import { watchMain } from "./watchdog.ts";

/** What main sends to start a dispatch thread. */
export interface DispatchStart {
  readonly settings: Settings;
  readonly memory: EngineMemory;
  readonly index: number;
  readonly upstreamUrls: UpstreamUrls;
  readonly cardKey: Uint8Array;
}

/** The part of SHUTDOWN_SECONDS that calls in flight may take; the rest is for the store's last commits. */
const DRAIN_SHARE = 0.7;

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<DispatchStart>) => {
  const { settings } = data;
  standBack();
  compileLater();
  const log = createLogger({ level: settings.logLevel, thread: "dispatch", replica: settings.replicaId });
  start(data, log).catch((error: unknown) => {
    // main hears of it, too, and ends the process; the reason stands only here.
    log.error("the dispatch thread failed: this is a defect", { error });
    setTimeout(() => {
      throw error;
    });
  });
};

/**
 * Where the cores do not suffice for all, clients are answered and their payments stored before calls are made:
 * a third of the share of a thread that does not stand back.
 */
const NICENESS = 5;

function standBack(): void {
  // Linux knows it per thread (setpriority(2), notes); elsewhere it would slow down the whole process.
  if (process.platform !== "linux") return;
  try {
    setPriority(0, NICENESS);
  } catch {
    // A sandbox may forbid the call; then all threads stand equal.
  }
}

async function start(
  { settings, memory, index, upstreamUrls, cardKey }: DispatchStart,
  log: Logger,
): Promise<void> {
  const tasks = memory.tasks[index];
  const outcomes = memory.outcomes[index];
  const bells = attachBells(memory);
  const bell = bells.dispatch[index];
  if (tasks === undefined || outcomes === undefined || bell === undefined) throw new Error("no such thread");
  const timeoutMs = settings.processorTimeoutSeconds * 1000;
  const client = new HttpClient();
  const clients = {
    default: new ProcessorClient("default", upstreamUrls.default, client, timeoutMs),
    fallback: new ProcessorClient("fallback", upstreamUrls.fallback, client, timeoutMs),
  };
  const state = new SharedState(memory.state);
  const metrics = new Metrics(memory.metrics, METRICS_PAGE.dispatch + index);
  // One poll per processor, whatever the number of threads: the others read it in the shared state.
  const cluster =
    index === 0
      ? startCluster({
          settings,
          state,
          metrics,
          log,
          storeBell: bells.store,
          toMain: (news) => self.postMessage(news),
        })
      : null;
  const polls =
    index === 0 ? startHealthPolls(client, upstreamUrls, state, metrics, log, bells.store, cluster) : [];
  const thread = new DispatchThread({
    index,
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
    outcomes: new RingProducer(attachSharedRing(outcomes)),
    bell,
    storeBell: bells.store,
    state,
    metrics,
    log,
    onBreaker: (processor, open) => cluster?.breakerMoved(processor, open),
    shutdownMs: settings.shutdownSeconds * 1000 * DRAIN_SHARE,
  });
  const stopHousekeeping = index === 0 ? startHousekeeping(settings, state, log) : () => {};
  if (cluster !== null) {
    // What main says after the first message.
    self.onmessage = async ({ data }: MessageEvent<CounterQuestion | PeerCommand>) => {
      if ("kind" in data) {
        cluster.take(data);
        return;
      }
      const counted = await cluster.count(data.ranges);
      self.postMessage({ questionId: data.questionId, counted } satisfies CounterAnswer);
    };
  }
  await thread.run();
  stopHousekeeping();
  for (const poll of polls) poll.stop();
  cluster?.stop();
  client.close();
}

/** What a replica needs once, besides its work. @returns ends it */
function startHousekeeping({ databaseFile }: Settings, state: SharedState, log: Logger): () => void {
  const stops = [
    startCheckpointer(databaseFile, (error) => log.error("cannot checkpoint the database", { error })),
    startFillingKnownIds(databaseFile),
    watchMain(state, log),
    keepGivingPagesBack(),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function startHealthPolls(
  client: HttpClient,
  urls: UpstreamUrls,
  state: SharedState,
  metrics: Metrics,
  log: Logger,
  storeBell: Doorbell,
  cluster: Cluster | null,
): ProcessorHealthPoll[] {
  return PROCESSOR_NAMES.map((name) => {
    const turn = new HealthTurn(name, state, storeBell);
    const poll = new ProcessorHealthPoll(urls[name], client, {
      mayPoll: () => turn.take(),
      onMissed: (code) => {
        turn.end();
        log.debug("a processor did not tell its health", { processor: name, code });
      },
    });
    poll.start((health) => {
      metrics.increment("processor_health_checks", name);
      state.setHealth(name, health);
      turn.end();
      cluster?.healthHeard(name, health);
    });
    return poll;
  });
}
