import { type Effort, type Family, repeat } from "./family.ts";
import { atMost, type Figure, median, shown, type Table } from "./figure.ts";
import { pacedLoad, warmUp } from "./load.ts";
import { cpuSeconds, THREAD_ROLES, type ThreadRole } from "./process-figures.ts";
import { startBareServer, withGateway } from "./processes.ts";
import { type CpuPerPayment, measureCpu } from "./thread-cpu.ts";

/** CPU per payment, from its acceptance to its settlement, at an even pace. */
const RATES = [
  { perSecond: 500, goalMicros: 200 },
  { perSecond: 5000, goalMicros: 80 },
] as const;

export const cpu: Family = {
  name: "cpu",
  about: "CPU per payment at 500/s and 5,000/s, by thread",
  seconds: 110,
  run: async (effort) => {
    const measured = [];
    for (const { perSecond, goalMicros } of RATES) {
      effort.say(`${perSecond}/s`);
      measured.push({ perSecond, ...(await measureRate(perSecond, goalMicros, effort)) });
    }
    return { figures: measured.map(({ figure }) => figure), tables: [threadTable(measured)] };
  },
};

interface RateResult {
  readonly figure: Figure;
  readonly rounds: readonly CpuPerPayment[];
}

async function measureRate(perSecond: number, goalMicros: number, effort: Effort): Promise<RateResult> {
  const rounds = await repeat(effort, async () => ({
    bare: await bareMicros(perSecond, effort.seconds / 2),
    ours: await withGateway((gateway) => measureCpu(gateway, perSecond, effort.seconds)),
  }));
  const ours = rounds.map((round) => round.ours);
  const figure: Figure = {
    name: `CPU per payment, accepted to settled, at ${perSecond}/s`,
    unit: "µs",
    values: ours.map(({ totalMicros }) => totalMicros),
    yardstick: { name: "bare `Bun.serve`, accepting alone", values: rounds.map(({ bare }) => bare) },
    goal: atMost(goalMicros),
    note: "all threads, an even pace, warmed up",
  };
  return { figure, rounds: ours };
}

async function bareMicros(perSecond: number, seconds: number): Promise<number> {
  const bare = await startBareServer();
  try {
    const load = { url: `${bare.url}/payments`, connections: 16 };
    await warmUp(load.url, load.connections);
    const before = cpuSeconds(bare.pid);
    const { answers } = await pacedLoad({ ...load, seconds, perSecond });
    return ((cpuSeconds(bare.pid) - before) / answers.accepted) * 1e6;
  } finally {
    await bare.stop();
  }
}

function threadTable(measured: readonly { perSecond: number; rounds: readonly CpuPerPayment[] }[]): Table {
  const cell = (rounds: readonly CpuPerPayment[], role: ThreadRole) =>
    shown(median(rounds.map(({ microsByRole }) => microsByRole[role])));
  return {
    title: "CPU per payment by thread",
    about: "µs per accepted payment, medians. `scripts/profile` tells what each thread spends them on.",
    columns: ["thread", ...measured.map(({ perSecond }) => `at ${perSecond.toLocaleString("en-US")}/s`)],
    rows: THREAD_ROLES.map((role) => [role, ...measured.map(({ rounds }) => cell(rounds, role))]),
  };
}
