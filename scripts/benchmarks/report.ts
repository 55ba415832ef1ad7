import { type Figure, isMet, shown, spread, type Table } from "./figure.ts";
import type { FamilyResult, Results } from "./results.ts";

/** The text of docs/benchmarks.md. */
export function renderReport(results: Results): string {
  const all = Object.entries(results);
  return [
    "# Benchmarks",
    "",
    "<!-- Written by scripts/bench; do not edit. -->",
    "",
    "One replica of the executable, `DURABILITY=process`, processors in a process of their own, everything on one machine.",
    "Each figure stands beside its yardstick of the same run, which did as little as can be done: absolute figures say more",
    'about the machine than about the program. Medians over the rounds, smallest to largest in brackets. "As many as there',
    'can be" comes from autocannon; loads at a rate keep an even pace whatever the answers do, and count a request that had',
    "to wait for a connection from when it was due ([paced-load.ts](../scripts/benchmarks/paced-load.ts)). Accepts, latency",
    "and CPU are measured after a warm-up of 6,000 payments, of the yardstick as well.",
    "",
    "```sh",
    "scripts/build && scripts/bench      # everything; --help lists the names for --only",
    "scripts/bench --only accept,growth  # some; the other rows stay as they were",
    "```",
    "",
    ...circumstances(all),
    ...figureTable(all),
    ...all.flatMap(([, { tables = [] }]) => tables.flatMap(renderTable)),
    ...all.flatMap(([, { plots = [] }]) =>
      plots.flatMap(({ file, alt }) => [`![${alt}](images/${file}.svg)`, ""]),
    ),
  ].join("\n");
}

/** Where and when; families of the same run share a line. */
function circumstances(all: readonly (readonly [string, FamilyResult])[]): string[] {
  const runs = new Map<string, string[]>();
  for (const [name, { machine, versions, rounds, seconds, measuredAt, command, isQuick }] of all) {
    const effort = `${rounds} ${rounds === 1 ? "round" : "rounds"}, loads of ${seconds} s`;
    const quick = isQuick ? " **A quick run, to see that it works: its figures are worth nothing.**" : "";
    const run = `${measuredAt.slice(0, 10)}, ${machine}; ${versions}; \`${command}\`: ${effort}.${quick}`;
    runs.set(run, [...(runs.get(run) ?? []), name]);
  }
  return [...[...runs].map(([run, names]) => `- ${names.join(", ")}: ${run}`), ""];
}

function figureTable(all: readonly (readonly [string, FamilyResult])[]): string[] {
  const rows = all.flatMap(([name, { figures }]) =>
    figures.map((figure) => `| ${figureRow(name, figure).join(" | ")} |`),
  );
  return [
    "## Figures",
    "",
    "| run | figure | measured | yardstick | goal | met | |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ];
}

function figureRow(name: string, figure: Figure): string[] {
  const { yardstick, goal, unit, note } = figure;
  const beside = yardstick === null ? "" : `${yardstick.name}: ${spread(yardstick.values)}`;
  const wanted = goal === null ? "" : `${goal.sign} ${shown(goal.value)}`;
  return [name, figure.name, withUnit(spread(figure.values), unit), beside, wanted, metWord(figure), note];
}

function metWord(figure: Figure): string {
  const met = isMet(figure);
  return met === null ? "" : met ? "yes" : "**no**";
}

function withUnit(value: string, unit: string): string {
  return unit === "" || unit === "×" || unit.startsWith("/") ? `${value}${unit}` : `${value} ${unit}`;
}

function renderTable({ title, about, columns, rows }: Table): string[] {
  return [
    `## ${title}`,
    "",
    ...(about === "" ? [] : [about, ""]),
    `| ${columns.join(" | ")} |`,
    `| ${columns.map((_, index) => (index === 0 ? "---" : "---:")).join(" | ")} |`,
    ...rows.map((row) => `| ${row.join(" | ")} |`),
    "",
  ];
}

/** One line for the terminal. */
export function figureLine(figure: Figure): string {
  const { goal, yardstick } = figure;
  const met = isMet(figure);
  const verdict = met === null ? "       " : met ? "met    " : "MISSED ";
  const wanted = goal === null ? "" : `, goal ${goal.sign} ${shown(goal.value)}`;
  const beside = yardstick === null ? "" : ` (${yardstick.name}: ${spread(yardstick.values)})`;
  return `${verdict} ${figure.name}: ${withUnit(spread(figure.values), figure.unit)}${wanted}${beside}`;
}
