import { METRIC_KEYS, METRICS, type MetricDefinition, type MetricKey } from "./metric-table.ts";

/**
 * Where each value lies. Every thread has a page of its own and is the only one that writes there:
 *
 *   memory   | page 0: main        | page 1: store       | page 2: dispatch | …
 *   page     | metric | metric | … |  float64 each, padded to a whole number of cache lines
 *   metric   | series | series | … |  one series per combination of label values, first label slowest
 *   series   counter, gauge: | value |      histogram: | bucket | … | overflow | sum |
 *
 * A value is 8 aligned bytes, which 64-bit processors write and read whole, and each has one writer: so plain
 * reads and writes do, without Atomics. A reader may see a histogram's bucket a moment before its sum.
 */
export interface MetricSlots {
  readonly definition: MetricDefinition;
  /** Index of the first value in a page. */
  readonly start: number;
  /** Values per series. */
  readonly width: number;
  /** Label values of each series, in order; one empty series for a metric without labels. */
  readonly series: readonly (readonly string[])[];
  /** Series by name, see SeriesOf. */
  readonly indexOf: ReadonlyMap<string, number>;
  readonly bounds: readonly number[];
}

const FLOATS_PER_CACHE_LINE = 16; // 128 bytes: Apple's and POWER's line, twice that of others

function layOut(): { slots: Record<MetricKey, MetricSlots>; floats: number } {
  const slots: Partial<Record<MetricKey, MetricSlots>> = {};
  let start = 0;
  for (const key of METRIC_KEYS) {
    const definition: MetricDefinition = METRICS[key];
    const bounds = definition.buckets ?? [];
    const width = definition.type === "histogram" ? bounds.length + 2 : 1;
    const series = combinations(Object.values(definition.labels ?? {}));
    const indexOf = new Map(series.map((values, index) => [values.join("_"), index]));
    if (indexOf.size !== series.length) throw new Error(`two series of ${key} have the same name`);
    slots[key] = { definition, start, width, series, indexOf, bounds };
    start += width * series.length;
  }
  const floats = Math.ceil(start / FLOATS_PER_CACHE_LINE) * FLOATS_PER_CACHE_LINE;
  return { slots: slots as Record<MetricKey, MetricSlots>, floats }; // the loop ran over every key
}

function combinations(labels: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return labels.reduce<readonly (readonly string[])[]>(
    (done, values) => done.flatMap((prefix) => values.map((value) => [...prefix, value])),
    [[]],
  );
}

const layout = layOut();

export const METRIC_SLOTS: Readonly<Record<MetricKey, MetricSlots>> = layout.slots;
export const PAGE_FLOATS: number = layout.floats;
