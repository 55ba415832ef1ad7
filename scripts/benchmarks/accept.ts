import { type Effort, type Family, type Outcome, repeat } from "./family.ts";
import { atLeast, atMost, ratios } from "./figure.ts";
import { latencyChart } from "./latency-chart.ts";
import { load, type PacedResult, pacedLoad, warmUp } from "./load.ts";
import { startBareServer, withGateway } from "./processes.ts";

/** Accept rate and latency of one replica, each beside a bare server in the same run. */
const CONNECTIONS = 64;
const RATE = 500;

export const acceptRate: Family = {
  name: "accept",
  about: "durable accepts/s, as many as the machine gives",
  seconds: 70,
  run: async (effort) => {
    const rounds = await repeat(effort, async () => {
      const options = { connections: CONNECTIONS, seconds: effort.seconds };
      const measure = async (url: string) => {
        await warmUp(url, CONNECTIONS);
        return load({ ...options, url });
      };
      const bare = await startBareServer();
      const yardstick = await measure(`${bare.url}/payments`);
      await bare.stop();
      const ours = await withGateway(({ url }) => measure(`${url}/payments`));
      if (ours.other > 0) throw new Error(`${ours.other} requests were not accepted`);
      return { ours: ours.perSecond, bare: yardstick.perSecond };
    });
    const ours = rounds.map((round) => round.ours);
    const bare = rounds.map((round) => round.bare);
    const yardstick = { name: "bare `Bun.serve`", values: bare };
    const note = `${CONNECTIONS} connections; settling goes on meanwhile`;
    return {
      figures: [
        { name: "durable accepts", unit: "/s", values: ours, yardstick, goal: null, note },
        {
          name: "durable accepts, share of bare `Bun.serve`",
          unit: "",
          values: ratios(ours, bare),
          yardstick: null,
          goal: atLeast(0.65),
          note,
        },
      ],
    };
  },
};

export const acceptLatency: Family = {
  name: "latency",
  about: `latency of accepts at an even ${RATE}/s, with a plot`,
  seconds: 80,
  run: async (effort) => {
    const rounds = await repeat(effort, async () => {
      const options = { connections: 16, seconds: effort.seconds, perSecond: RATE };
      const measure = async (url: string) => {
        await warmUp(url, options.connections);
        return pacedLoad({ ...options, url });
      };
      const bare = await startBareServer();
      const yardstick = await measure(`${bare.url}/payments`);
      await bare.stop();
      const ours = await withGateway(({ url }) => measure(`${url}/payments`));
      if (ours.answers.accepted < ours.due) {
        throw new Error(`not all were accepted: ${JSON.stringify(ours.answers)}`);
      }
      return { ours, bare: yardstick };
    });
    return outcomeOf(
      rounds.map((round) => round.ours),
      rounds.map((round) => round.bare),
      effort,
    );
  },
};

function outcomeOf(ours: readonly PacedResult[], bare: readonly PacedResult[], { seconds }: Effort): Outcome {
  const name = `bare \`Bun.serve\``;
  const p99 = ours.map(({ p99Ms }) => p99Ms);
  const bareP99 = bare.map(({ p99Ms }) => p99Ms);
  const figure = (label: string, of: (result: PacedResult) => number) => ({
    name: `accept ${label} at ${RATE}/s`,
    unit: "ms",
    values: ours.map(of),
    yardstick: { name, values: bare.map(of) },
    goal: null,
    note: "",
  });
  const chart = latencyChart(`Latency of an accepted payment at ${RATE}/s`, [
    { name: "catraca, stored", role: "ours", counts: ours.map(({ counts }) => counts) },
    { name: "bare Bun.serve", role: "yardstick", counts: bare.map(({ counts }) => counts) },
  ]);
  return {
    figures: [
      figure("p50", ({ p50Ms }) => p50Ms),
      figure("p99", ({ p99Ms }) => p99Ms),
      {
        name: `accept p99 at ${RATE}/s, multiple of the bare server's`,
        unit: "×",
        values: ratios(p99, bareP99),
        yardstick: null,
        goal: atMost(2),
        note: "an even pace, not a burst each second, warmed up",
      },
    ],
    plots: [
      {
        file: "accept-latency",
        alt: `Histogram of accept latencies at ${RATE}/s over ${ours.length} × ${seconds} s, catraca beside bare Bun.serve`,
        chart,
      },
    ],
  };
}
