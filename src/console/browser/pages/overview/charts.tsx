import { useMemo } from "preact/hooks";
import { Chart } from "../../components/chart.tsx";
import { formatBytes, formatDuration, formatNumber, formatShare } from "../../format.ts";
import { t } from "../../words/words.ts";
import type { History } from "./overview-data.ts";

/** All charts of a range. */
export function Charts({ history: { times, series } }: { readonly history: History }) {
  return (
    <div class="charts">
      <ThroughputChart times={times} series={series} />
      <ShareChart times={times} series={series} />
      <Chart
        title={t("chart.acceptLatency")}
        times={times}
        format={formatDuration}
        series={[
          { label: "p99", color: "--series-2", values: series.acceptP99Ms },
          { label: "p50", color: "--series-1", values: series.acceptP50Ms, filled: true },
        ]}
      />
      <Chart
        title={t("chart.calls")}
        times={times}
        format={formatDuration}
        series={[
          { label: "p99", color: "--series-2", values: series.callP99Ms },
          { label: "p50", color: "--series-1", values: series.callP50Ms, filled: true },
        ]}
      />
      <Chart
        title={t("chart.failures")}
        times={times}
        format={formatNumber}
        series={[
          { label: t("chart.failedCalls"), color: "--series-4", values: series.failedAttempts, filled: true },
          { label: t("chart.dead"), color: "--series-5", values: series.dead },
          { label: t("chart.serverErrors"), color: "--series-2", values: series.serverErrors },
        ]}
      />
      <Chart
        title={t("chart.queue")}
        times={times}
        format={formatNumber}
        series={[
          { label: t("chart.depth"), color: "--series-1", values: series.queueDepth, filled: true },
          { label: t("chart.inFlight"), color: "--series-3", values: series.inFlight },
        ]}
      />
      <Chart
        title={t("chart.age")}
        times={times}
        format={(seconds) => formatDuration(seconds * 1000)}
        series={[
          { label: t("chart.oldest"), color: "--series-2", values: series.queueOldestSeconds, filled: true },
        ]}
      />
      <Chart
        title={t("chart.commits")}
        times={times}
        format={formatDuration}
        series={[{ label: "p99", color: "--series-1", values: series.commitP99Ms, filled: true }]}
      />
      <Chart
        title={t("chart.memory")}
        times={times}
        format={formatBytes}
        series={[
          { label: t("chart.resident"), color: "--series-3", values: series.residentBytes, filled: true },
        ]}
      />
    </div>
  );
}

/** Accepted against settled: the gap between the two is what waits. The simulator's page shows it, too. */
export function ThroughputChart({ times, series }: Pick<History, "times" | "series">) {
  return (
    <Chart
      title={t("chart.throughput")}
      times={times}
      format={formatNumber}
      height={200}
      series={[
        { label: t("chart.accepted"), color: "--series-3", values: series.accepted },
        { label: "default", color: "--series-1", values: series.settledDefault, filled: true },
        { label: "fallback", color: "--series-2", values: series.settledFallback, filled: true },
      ]}
    />
  );
}

/** Which processor takes how much of what is settled. */
function ShareChart({ times, series }: Pick<History, "times" | "series">) {
  const shares = useMemo(() => sharesOf(series.settledDefault, series.settledFallback), [series]);
  return (
    <Chart
      title={t("chart.share")}
      times={times}
      format={formatShare}
      series={[
        { label: "default", color: "--series-1", values: shares.default, filled: true },
        { label: "fallback", color: "--series-2", values: shares.fallback },
      ]}
    />
  );
}

type Column = readonly (number | null)[];

/** Nothing settled has no shares: a hole in the lines. */
function sharesOf(left: Column, right: Column): { readonly default: Column; readonly fallback: Column } {
  const first = left.map((value, index) => {
    const all = (value ?? 0) + (right[index] ?? 0);
    return all === 0 ? null : (value ?? 0) / all;
  });
  return { default: first, fallback: first.map((share) => (share === null ? null : 1 - share)) };
}
