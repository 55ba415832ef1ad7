import { buildInfo } from "../../build-info.ts";
import { toAmount } from "../../domain/money.ts";
import { PROCESSOR_NAMES, type ProcessorName } from "../../domain/processor.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { healthOf } from "../../engine/health.ts";
import type { Replica } from "../../engine/replica.ts";
import { depthsByKind, queueState } from "../../store/queue-state.ts";
import { knownReplicas } from "../../store/replicas.ts";
import type { PaymentsSummary } from "../payments/queries.ts";

export interface ConsoleStateParts {
  readonly replica: Replica;
  /** What each processor took, ever and at all replicas. */
  readonly summary: () => PaymentsSummary;
  readonly breaker: (name: ProcessorName) => string;
  /** Address of a processor, or null if it is built in. */
  readonly processorUrl: (name: ProcessorName) => string | null;
  readonly live: () => { readonly streams: number; readonly longPolls: number };
}

/** Once: a difference of two clocks that is computed anew is another one each time. */
const STARTED_AT = formatTimestamp(Math.round(Date.now() - process.uptime() * 1000));

const OUTCOMES = ["settled", "declined", "refused", "failed", "unknown"] as const;

/** What the console shows of now: this replica, its processors, the queue. @param nowMs ms since the epoch */
export function consoleState(parts: ConsoleStateParts, nowMs: number) {
  const { replica } = parts;
  const { settings, metrics, durability } = replica;
  const { version, revision } = buildInfo;
  const queue = queueState(replica.reader);
  return {
    replica: settings.replicaId,
    version,
    revision,
    startedAt: STARTED_AT,
    uptimeSeconds: Math.round(process.uptime()),
    durability,
    redis: replica.state.redis,
    health: healthOf(replica, nowMs),
    replicas: knownReplicas(replica.reader, nowMs).map(({ name, isAlive, leaseUntilMs }) => ({
      name,
      self: name === settings.replicaId,
      alive: isAlive,
      leaseUntil: leaseUntilMs === null ? null : formatTimestamp(leaseUntilMs),
    })),
    queue: {
      depth: queue.depth,
      oldestSeconds: queue.oldestMs === null ? 0 : Math.max(0, nowMs - queue.oldestMs) / 1000,
      byKind: depthsByKind(replica.reader),
    },
    ...processorsOf(parts),
    dispatch: { inFlight: metrics.read("dispatch_in_flight"), waiting: metrics.read("dispatch_waiting") },
    memory: { residentBytes: process.memoryUsage.rss() },
    live: parts.live(),
  };
}

function processorsOf(parts: ConsoleStateParts) {
  const { metrics } = parts.replica;
  const summary = parts.summary();
  const views = PROCESSOR_NAMES.map((name) => [name, processorOf(parts, summary, name)] as const);
  const cents = (value: (view: ReturnType<typeof processorOf>) => number) =>
    views.reduce((sum, [, view]) => sum + Math.round(value(view) * 100), 0);
  const amountCents = cents(({ settled }) => settled.amount);
  const feeCents = cents(({ settled }) => settled.fee);
  return {
    // One entry per name of the list.
    processors: Object.fromEntries(views) as Record<ProcessorName, ReturnType<typeof processorOf>>,
    totals: {
      accepted: metrics.read("payments_accepted"),
      dead: metrics.read("payments_dead"),
      count: views.reduce((sum, [, { settled }]) => sum + settled.count, 0),
      amount: toAmount(amountCents),
      fees: toAmount(feeCents),
      feeShareEffective: amountCents === 0 ? 0 : feeCents / amountCents,
    },
  };
}

function processorOf(
  { replica, breaker, processorUrl }: ConsoleStateParts,
  summary: PaymentsSummary,
  name: ProcessorName,
) {
  const { settings, state, metrics } = replica;
  const health = state.health(name);
  const feeShare = name === "default" ? settings.processorFeeDefault : settings.processorFeeFallback;
  const { totalRequests, totalAmount } = summary[name];
  const url = processorUrl(name);
  return {
    health:
      health === null
        ? null
        : {
            failing: health.failing,
            minResponseTimeMs: health.minResponseTimeMs,
            seenAt: formatTimestamp(Math.round(health.seenAtMs)),
          },
    breaker: breaker(name),
    builtIn: url === null,
    url,
    feeShare,
    // The processors count their fees in the same way: the share of what they took in all.
    settled: {
      count: totalRequests,
      amount: totalAmount,
      fee: toAmount(Math.round(totalAmount * 100 * feeShare)),
    },
    attempts: Object.fromEntries(
      OUTCOMES.map((outcome) => [outcome, metrics.read("processor_attempts", `${name}_${outcome}`)]),
    ),
  };
}
