import { type Effort, type Family, type Outcome, repeat } from "./family.ts";
import { atMost, type Figure, median, shown, type Table } from "./figure.ts";
import { load } from "./load.ts";
import { MEMORY_PARTS, type MemoryMap, readMemoryMap } from "./memory-map.ts";
import { memoryMb } from "./process-figures.ts";
import { type Running, startBareServer, startGateway, startProcessors } from "./processes.ts";

/** Memory of one replica: idle, under as many requests as there can be, and a minute after them. */
const IDLE_MS = 2_000;
const AFTER_MS = 60_000;
const QUICK_AFTER_MS = 5_000;
const CONNECTIONS = 64;

interface Round {
  readonly gateway: Running;
  readonly loadEndedAtMs: number;
  readonly idle: MemoryMap;
  readonly loaded: MemoryMap;
  readonly peakMb: number;
  readonly perSecond: number;
  readonly bareMb: number;
}

export const memory: Family = {
  name: "memory",
  about: "RSS idle, under load and a minute after, and what it consists of",
  seconds: 130,
  run: async (effort) => {
    const processors = await startProcessors();
    const rounds: Round[] = [];
    try {
      rounds.push(...(await repeat(effort, () => measure(processors.urls, effort))));
      effort.say("a minute after the load");
      const after: MemoryMap[] = [];
      // The replicas of all rounds are kept until their minute is over, instead of waiting for each.
      for (const { gateway, loadEndedAtMs } of rounds) {
        const waitMs = effort.isQuick ? QUICK_AFTER_MS : AFTER_MS;
        await Bun.sleep(Math.max(0, loadEndedAtMs + waitMs - performance.now()));
        after.push(readMemoryMap(gateway.pid));
      }
      return outcomeOf(rounds, after, effort);
    } finally {
      for (const { gateway } of rounds) await gateway.stop();
      await processors.stop();
    }
  },
};

async function measure(urls: readonly string[], { seconds }: Effort): Promise<Round> {
  const bare = await startBareServer();
  await load({ url: `${bare.url}/payments`, connections: CONNECTIONS, seconds: 2 });
  const bareMb = memoryMb(bare.pid).peak;
  await bare.stop();
  const [main = "", fallback = ""] = urls;
  const gateway = await startGateway({
    PAYMENT_PROCESSOR_DEFAULT: main,
    PAYMENT_PROCESSOR_FALLBACK: fallback,
  });
  await Bun.sleep(IDLE_MS);
  const idle = readMemoryMap(gateway.pid);
  const loading = load({ url: `${gateway.url}/payments`, connections: CONNECTIONS, seconds });
  await Bun.sleep(seconds * 800);
  const loaded = readMemoryMap(gateway.pid);
  const { perSecond } = await loading;
  const loadEndedAtMs = performance.now();
  return { gateway, loadEndedAtMs, idle, loaded, peakMb: memoryMb(gateway.pid).peak, perSecond, bareMb };
}

function outcomeOf(rounds: readonly Round[], after: readonly MemoryMap[], { isQuick }: Effort): Outcome {
  const bare = { name: "bare `Bun.serve`, at most", values: rounds.map(({ bareMb }) => bareMb) };
  const rss = (maps: readonly MemoryMap[]) => maps.map((map) => map["resident (RSS)"]);
  const figure = (name: string, values: readonly number[], goal: Figure["goal"], note: string): Figure => ({
    ...{ name, unit: "MB", values, yardstick: bare, goal, note },
  });
  const rate = Math.round(median(rounds.map(({ perSecond }) => perSecond))).toLocaleString("en-US");
  const later = isQuick ? "5 s after" : "a minute after";
  const columns = [
    { title: "idle", maps: rounds.map(({ idle }) => idle) },
    { title: "under load", maps: rounds.map(({ loaded }) => loaded) },
    { title: later, maps: after },
  ];
  const table: Table = {
    title: "Where the memory is",
    about:
      "MB, medians, by mapping (`/proc/PID/smaps`). The kernel does not know which thread's heap a page belongs to.",
    columns: ["part", ...columns.map(({ title }) => title)],
    rows: MEMORY_PARTS.map((part) => [
      part,
      ...columns.map(({ maps }) => shown(median(maps.map((map) => map[part])))),
    ]),
  };
  return {
    figures: [
      figure("RSS idle", rss(rounds.map(({ idle }) => idle)), atMost(50), "2 s after the start"),
      figure(
        "RSS under load, at most",
        rounds.map(({ peakMb }) => peakMb),
        atMost(80),
        `at ${rate} accepts/s`,
      ),
      figure(`RSS ${later} the load`, rss(after), null, ""),
    ],
    tables: [table],
  };
}
