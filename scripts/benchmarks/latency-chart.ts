import { addCounts } from "./latency-histogram.ts";
import type { Chart, Role } from "./svg-chart.ts";

/** Latencies of several runs beside those of a yardstick. */
export function latencyChart(
  title: string,
  series: readonly {
    readonly name: string;
    readonly role: Role;
    readonly counts: readonly (readonly number[])[];
  }[],
): Chart {
  return {
    title,
    panels: [
      {
        kind: "histogram",
        title: "share of requests",
        series: series.map(({ name, role, counts }) => ({ name, role, counts: addCounts(counts) })),
      },
    ],
  };
}
