import { isDue } from "../../domain/due-time.ts";
import { percentileOf } from "../../domain/histogram.ts";
import { METRIC_SLOTS } from "../../metrics/metric-layout.ts";
import type { HistogramKey } from "../../metrics/metric-table.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { QueueState } from "../../store/queue-state.ts";
import { Series } from "./series.ts";

const RATES = [
  "accepted",
  "settledDefault",
  "settledFallback",
  "dead",
  "failedAttempts",
  "responses",
  "serverErrors",
] as const;
const GAUGES = [
  "queueDepth",
  "queueOldestSeconds",
  "inFlight",
  "waiting",
  "intakeFill",
  "residentBytes",
] as const;
const PERCENTILES = {
  acceptP50Ms: { metric: "accept_seconds", share: 0.5 },
  acceptP99Ms: { metric: "accept_seconds", share: 0.99 },
  callP50Ms: { metric: "processor_call_seconds", share: 0.5 },
  callP99Ms: { metric: "processor_call_seconds", share: 0.99 },
  commitP99Ms: { metric: "commit_seconds", share: 0.99 },
} as const satisfies Record<string, { readonly metric: HistogramKey; readonly share: number }>;
const HISTOGRAMS = ["accept_seconds", "processor_call_seconds", "commit_seconds"] as const;

type RateName = (typeof RATES)[number];
type GaugeName = (typeof GAUGES)[number];
type PercentileName = keyof typeof PERCENTILES;
export type OverviewName = RateName | PercentileName | GaugeName;
const PERCENTILE_NAMES = Object.keys(PERCENTILES) as PercentileName[]; // keys of a const object
export const OVERVIEW_NAMES: readonly OverviewName[] = [...RATES, ...PERCENTILE_NAMES, ...GAUGES];

type Row = Partial<Record<OverviewName, number | null>>;
type Buckets = Record<(typeof HISTOGRAMS)[number], Float64Array>;

export interface OverviewParts {
  readonly metrics: Metrics;
  readonly intakeFill: () => number;
  readonly queue: () => QueueState;
  /** ms since the epoch; default: Date.now. */
  readonly now?: () => number;
}

const TICK_MS = 1000;
/** Timers may come a little early: this much keeps them out of the second before. */
const BEHIND_THE_SECOND_MS = 20;
/** An hour by second, a day by minute: 18 columns, 350 KB. */
const SECONDS_KEPT = 3600;
const MINUTES_KEPT = 1440;
/** The queue is counted so seldom that it takes at most a 500th of main's time, however long it is. */
const QUEUE_PAUSE_FACTOR = 500;

/** A minute as it grows. */
interface Minute {
  readonly step: number;
  seconds: number;
  readonly sums: Record<RateName, number>;
  readonly highest: Record<GaugeName, number>;
  readonly start: Buckets;
}

/**
 * The history that the console draws: once a second what the metrics say is written down, in memory of a fixed
 * size. It begins with the process; nothing of it is stored.
 */
export class OverviewRecorder {
  readonly seconds = new Series(OVERVIEW_NAMES, 1, SECONDS_KEPT);
  readonly minutes = new Series(OVERVIEW_NAMES, 60, MINUTES_KEPT);
  readonly #parts: OverviewParts;
  readonly #now: () => number;
  #counters: Record<RateName, number>;
  #buckets: Buckets;
  #minute: Minute | null = null;
  #sampledAtMs: number;
  #queue: QueueState = { depth: 0, oldestMs: null };
  #queuePauseMs = 0;
  #queueDueAtMs = 0;
  #timer: Timer | null = null;

  constructor(parts: OverviewParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#counters = readCounters(parts.metrics);
    this.#buckets = readHistograms(parts.metrics);
    this.#sampledAtMs = this.#now();
  }

  start(): void {
    if (this.#timer === null) this.#schedule();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /**
   * The last `points` steps as columns. They end with the last one that was written: the second that runs is not
   * over, and would look as if nothing happened in it.
   */
  read(resolution: "second" | "minute", points: number) {
    const series = resolution === "second" ? this.seconds : this.minutes;
    const lastStep = series.lastStep < 0 ? series.stepOf(this.#now()) : series.lastStep;
    return { stepSeconds: series.stepSeconds, ...series.read(lastStep, points) };
  }

  /**
   * Aims at a little after each full second. A plain interval wanders through the second, and whenever it passed a
   * full one, two samples fell into one step and none into the next.
   */
  #schedule(): void {
    const pauseMs = TICK_MS - (this.#now() % TICK_MS) + BEHIND_THE_SECOND_MS;
    this.#timer = setTimeout(() => {
      this.sample();
      this.#schedule();
    }, pauseMs);
  }

  /** Writes down what has happened since the last time. */
  sample(): void {
    const { metrics } = this.#parts;
    const now = this.#now();
    const elapsedSeconds = (now - this.#sampledAtMs) / 1000;
    // The clock was set back: how long it has been nobody knows. The next sample has both parts.
    if (elapsedSeconds < 0) this.#sampledAtMs = now;
    // Also when two timers came at once.
    if (elapsedSeconds < 0.5) return;
    this.#sampledAtMs = now;
    const counters = readCounters(metrics);
    const buckets = readHistograms(metrics);
    const rates = mapNames(RATES, (name) => (counters[name] - this.#counters[name]) / elapsedSeconds);
    const gauges = this.#readGauges(now);
    this.seconds.writeThrough(this.seconds.stepOf(now), {
      ...rates,
      ...gauges,
      ...percentilesBetween(this.#buckets, buckets),
    });
    this.#addToMinute(now, rates, gauges, buckets);
    this.#counters = counters;
    this.#buckets = buckets;
  }

  #addToMinute(
    now: number,
    rates: Record<RateName, number>,
    gauges: Record<GaugeName, number>,
    buckets: Buckets,
  ): void {
    const step = this.minutes.stepOf(now);
    if (this.#minute?.step !== step) this.#minute = newMinute(step, this.#buckets);
    const minute = this.#minute;
    minute.seconds++;
    for (const name of RATES) minute.sums[name] += rates[name];
    for (const name of GAUGES) minute.highest[name] = Math.max(minute.highest[name], gauges[name]);
    const means: Row = mapNames(RATES, (name) => minute.sums[name] / minute.seconds);
    this.minutes.writeThrough(step, {
      ...means,
      ...minute.highest,
      ...percentilesBetween(minute.start, buckets),
    });
  }

  #readGauges(now: number): Record<GaugeName, number> {
    const { metrics, intakeFill } = this.#parts;
    if (isDue(now, this.#queueDueAtMs, this.#queuePauseMs)) {
      const startedAt = performance.now();
      this.#queue = this.#parts.queue();
      this.#queuePauseMs = (performance.now() - startedAt) * QUEUE_PAUSE_FACTOR;
      this.#queueDueAtMs = now + this.#queuePauseMs;
    }
    const { depth, oldestMs } = this.#queue;
    return {
      queueDepth: depth,
      queueOldestSeconds: oldestMs === null ? 0 : Math.max(0, now - oldestMs) / 1000,
      inFlight: metrics.read("dispatch_in_flight"),
      waiting: metrics.read("dispatch_waiting"),
      intakeFill: intakeFill(),
      residentBytes: process.memoryUsage.rss(),
    };
  }
}

function newMinute(step: number, start: Buckets): Minute {
  return {
    step,
    seconds: 0,
    sums: mapNames(RATES, () => 0),
    highest: mapNames(GAUGES, () => 0),
    start,
  };
}

function readCounters(metrics: Metrics): Record<RateName, number> {
  const settledCalls =
    metrics.read("processor_attempts", "default_settled") +
    metrics.read("processor_attempts", "fallback_settled");
  return {
    accepted: metrics.read("payments_accepted"),
    settledDefault: metrics.read("payments_settled", "default"),
    settledFallback: metrics.read("payments_settled", "fallback"),
    dead: metrics.read("payments_dead"),
    failedAttempts: metrics.read("processor_attempts") - settledCalls,
    responses: metrics.read("http_responses"),
    serverErrors: metrics.read("http_responses", "5xx"),
  };
}

function readHistograms(metrics: Metrics): Buckets {
  return mapNames(HISTOGRAMS, (metric) => metrics.readBuckets(metric));
}

function percentilesBetween(before: Buckets, after: Buckets): Record<PercentileName, number | null> {
  return mapNames(PERCENTILE_NAMES, (name) => {
    const { metric, share } = PERCENTILES[name];
    const counts = after[metric].map((count, bucket) => count - (before[metric][bucket] ?? 0));
    const seconds = percentileOf(METRIC_SLOTS[metric].bounds, counts, share);
    return seconds === null ? null : seconds * 1000;
  });
}

/** A record with one value per name. */
function mapNames<Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name) => Value,
): Record<Name, Value> {
  // One entry per name of the list.
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Value>;
}
