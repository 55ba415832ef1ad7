import { METRIC_SLOTS, type MetricSlots, PAGE_FLOATS } from "./metric-layout.ts";
import type { CounterKey, GaugeKey, HistogramKey, MetricKey, SeriesOf } from "./metric-table.ts";
import { renderPrometheus } from "./render.ts";

const FLOAT_BYTES = Float64Array.BYTES_PER_ELEMENT;

/** The memory of all metrics, one page per writing thread; made by main and given to each worker. */
export function createMetricsMemory(threads: number): SharedArrayBuffer {
  return new SharedArrayBuffer(threads * PAGE_FLOATS * FLOAT_BYTES);
}

/**
 * A thread's pen and everybody's glasses: writes go to the thread's own page, reads combine all pages. Series
 * of labelled metrics are named by their values, and have to be given.
 *
 * @example metrics.increment("payments_accepted");
 * @example metrics.increment("processor_attempts", "default_settled");
 * @example metrics.observe("commit_seconds", 0.0007);
 */
export class Metrics {
  readonly #all: Float64Array;
  readonly #mine: Float64Array;
  readonly #pages: number;

  /** Throws a RangeError if `threadIndex` has no page in `memory`. Two writers of one page lose counts. */
  constructor(memory: SharedArrayBuffer, threadIndex: number) {
    this.#all = new Float64Array(memory);
    this.#pages = this.#all.length / PAGE_FLOATS;
    if (!Number.isInteger(threadIndex) || threadIndex < 0 || threadIndex >= this.#pages) {
      throw new RangeError(`thread ${threadIndex} has no page; there are ${this.#pages}`);
    }
    this.#mine = this.#all.subarray(threadIndex * PAGE_FLOATS, (threadIndex + 1) * PAGE_FLOATS);
  }

  /** Counts one more, or `by` more. */
  increment<Key extends CounterKey>(metric: Key, ...series: SeriesArguments<Key>): void {
    const at = slotOf(METRIC_SLOTS[metric], series[0]);
    this.#mine[at] = (this.#mine[at] ?? 0) + 1;
  }

  /** Counts `by` more; a negative or broken `by` is not counted, because a counter never falls. */
  add<Key extends CounterKey>(metric: Key, by: number, ...series: SeriesArguments<Key>): void {
    if (!(by > 0 && by < Number.POSITIVE_INFINITY)) return;
    const at = slotOf(METRIC_SLOTS[metric], series[0]);
    this.#mine[at] = (this.#mine[at] ?? 0) + by;
  }

  /** Says what a gauge is now. */
  set<Key extends GaugeKey>(metric: Key, value: number, ...series: SeriesArguments<Key>): void {
    this.#mine[slotOf(METRIC_SLOTS[metric], series[0])] = value;
  }

  /** Notes one observation, in the metric's unit. One that is no finite number would spoil the sum for good. */
  observe(metric: HistogramKey, value: number): void {
    if (!Number.isFinite(value)) return;
    const { start, bounds } = METRIC_SLOTS[metric];
    let bucket = 0;
    // At most 18 steps, and most observations end after a few: a search would cost more.
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
    const at = start + bucket;
    this.#mine[at] = (this.#mine[at] ?? 0) + 1;
    const sumAt = start + bounds.length + 1;
    this.#mine[sumAt] = (this.#mine[sumAt] ?? 0) + value;
  }

  /** A counter or gauge over all threads, or a histogram's number of observations; all series if none is named. */
  read<Key extends MetricKey>(metric: Key, series?: SeriesOf<Key>): number {
    const slots = METRIC_SLOTS[metric];
    const values = slots.definition.type === "histogram" ? slots.bounds.length + 1 : 1;
    const first = series === undefined ? 0 : slotOf(slots, series) - slots.start;
    const end = series === undefined ? slots.series.length * slots.width : first + slots.width;
    let total = 0;
    for (let serie = first; serie < end; serie += slots.width) {
      for (let value = 0; value < values; value++) total += this.#combined(slots, serie + value);
    }
    return total;
  }

  /** A histogram's counts per bucket over all threads, the one above every bound last. */
  readBuckets(metric: HistogramKey): Float64Array {
    const slots = METRIC_SLOTS[metric];
    const counts = new Float64Array(slots.bounds.length + 1);
    for (let bucket = 0; bucket < counts.length; bucket++) counts[bucket] = this.#combined(slots, bucket);
    return counts;
  }

  /** GET /metrics, in the form of `PROMETHEUS_CONTENT_TYPE`. `info` becomes the labels of `catraca_build_info`. */
  render(info: Readonly<Record<string, string>>): string {
    return renderPrometheus((slots, offset) => this.#combined(slots, offset), info);
  }

  #combined(slots: MetricSlots, offset: number): number {
    let combined = 0;
    for (let page = 0; page < this.#pages; page++) {
      const value = this.#all[page * PAGE_FLOATS + slots.start + offset] ?? 0;
      // No gauge here is ever negative, so the page of a thread that does not write it does not matter.
      combined = slots.definition.combine === "max" ? Math.max(combined, value) : combined + value;
    }
    return combined;
  }
}

/** A labelled metric needs its series, one without labels takes none. */
type SeriesArguments<Key extends MetricKey> = [SeriesOf<Key>] extends [never] ? [] : [series: SeriesOf<Key>];

function slotOf(slots: MetricSlots, series: string | undefined): number {
  if (series === undefined) return slots.start;
  const index = slots.indexOf.get(series);
  // The types allow no other series; a wrong one out of data would otherwise write into another metric.
  if (index === undefined) throw new RangeError(`${slots.definition.name} has no series ${series}`);
  return slots.start + index * slots.width;
}
