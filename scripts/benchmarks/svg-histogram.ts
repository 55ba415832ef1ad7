import { bucketFromMs } from "./latency-histogram.ts";
import type { HistogramPanel } from "./svg-chart.ts";
import { type Box, line, type Point, path, roundStep, text, tick } from "./svg-shapes.ts";

const PLOT = { left: 44, top: 44, right: 12, bottom: 44 } as const;
const LEGEND_LINE = 18;
/** Beside what was seen, so that nothing touches the edge. */
const PAD_BUCKETS = 2;

/** Shares of requests over a logarithmic axis, with a mark at each series' median and p99. */
export function histogramPanel({ title, series }: HistogramPanel, box: Box): string {
  const seen = series.flatMap(({ counts }) => counts.flatMap((count, bucket) => (count > 0 ? [bucket] : [])));
  const first = seen.length === 0 ? 0 : Math.max(0, Math.min(...seen) - PAD_BUCKETS);
  const last = Math.max(...seen, first) + 1 + PAD_BUCKETS;
  const left = box.left + PLOT.left;
  const right = box.left + box.width - PLOT.right;
  const top = box.top + PLOT.top;
  const bottom = box.top + box.height - PLOT.bottom;
  const shares = series.map(({ counts }) => {
    const total = counts.reduce((sum, count) => sum + count, 0) || 1;
    return counts.map((count) => (count / total) * 100);
  });
  const max = Math.max(...shares.flat()) || 1;
  const step = roundStep(max);
  const end = Math.ceil(max / step) * step;
  const x = (bucket: number) => left + ((right - left) * (bucket - first)) / (last - first);
  const y = (share: number) => bottom - ((bottom - top) * share) / end;

  const parts = [text(box.left, box.top + 14, title, { className: "name" })];
  for (let share = 0; share <= end + step / 2; share += step) {
    parts.push(line(left, y(share), right, y(share), share === 0 ? "axis" : "grid"));
    parts.push(text(left - 6, y(share) + 4, `${tick(share)} %`, { anchor: "end" }));
  }
  parts.push(...timeAxis(first, last, x, top, bottom));
  for (const [index, { name, role, counts }] of series.entries()) {
    parts.push(path(outline(shares[index] ?? [], first, last, x, y), `area ${role}`));
    const [p50, p99] = [placeOf(counts, 0.5), placeOf(counts, 0.99)];
    for (const place of [p50, p99]) parts.push(line(x(place), top, x(place), bottom, `mark ${role}`));
    const shown = `${name}: p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}`;
    parts.push(
      text(right, box.top - 14 + (index + 1) * LEGEND_LINE, shown, { className: role, anchor: "end" }),
    );
  }
  return parts.join("\n");
}

function timeAxis(
  first: number,
  last: number,
  x: (bucket: number) => number,
  top: number,
  bottom: number,
): string[] {
  const parts: string[] = [];
  const perDecade = bucketsPerDecade();
  for (let decade = 0; decade * perDecade <= last; decade++) {
    for (const factor of [1, 2, 5]) {
      const bucket = (decade + Math.log10(factor)) * perDecade;
      if (bucket < first || bucket > last) continue;
      parts.push(line(x(bucket), top, x(bucket), bottom, "grid"));
      parts.push(text(x(bucket), bottom + 17, tick(bucketFromMs(bucket)), { anchor: "middle" }));
    }
  }
  parts.push(
    text((x(first) + x(last)) / 2, bottom + 36, "milliseconds, logarithmic; upright lines: p50 and p99", {
      anchor: "middle",
    }),
  );
  return parts;
}

/** The edge of the bars, closed at the axis. */
function outline(
  shares: readonly number[],
  first: number,
  last: number,
  x: (bucket: number) => number,
  y: (share: number) => number,
): Point[] {
  const points: Point[] = [[x(first), y(0)]];
  for (let bucket = first; bucket < last; bucket++) {
    const height = y(shares[bucket] ?? 0);
    points.push([x(bucket), height], [x(bucket + 1), height]);
  }
  points.push([x(last), y(0)]);
  return points;
}

/** Where in the buckets a share of all counts lies, with a fraction. */
function placeOf(counts: readonly number[], share: number): number {
  let rest = counts.reduce((sum, count) => sum + count, 0) * share;
  for (const [bucket, count] of counts.entries()) {
    if (count > 0 && rest <= count) return bucket + rest / count;
    rest -= count;
  }
  return counts.length;
}

function milliseconds(place: number): string {
  return `${Number(bucketFromMs(place).toPrecision(2))} ms`;
}

function bucketsPerDecade(): number {
  return Math.round(1 / Math.log10(bucketFromMs(1) / bucketFromMs(0)));
}
