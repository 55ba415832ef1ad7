import type { LinesPanel } from "./svg-chart.ts";
import { type Box, dot, line, type Point, path, roundStep, text, tick } from "./svg-shapes.ts";

const PLOT = { left: 38, top: 34, right: 10, bottom: 24 } as const;

/** Lines over named places, on an axis that begins at zero. */
export function linesPanel({ title, labels, lines }: LinesPanel, box: Box): string {
  const left = box.left + PLOT.left;
  const right = box.left + box.width - PLOT.right;
  const top = box.top + PLOT.top;
  const bottom = box.top + box.height - PLOT.bottom;
  const max = Math.max(...lines.flatMap(({ values }) => values.filter(Number.isFinite)), 0) || 1;
  const step = roundStep(max);
  const end = Math.ceil(max / step) * step;
  const x = (index: number) => left + 14 + ((right - left - 28) * index) / Math.max(1, labels.length - 1);
  const y = (value: number) => bottom - ((bottom - top) * value) / end;
  const grid: string[] = [];
  for (let count = 0; count * step <= end + step / 2; count++) {
    const value = count * step;
    grid.push(line(left, y(value), right, y(value), count === 0 ? "axis" : "grid"));
    grid.push(text(left - 6, y(value) + 4, tick(value), { anchor: "end" }));
  }
  const drawn = lines.flatMap(({ role, values }) => {
    const points = values.flatMap((value, index): Point[] =>
      Number.isFinite(value) ? [[x(index), y(value)]] : [],
    );
    const dots = role === "ours" ? points.map((point) => dot(point, role)) : [];
    return [path(points, `line ${role}`), ...dots];
  });
  return [
    text(box.left, box.top + 14, title, { className: "name" }),
    ...grid,
    ...labels.map((label, index) => text(x(index), bottom + 17, label, { anchor: "middle" })),
    ...drawn,
  ].join("\n");
}
