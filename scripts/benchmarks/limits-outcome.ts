import type { Outcome } from "./family.ts";
import { atMost, type Figure, median, shown, type Table } from "./figure.ts";
import { LIMITS, type LimitRound, type LimitStep, STEPS } from "./limits.ts";

/** What the search and the stress showed, as figures and a table. */
export function limitsOutcome(rate: number, tried: number, rounds: readonly LimitRound[]): Outcome {
  const where = `in ${LIMITS.cpus} CPU and ${LIMITS.memoryMb} MB`;
  const held: Figure = {
    name: `highest even rate with p99 under ${LIMITS.p99Ms} ms, ${where}`,
    unit: "/s",
    values: [rate],
    yardstick: null,
    goal: null,
    note: `by bisection, ${tried} loads; all accepted, all settled afterwards`,
  };
  const memory: Figure = {
    name: `RSS at most, ${where}, up to 5 × that rate`,
    unit: "MB",
    values: rounds.map(({ peakMb }) => peakMb),
    yardstick: null,
    goal: atMost(LIMITS.memoryMb),
    note: chargedNote(rounds),
  };
  return { figures: [held, memory], tables: [table(rate, rounds)] };
}

function chargedNote(rounds: readonly LimitRound[]): string {
  const charged = rounds.flatMap(({ chargedMb }) => (chargedMb === null ? [] : [chargedMb]));
  const kills = rounds.reduce((sum, { memoryKills }) => sum + memoryKills, 0);
  const counted =
    charged.length === 0 ? "" : `; the limit counted ${shown(Math.max(...charged))} MB with file pages`;
  return `killed for its memory ${kills} times${counted}`;
}

function table(rate: number, rounds: readonly LimitRound[]): Table {
  const alive = rounds.filter(({ isAlive }) => isAlive).length;
  return {
    title: "Limits",
    about:
      `One replica in a control group of ${LIMITS.cpus} CPU and ${LIMITS.memoryMb} MB, load and processors outside. Held: ` +
      `${shown(rate)}/s. Then in turn, medians of ${rounds.length} runs; latencies count from when a request was due. ` +
      `Other: no answer within 2 s, or neither 202 nor 503 with \`Retry-After\`. Alive at the end: ${alive} of ${rounds.length}.`,
    columns: [
      "rate",
      "202",
      "503 + Retry-After",
      "other",
      "p99 of 202, ms",
      "p99 of 503, ms",
      "all settled after, s",
    ],
    rows: STEPS.map(({ factor, connections }, index) => {
      const steps = rounds.flatMap(({ steps }) => steps[index] ?? []);
      const name = index === STEPS.length - 1 ? "afterwards, held rate" : `${factor} × held`;
      return row(`${name}, ${shown(connections)} connections`, steps);
    }),
  };
}

function row(name: string, steps: readonly LimitStep[]): string[] {
  const middle = (of: (step: LimitStep) => number | null) => {
    const values = steps.map(of).filter((value) => value !== null);
    return median(values);
  };
  const percent = (of: (step: LimitStep) => number) => `${shown(middle(of) * 100)} %`;
  const unsettled = steps.filter(({ settledMs }) => settledMs === null).length;
  const settled = `${shown(middle(({ settledMs }) => settledMs) / 1000)}`;
  return [
    `${name} (${shown(middle(({ perSecond }) => perSecond))}/s)`,
    percent(({ acceptedShare }) => acceptedShare),
    percent(({ refusedShare }) => refusedShare),
    percent(({ otherShare }) => otherShare),
    shown(middle(({ p99Ms }) => p99Ms)),
    shown(middle(({ refusedP99Ms }) => refusedP99Ms)),
    unsettled === 0 ? settled : `${settled}; not within 30 s: ${unsettled}`,
  ];
}
