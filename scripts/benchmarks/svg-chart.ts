import { histogramPanel } from "./svg-histogram.ts";
import { linesPanel } from "./svg-lines.ts";
import { type Box, escapeText, text } from "./svg-shapes.ts";

/** Plots as SVG files: small, without scripts and fonts of their own, readable on light and dark pages. */
export interface Chart {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export type Panel = LinesPanel | HistogramPanel;

/** Ours is drawn strong, what it is compared with grey. */
export type Role = "ours" | "yardstick";

/** Values over named places, each from zero. */
export interface LinesPanel {
  readonly kind: "lines";
  readonly title: string;
  readonly labels: readonly string[];
  readonly lines: readonly {
    readonly name: string;
    readonly role: Role;
    readonly values: readonly number[];
  }[];
}

/** Shares of requests per bucket of latency-histogram.ts, over a logarithmic axis. */
export interface HistogramPanel {
  readonly kind: "histogram";
  readonly title: string;
  readonly series: readonly {
    readonly name: string;
    readonly role: Role;
    readonly counts: readonly number[];
  }[];
}

const WIDTH = 820;
const TITLE_HEIGHT = 40;
const MARGIN = 16;
const COLUMNS_MAX = 3;
const WIDE_HEIGHT = 320;
const SMALL_HEIGHT = 200;

const STYLE = `
  text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #4b5563; }
  .title { font-size: 15px; font-weight: 600; fill: #111827; }
  .name { font-size: 12.5px; font-weight: 600; fill: #111827; }
  .page { fill: #ffffff; stroke: #e5e7eb; }
  .grid { stroke: #e5e7eb; stroke-width: 1; }
  .axis { stroke: #9ca3af; stroke-width: 1; }
  .ours { stroke: #0f766e; fill: #0f766e; }
  .yardstick { stroke: #9a6b1f; fill: #9a6b1f; }
  text.ours, text.yardstick { stroke: none; font-weight: 600; }
  .area { fill-opacity: 0.18; stroke-width: 1.5; stroke-linejoin: round; }
  path.line.ours, path.line.yardstick { fill: none; stroke-width: 2; stroke-linejoin: round; }
  .line.yardstick, .mark.yardstick { stroke-dasharray: 5 4; }
  .mark { stroke-width: 1.2; stroke-dasharray: 2 3; fill: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #9ca3af; }
    .title, .name { fill: #f3f4f6; }
    .page { fill: #11161d; stroke: #2b333d; }
    .grid { stroke: #252d37; }
    .axis { stroke: #6b7280; }
    .ours { stroke: #2dd4bf; fill: #2dd4bf; }
    .yardstick { stroke: #e0b060; fill: #e0b060; }
  }
`;

/** The text of an SVG file. */
export function renderChart({ title, panels }: Chart): string {
  const columns = Math.min(COLUMNS_MAX, panels.length);
  const rows = Math.ceil(panels.length / columns);
  const panelHeight = columns === 1 ? WIDE_HEIGHT : SMALL_HEIGHT;
  const panelWidth = (WIDTH - MARGIN * (columns + 1)) / columns;
  const height = TITLE_HEIGHT + rows * (panelHeight + MARGIN);
  const drawn = panels.map((panel, index) => {
    const box: Box = {
      left: MARGIN + (index % columns) * (panelWidth + MARGIN),
      top: TITLE_HEIGHT + Math.floor(index / columns) * (panelHeight + MARGIN),
      width: panelWidth,
      height: panelHeight,
    };
    return panel.kind === "lines" ? linesPanel(panel, box) : histogramPanel(panel, box);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>`,
    text(MARGIN, 26, title, { className: "title" }),
    ...legend(panels),
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}

/** The names of lines, once for all panels; a histogram's series tell more than their names, in the panel itself. */
function legend(panels: readonly Panel[]): string[] {
  const named = panels.flatMap((panel) => (panel.kind === "lines" ? panel.lines : []));
  const roles = new Map(named.map(({ name, role }) => [name, role]));
  let right = WIDTH - MARGIN;
  return [...roles].reverse().map(([name, role]) => {
    const drawn = text(right, 26, `${LEGEND_SIGNS[role]} ${name}`, { className: role, anchor: "end" });
    right -= name.length * LEGEND_CHARACTER_WIDTH + LEGEND_GAP;
    return drawn;
  });
}

const LEGEND_SIGNS: Readonly<Record<Role, string>> = { ours: "●", yardstick: "- -" };
const LEGEND_CHARACTER_WIDTH = 7;
const LEGEND_GAP = 36;
