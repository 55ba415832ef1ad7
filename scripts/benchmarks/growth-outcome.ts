import type { Outcome } from "./family.ts";
import { atLeast, atMost, type Figure, median, ratios, shown, spread, type Table } from "./figure.ts";
import type { BareRound, GrownDatabase, GrowthRound } from "./growth.ts";
import type { Panel } from "./svg-chart.ts";

/** Growth as figures, tables and a plot. */
export function growthOutcome(databases: readonly GrownDatabase[], bare: readonly BareRound[]): Outcome {
  return {
    figures: figuresOf(databases, bare),
    tables: [growthTable(databases, bare), sizeTable(databases)],
    plots: [
      {
        file: "growth",
        alt: `Accepts/s, p99 of the summary and of a payment, start and memory with ${databases.map(({ count }) => countName(count)).join(", ")} payments stored`,
        chart: { title: "With so many payments stored", panels: panelsOf(databases, bare) },
      },
    ],
  };
}

/** What the largest database costs, in terms of the empty one of the same round. */
function figuresOf(databases: readonly GrownDatabase[], bare: readonly BareRound[]): Figure[] {
  const [empty, largest] = [databases[0], databases.at(-1)];
  if (empty === undefined || largest === undefined) throw new Error("there is no size");
  const many = countName(largest.count);
  const figure = (name: string, unit: string, of: keyof GrowthRound, goal: Figure["goal"]): Figure => ({
    name: `${name}, ${many} payments stored`,
    unit,
    values: pick(largest.rounds, of),
    yardstick: { name: "empty database", values: pick(empty.rounds, of) },
    goal,
    note: "",
  });
  const share = (name: string, unit: string, of: keyof GrowthRound, goal: Figure["goal"]): Figure => ({
    name: `${name}, ${many} payments stored, in terms of the empty database's`,
    unit,
    values: ratios(pick(largest.rounds, of), pick(empty.rounds, of)),
    yardstick: null,
    goal,
    note: "",
  });
  const summaries = figure("GET /payments-summary", "/s", "summariesPerSecond", atLeast(10_000));
  const bareGets = { name: "bare `Bun.serve`", values: bare.map(({ getsPerSecond }) => getsPerSecond) };
  return [
    share("accepts/s", "", "acceptsPerSecond", atLeast(0.7)),
    { ...summaries, yardstick: bareGets, note: "random windows from a second to 30 days, 8 connections" },
    figure("GET /payments-summary p99", "ms", "summaryP99Ms", atMost(2)),
    share("GET /payments-summary p99", "×", "summaryP99Ms", atMost(2)),
    figure("GET /payments/{id} p99", "ms", "getP99Ms", null),
    share("GET /payments/{id} p99", "×", "getP99Ms", atMost(2)),
    figure("start to ready", "ms", "readyMs", atMost(1000)),
    figure("RSS at most", "MB", "peakMb", atMost(80)),
  ];
}

const ROWS: readonly (readonly [name: string, of: keyof GrowthRound])[] = [
  ["accepts/s", "acceptsPerSecond"],
  ["`GET /payments-summary`/s", "summariesPerSecond"],
  ["`GET /payments-summary` p99, ms", "summaryP99Ms"],
  ["`GET /payments/{id}`/s", "getsPerSecond"],
  ["`GET /payments/{id}` p99, ms", "getP99Ms"],
  ["start to ready, ms", "readyMs"],
  ["RSS at most, MB", "peakMb"],
];

function growthTable(databases: readonly GrownDatabase[], bare: readonly BareRound[]): Table {
  const bareOf: Partial<Record<keyof GrowthRound, readonly number[]>> = {
    acceptsPerSecond: bare.map(({ acceptsPerSecond }) => acceptsPerSecond),
    summariesPerSecond: bare.map(({ getsPerSecond }) => getsPerSecond),
    summaryP99Ms: bare.map(({ getP99Ms }) => getP99Ms),
    getsPerSecond: bare.map(({ getsPerSecond }) => getsPerSecond),
    getP99Ms: bare.map(({ getP99Ms }) => getP99Ms),
  };
  return {
    title: "Growth",
    about:
      "The same loads on databases with so many settled payments of 30 days (`scripts/generate-payments`), in turn in " +
      "each round. Reads are random windows and random existing ids over 8 connections, accepts come over 64; rates and " +
      "p99 are of the same load, which sends the next request when one is answered.",
    columns: ["", "bare `Bun.serve`", ...databases.map(({ count }) => countName(count))],
    rows: ROWS.map(([name, of]) => [
      name,
      spread(bareOf[of] ?? []),
      ...databases.map(({ rounds }) => spread(pick(rounds, of))),
    ]),
  };
}

function sizeTable(databases: readonly GrownDatabase[]): Table {
  const grown = databases.filter(({ generated }) => generated !== null);
  const largest = grown.at(-1);
  const perPayment = (bytes: number | undefined, count: number) => shown((bytes ?? 0) / count);
  return {
    title: "Bytes per payment on disk",
    about: "The database file after a checkpoint, and the pages of its larger tables and indexes.",
    columns: ["", ...grown.map(({ count }) => countName(count))],
    rows: [
      ["whole file", ...grown.map(({ generated, count }) => perPayment(generated?.bytes, count))],
      ...Object.keys(largest?.bytesByTable ?? {}).map((name) => [
        `\`${name}\``,
        ...grown.map(({ bytesByTable, count }) => perPayment(bytesByTable[name], count)),
      ]),
      ["seconds to make", ...grown.map(({ generated }) => shown(generated?.seconds ?? 0))],
    ],
  };
}

function panelsOf(databases: readonly GrownDatabase[], bare: readonly BareRound[]): Panel[] {
  const labels = databases.map(({ count }) => countName(count));
  const panel = (title: string, of: keyof GrowthRound, yardstick: readonly number[] | null): Panel => {
    const ours = databases.map(({ rounds }) => median(pick(rounds, of)));
    const bareLine = {
      name: "bare Bun.serve",
      role: "yardstick",
      values: labels.map(() => median(yardstick ?? [])),
    } as const;
    const lines = [{ name: "catraca", role: "ours", values: ours } as const];
    return { kind: "lines", title, labels, lines: yardstick === null ? lines : [...lines, bareLine] };
  };
  return [
    panel(
      "accepts/s",
      "acceptsPerSecond",
      bare.map(({ acceptsPerSecond }) => acceptsPerSecond),
    ),
    panel(
      "summary, p99 in ms",
      "summaryP99Ms",
      bare.map(({ getP99Ms }) => getP99Ms),
    ),
    panel(
      "payment by id, p99 in ms",
      "getP99Ms",
      bare.map(({ getP99Ms }) => getP99Ms),
    ),
    panel("start to ready, ms", "readyMs", null),
    panel("RSS at most, MB", "peakMb", null),
  ];
}

const pick = (rounds: readonly GrowthRound[], of: keyof GrowthRound) => rounds.map((round) => round[of]);

function countName(count: number): string {
  if (count === 0) return "0";
  return count >= 1_000_000 ? `${count / 1_000_000}M` : `${count / 1_000}k`;
}
