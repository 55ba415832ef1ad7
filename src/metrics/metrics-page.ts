import { METRIC_KEYS, METRICS, type MetricDefinition } from "./metric-table.ts";

/** The text of `docs/metrics.md`, from the table of metrics. */
export function renderMetricsMarkdown(): string {
  const rows = METRIC_KEYS.map((key) => {
    const { name, type, unit, labels, help }: MetricDefinition = METRICS[key];
    return `| \`${name}\` | ${type} | ${unit === "none" ? "" : unit} | ${describeLabels(labels)} | ${help} |`;
  });
  return `# Metrics

<!-- Generated from src/metrics/metric-table.ts; do not edit. -->

\`GET /metrics\` answers in Prometheus' text format. Counters begin at 0 when the process starts; each replica
speaks for itself. \`catraca_build_info\` is always 1 and names the build in its labels. Histograms have the series
\`_bucket\`, \`_sum\` and \`_count\`.

| name | type | unit | labels | what |
|---|---|---|---|---|
${rows.join("\n")}
`;
}

function describeLabels(labels: MetricDefinition["labels"]): string {
  return Object.entries(labels ?? {})
    .map(([name, values]) => `\`${name}\`: ${values.join(", ")}`)
    .join("; ");
}
