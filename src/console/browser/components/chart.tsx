import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { useCell } from "../cell.ts";
import { isDark } from "../theme.ts";

export interface ChartSeries {
  readonly label: string;
  /** One of the palette's colours in styles/tokens.css. */
  readonly color: `--${string}`;
  readonly values: readonly (number | null)[];
  /** Fills the area below the line. */
  readonly filled?: boolean;
}

interface ChartProps {
  readonly title: string;
  /** Seconds since the epoch, ascending. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  readonly height?: number;
}

/** A line chart over time with a legend that shows the values under the pointer, or the newest ones. */
export function Chart({ title, times, series, format, height = 150 }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const dark = useCell(isDark);
  // uPlot reads the columns and does not write them.
  const columns = useMemo(
    () => [times, ...series.map(({ values }) => values)] as unknown as uPlot.AlignedData,
    [times, series],
  );
  const shape = series.map(({ label, color }) => label + color).join();

  // made anew when colours or series change, not with every value
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const options = chartOptions({ element, series, format, height, onPoint: setPointed });
    const chart = new uPlot(options, columns, element);
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [dark, shape, height]);
  useEffect(() => plot.current?.setData(columns), [columns]);

  const shown = (values: readonly (number | null)[]) => {
    const value = pointed === null ? values.findLast((candidate) => candidate !== null) : values[pointed];
    return value === null || value === undefined ? "–" : format(value);
  };
  return (
    <figure class="chart panel">
      <figcaption>
        <h3>{title}</h3>
        <ul class="legend">
          {series.map(({ label, color, values }) => (
            <li key={label}>
              <i class="swatch" style={{ background: `var(${color})` }} />
              {label} <b>{shown(values)}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={box} class="plot" style={{ height: `${height}px` }} aria-hidden="true" />
    </figure>
  );
}

interface OptionParts {
  readonly element: HTMLElement;
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  readonly height: number;
  readonly onPoint: (index: number | null) => void;
}

function chartOptions({ element, series, format, height, onPoint }: OptionParts): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: resolveColor(element, "--soft"),
    grid: { stroke: resolveColor(element, "--line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
    gap: 4,
  };
  return {
    width: element.clientWidth,
    height,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_chart, _min, max) => [0, (max ?? 0) > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, size: 24, space: 70, values: TIME_LABELS },
      { ...axis, size: 52, space: 32, values: (_chart, ticks) => ticks.map(format) },
    ],
    series: [
      {},
      ...series.map(({ label, color, filled = false }) => {
        const stroke = resolveColor(element, color);
        const fill = filled ? { fill: stroke.replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)") } : {};
        return { label, stroke, ...fill, width: 1.5, points: { show: false }, spanGaps: false };
      }),
    ],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
  };
}

/** 24 hours, in every language: what logs say, too. */
const TIME_LABELS: uPlot.Axis.Values = (_chart, ticks, _axis, _space, stepSeconds) =>
  ticks.map((seconds) => {
    const text = new Date(seconds * 1000).toTimeString();
    return stepSeconds < 60 ? text.slice(0, 8) : text.slice(0, 5);
  });

/** A canvas knows no custom properties: an element has to work the colour out. */
function resolveColor(element: HTMLElement, property: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${property})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
