import { LIMITS } from "../config/limits.ts";
import type { Settings } from "../config/settings.ts";
import { PaymentDispatcher } from "../domain/payment-dispatcher.ts";
import { PROCESSOR_NAMES, type ProcessorName } from "../domain/processor.ts";
import { createLogger, type Logger } from "../log/logger.ts";
import { Metrics } from "../metrics/metrics.ts";
import { RingConsumer } from "../ring/ring-consumer.ts";
import { attachSharedRing } from "../ring/ring-memory.ts";
import { RingProducer } from "../ring/ring-producer.ts";
import { startCheckpointer } from "../store/checkpointer.ts";
import { HttpClient } from "../upstreams/http-client.ts";
import { ProcessorClient } from "../upstreams/processor-client.ts";
import { ProcessorHealthPoll } from "../upstreams/processor-health.ts";
import { type DispatchTask, DispatchThread } from "./dispatch-thread.ts";
import { attachBells, type EngineMemory, METRICS_PAGE } from "./engine-memory.ts";
import { SharedState } from "./shared-state.ts";

/** What main sends to start a dispatch thread. */
export interface DispatchStart {
  readonly settings: Settings;
  readonly memory: EngineMemory;
  readonly index: number;
  readonly processorUrls: Readonly<Record<ProcessorName, string>>;
}

/** The part of SHUTDOWN_SECONDS that calls in flight may take; the rest is for the store's last commits. */
const DRAIN_SHARE = 0.7;

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<DispatchStart>) => {
  void start(data);
};

async function start({ settings, memory, index, processorUrls }: DispatchStart): Promise<void> {
  const log = createLogger({ level: settings.logLevel, thread: "dispatch", replica: settings.replicaId });
  const tasks = memory.tasks[index];
  const outcomes = memory.outcomes[index];
  const bells = attachBells(memory);
  const bell = bells.dispatch[index];
  if (tasks === undefined || outcomes === undefined || bell === undefined) throw new Error("no such thread");
  const timeoutMs = settings.processorTimeoutSeconds * 1000;
  const client = new HttpClient();
  const clients = {
    default: new ProcessorClient("default", processorUrls.default, client, timeoutMs),
    fallback: new ProcessorClient("fallback", processorUrls.fallback, client, timeoutMs),
  };
  const state = new SharedState(memory.state);
  const metrics = new Metrics(memory.metrics, METRICS_PAGE.dispatch + index);
  // One poll per processor, whatever the number of threads: the others read it in the shared state.
  const polls = index === 0 ? startHealthPolls(client, processorUrls, state, metrics, log) : [];
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
    runners: {},
    pay: (processor, payment) => clients[processor].pay(payment),
    tasks: new RingConsumer(attachSharedRing(tasks)),
    outcomes: new RingProducer(attachSharedRing(outcomes)),
    bell,
    storeBell: bells.store,
    state,
    metrics,
    log,
    shutdownMs: settings.shutdownSeconds * 1000 * DRAIN_SHARE,
  });
  const stopCheckpoints =
    index === 0
      ? startCheckpointer(settings.databaseFile, (error) =>
          log.error("cannot checkpoint the database", { error }),
        )
      : () => {};
  await thread.run();
  stopCheckpoints();
  for (const poll of polls) poll.stop();
  client.close();
}

function startHealthPolls(
  client: HttpClient,
  urls: DispatchStart["processorUrls"],
  state: SharedState,
  metrics: Metrics,
  log: Logger,
): ProcessorHealthPoll[] {
  return PROCESSOR_NAMES.map((name) => {
    const poll = new ProcessorHealthPoll(urls[name], client, {
      onMissed: (code) => log.debug("a processor did not tell its health", { processor: name, code }),
    });
    poll.start((health) => {
      metrics.increment("processor_health_checks", name);
      state.setHealth(name, health);
    });
    return poll;
  });
}
