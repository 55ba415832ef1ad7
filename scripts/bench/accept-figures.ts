import { type Figure, median } from "./figure.ts";
import {
  cpuSeconds,
  load,
  memoryMb,
  startBareServer,
  startGateway,
  startProcessors,
  untilSettled,
} from "./processes.ts";

/** Accept rate, latency, CPU and memory of one replica, each beside a bare server in the same run. */
export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
}

async function withServers<T>(
  run: (gateway: Awaited<ReturnType<typeof startGateway>>) => Promise<T>,
  environment: Readonly<Record<string, string>> = {},
): Promise<T> {
  const processors = await startProcessors();
  const gateway = await startGateway({
    PAYMENT_PROCESSOR_DEFAULT: processors.urls[0] ?? "",
    PAYMENT_PROCESSOR_FALLBACK: processors.urls[1] ?? "",
    ...environment,
  });
  try {
    return await run(gateway);
  } finally {
    await gateway.stop();
    await processors.stop();
  }
}

/** As many accepts as the machine gives, in turn with the bare server. */
export async function acceptRate({ rounds, seconds }: Effort): Promise<Figure> {
  const ratios: number[] = [];
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const bare = await startBareServer();
    const yardstick = await load({ url: `${bare.url}/payments`, connections: 64, seconds });
    await bare.stop();
    const ours = await withServers((gateway) =>
      load({ url: `${gateway.url}/payments`, connections: 64, seconds }),
    );
    if (ours.other > 0) throw new Error(`${ours.other} requests were not accepted`);
    rates.push(ours.perSecond);
    ratios.push(ours.perSecond / yardstick.perSecond);
  }
  return {
    name: "durable accepts/s, share of bare `Bun.serve`",
    goal: "≥ 0.6",
    values: ratios,
    note: `${Math.round(median(rates))}/s, settling included`,
    met: median(ratios) >= 0.6,
  };
}

export async function acceptLatency({ rounds, seconds }: Effort): Promise<Figure> {
  const ratios: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const bare = await startBareServer();
    const yardstick = await load({ url: `${bare.url}/payments`, connections: 16, seconds, rate: 500 });
    await bare.stop();
    const result = await withServers((gateway) =>
      load({ url: `${gateway.url}/payments`, connections: 16, seconds, rate: 500 }),
    );
    ours.push(result.p99Ms);
    ratios.push(result.p99Ms / yardstick.p99Ms);
  }
  return {
    name: "accept p99 at 500/s, multiple of the bare server's",
    goal: "≤ 2",
    values: ratios,
    note: `${median(ours).toFixed(2)} ms`,
    met: median(ratios) <= 2,
  };
}

export async function cpuPerPayment(
  rate: number,
  goalMicros: number,
  { rounds, seconds }: Effort,
): Promise<Figure> {
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) {
    values.push(
      await withServers(async (gateway) => {
        const before = cpuSeconds(gateway.pid);
        const { accepted } = await load({ url: `${gateway.url}/payments`, connections: 16, seconds, rate });
        if ((await untilSettled(gateway.url, accepted, 60)) === null)
          throw new Error("not all settled in 60 s");
        return ((cpuSeconds(gateway.pid) - before) / accepted) * 1e6;
      }),
    );
  }
  return {
    name: `CPU per payment, accepted to settled, at ${rate}/s (µs)`,
    goal: `≤ ${goalMicros}`,
    values,
    note: "all threads",
    met: median(values) <= goalMicros,
  };
}

export async function memory(seconds: number): Promise<readonly Figure[]> {
  const { idle, peak, rate } = await withServers(async (gateway) => {
    await Bun.sleep(2000);
    const idle = memoryMb(gateway.pid).now;
    const result = await load({ url: `${gateway.url}/payments`, connections: 64, seconds, rate: 20_000 });
    return { idle, peak: memoryMb(gateway.pid).peak, rate: result.perSecond };
  });
  return [
    { name: "RSS idle (MB)", goal: "≤ 60", values: [idle], note: "2 s after the start", met: idle <= 60 },
    {
      name: "RSS under 20,000 requests/s (MB)",
      goal: "≤ 80",
      values: [peak],
      note: `peak over ${seconds} s at ${Math.round(rate)}/s`,
      met: peak <= 80,
    },
  ];
}
