import { METRIC_SLOTS, type MetricSlots } from "./metric-layout.ts";
import { METRIC_KEYS } from "./metric-table.ts";

/** Content-Type of what `renderPrometheus` returns. */
export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Reads one value of a metric, combined over the threads; `offset` counts from the metric's first value. */
type ReadValue = (slots: MetricSlots, offset: number) => number;

/** All metrics in Prometheus' text format 0.0.4. `info` becomes the labels of `catraca_build_info`. */
export function renderPrometheus(read: ReadValue, info: Readonly<Record<string, string>>): string {
  const lines: string[] = [
    "# HELP catraca_build_info What was built; the value is always 1.",
    "# TYPE catraca_build_info gauge",
    `catraca_build_info${formatLabels(Object.entries(info))} 1`,
  ];
  for (const key of METRIC_KEYS) {
    const slots = METRIC_SLOTS[key];
    const { name, help, type, labels = {} } = slots.definition;
    const labelNames = Object.keys(labels);
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    slots.series.forEach((values, index) => {
      const pairs = values.map((value, label): [string, string] => [labelNames[label] ?? "", value]);
      const offset = index * slots.width;
      if (type === "histogram") lines.push(...renderHistogram(read, slots, offset, pairs));
      else lines.push(`${name}${formatLabels(pairs)} ${formatValue(read(slots, offset))}`);
    });
  }
  return `${lines.join("\n")}\n`;
}

/** Prometheus' buckets are cumulative: each counts everything up to its bound. */
function renderHistogram(
  read: ReadValue,
  slots: MetricSlots,
  offset: number,
  pairs: readonly (readonly [string, string])[],
): string[] {
  const { definition, bounds } = slots;
  const lines: string[] = [];
  let count = 0;
  [...bounds, Number.POSITIVE_INFINITY].forEach((bound, bucket) => {
    count += read(slots, offset + bucket);
    lines.push(`${definition.name}_bucket${formatLabels([...pairs, ["le", formatValue(bound)]])} ${count}`);
  });
  lines.push(
    `${definition.name}_sum${formatLabels(pairs)} ${formatValue(read(slots, offset + bounds.length + 1))}`,
    `${definition.name}_count${formatLabels(pairs)} ${count}`,
  );
  return lines;
}

function formatLabels(pairs: readonly (readonly [string, string])[]): string {
  if (pairs.length === 0) return "";
  return `{${pairs.map(([name, value]) => `${name}="${escapeValue(value)}"`).join(",")}}`;
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value); // NaN is NaN there, too
}
