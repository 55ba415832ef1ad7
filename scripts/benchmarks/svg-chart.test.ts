import { describe, expect, test } from "bun:test";
import { latencyChart } from "./latency-chart.ts";
import { addCounts, bucketFromMs, countLatencies } from "./latency-histogram.ts";
import { type Chart, renderChart } from "./svg-chart.ts";

const LINES: Chart = {
  title: "payments & <stored>",
  panels: [
    {
      kind: "lines",
      title: "p99",
      labels: ["0", "10M"],
      lines: [
        { name: "catraca", role: "ours", values: [1, 2] },
        { name: "bare", role: "yardstick", values: [0.5, Number.NaN] },
      ],
    },
  ],
};
const HISTOGRAM = latencyChart("latency", [
  { name: "ours", role: "ours", counts: [countLatencies([1, 1, 1, 100])] },
  { name: "bare", role: "yardstick", counts: [countLatencies([0.1])] },
]);

/** Every tag that is opened is closed, in order. */
function isBalanced(svg: string): boolean {
  const open: string[] = [];
  for (const [, close, name = "", single] of svg.matchAll(/<(\/?)([a-z]+)\b[^>]*?(\/?)>/g)) {
    if (single === "/") continue;
    if (close === "") open.push(name);
    else if (open.pop() !== name) return false;
  }
  return open.length === 0;
}

describe("a plot", () => {
  test.each([
    ["of lines", LINES],
    ["of histograms", HISTOGRAM],
    ["of nothing", latencyChart("nothing", [{ name: "ours", role: "ours", counts: [] }])],
    [
      "without values",
      { title: "", panels: [{ kind: "lines", title: "", labels: [], lines: [] }] } satisfies Chart,
    ],
  ])("%s is well-formed, and no coordinate is lost", (_, chart) => {
    const svg = renderChart(chart);
    expect(isBalanced(svg)).toBe(true);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("escapes what it shows", () => {
    const svg = renderChart(LINES);
    expect(svg).toContain("payments &amp; &lt;stored&gt;");
    expect(svg).not.toContain("<stored>");
  });

  test("has colours for dark pages, too, and needs nothing from elsewhere", () => {
    const svg = renderChart(HISTOGRAM);
    expect(svg).toContain("prefers-color-scheme: dark");
    expect(svg).not.toMatch(/<script|href=|@import|url\(/);
  });

  test("names each line once", () => {
    const [panel] = LINES.panels;
    const svg = renderChart({ ...LINES, panels: panel === undefined ? [] : [panel, panel, panel] });
    expect(svg.match(/● catraca/g)).toHaveLength(1);
  });

  test("tells the percentiles of a histogram", () => {
    expect(renderChart(HISTOGRAM)).toMatch(/ours: p50 1(?:\.\d)? ms/);
  });
});

describe("a latency's bucket", () => {
  test("begins at most an eighth below it", () => {
    for (const ms of [0.011, 0.5, 1, 33, 8000]) {
      const bucket = countLatencies([ms]).indexOf(1);
      expect(bucketFromMs(bucket)).toBeLessThanOrEqual(ms * 1.0001);
      expect(bucketFromMs(bucket + 1)).toBeGreaterThan(ms);
      expect(bucketFromMs(bucket + 1) / bucketFromMs(bucket)).toBeLessThan(1.125);
    }
  });

  test("is the first or the last for what lies beyond", () => {
    const counts = countLatencies([0, 1e-9, 1e9]);
    expect([counts[0], counts.at(-1)]).toEqual([2, 1]);
  });

  test("counts all runs together", () => {
    const counts = addCounts([countLatencies([1, 2]), countLatencies([2])]);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3);
  });
});
