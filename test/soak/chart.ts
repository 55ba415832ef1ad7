import type { Sample } from "./sampler.ts";

const WIDTH = 760;
const PANEL_HEIGHT = 110;
const LEFT = 80;
const RIGHT = 20;
const GAP = 34;

interface Panel {
  readonly title: string;
  readonly of: (sample: Sample) => number;
  readonly colour: string;
}

const PANELS: readonly Panel[] = [
  { title: "memory of its own, MB", of: ({ ownMegabytes }) => ownMegabytes, colour: "#0969da" },
  { title: "p50, ms", of: ({ p50Ms }) => p50Ms, colour: "#1a7f37" },
  { title: "p99, ms", of: ({ p99Ms }) => p99Ms, colour: "#9a6700" },
  { title: "database, MB", of: ({ databaseMegabytes }) => databaseMegabytes, colour: "#8250df" },
];

/** The run as a picture: one panel per figure, each from 0 to its most. Readable on light and dark pages. */
export function renderChart(samples: readonly Sample[]): string {
  const height = PANELS.length * (PANEL_HEIGHT + GAP) + GAP;
  const minutes = Math.max(1e-9, samples.at(-1)?.minutes ?? 0);
  const panels = PANELS.map((panel, index) =>
    renderPanel(panel, samples, minutes, GAP + index * (PANEL_HEIGHT + GAP)),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui,sans-serif" font-size="12" fill="#57606a">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
${panels.join("\n")}
<text x="${WIDTH - RIGHT}" y="${height - 10}" text-anchor="end">${minutes.toFixed(0)} minutes</text>
</svg>
`;
}

function renderPanel(
  { title, of, colour }: Panel,
  samples: readonly Sample[],
  minutes: number,
  top: number,
): string {
  const most = Math.max(1e-9, ...samples.map(of));
  const bottom = top + PANEL_HEIGHT;
  const points = samples.map((sample) => {
    const x = LEFT + (sample.minutes / minutes) * (WIDTH - LEFT - RIGHT);
    const y = bottom - (of(sample) / most) * PANEL_HEIGHT;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return `<text x="${LEFT}" y="${top - 8}" fill="#24292f">${title}</text>
<text x="${LEFT - 8}" y="${top + 8}" text-anchor="end">${most.toPrecision(3)}</text>
<text x="${LEFT - 8}" y="${bottom}" text-anchor="end">0</text>
<path d="M${LEFT} ${top}V${bottom}H${WIDTH - RIGHT}" fill="none" stroke="#d0d7de"/>
<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
}
