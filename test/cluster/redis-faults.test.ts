/**
 * Redis stopped, emptied, paused and restarted in the middle of a load (R13): nothing is lost or counted twice,
 * answers stay exact, and no request waits for it.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { call, metric } from "../e2e/client.ts";
import { startProcessors } from "../e2e/gateway.ts";
import type { ProcessorPair } from "../e2e/processors.ts";
import { endPrograms } from "../e2e/program.ts";
import { randomOf } from "../e2e/seed.ts";
import { until } from "../e2e/until.ts";
import { endRedisServers, RedisServer } from "./redis.ts";
import { judge, percentile, Replicas } from "./replicas.ts";

/** R13 allows Redis 250 ms; the rest is for a machine that runs everything at once. */
const EXCESS_MS_MAX = 350;

let processors: ProcessorPair;
let redis: RedisServer;
let replicas: Replicas;

beforeAll(async () => {
  processors = await startProcessors();
  redis = await RedisServer.start();
  replicas = await Replicas.start({ redis, env: processors.env });
});
afterAll(async () => {
  await endPrograms();
  await endRedisServers();
});

interface Fault {
  readonly name: string;
  readonly happen: () => Promise<unknown>;
}

const FAULTS: readonly Fault[] = [
  { name: "emptied", happen: () => redis.command("FLUSHALL") },
  {
    name: "paused for 1.5 s",
    happen: async () => {
      redis.signal("SIGSTOP");
      await Bun.sleep(1_500);
      redis.signal("SIGCONT");
    },
  },
  {
    name: "killed, and back empty after 1.5 s",
    happen: async () => {
      await redis.kill();
      await Bun.sleep(1_500);
      await redis.restart();
    },
  },
  {
    name: "emptied twice in a row",
    happen: async () => {
      await redis.command("FLUSHALL");
      await Bun.sleep(30);
      await redis.command("FLUSHALL");
    },
  },
];

for (const fault of FAULTS) {
  test(`Redis ${fault.name}`, async () => {
    const { random } = randomOf(fault.name);
    const startedAtMs = Date.now();
    await untilUsed();
    const load = replicas.load(random);
    const look = new SummaryLook();
    await Bun.sleep(700);
    await fault.happen();
    await Bun.sleep(700);
    await load.stop();
    const answers = await look.stop();
    expect(load.unexpectedStatuses).toEqual([]);
    // While it is away, and after.
    expect(await judge(replicas.all, processors, load, startedAtMs, random)).toEqual([]);
    await untilUsed();
    expect(await judge(replicas.all, processors, load, startedAtMs, random)).toEqual([]);
    const longestMs = Math.max(...answers);
    console.log(
      `${answers.length} summaries: p99 ${percentile(answers, 0.99).toFixed(0)} ms, longest ${longestMs.toFixed(0)} ms`,
    );
    expect(longestMs).toBeLessThan(EXCESS_MS_MAX);
  }, 30_000);
}

/** Asks all replicas for summaries without end. */
class SummaryLook {
  readonly #durationsMs: number[] = [];
  readonly #done: Promise<unknown>;
  #isRunning = true;

  constructor() {
    this.#done = Promise.all(replicas.all.map(({ url }) => this.#run(url)));
  }

  /** @returns how much longer each answer took than one that needs nothing, asked at the same moment, ms */
  async stop(): Promise<number[]> {
    this.#isRunning = false;
    await this.#done;
    return this.#durationsMs;
  }

  async #run(url: string): Promise<void> {
    while (this.#isRunning) {
      const [{ status, durationMs }, beside] = await Promise.all([
        timed(`${url}/payments-summary?from=2020-01-01T00:00:00Z`),
        timed(`${url}/healthcheck`),
      ]);
      this.#durationsMs.push(durationMs - beside.durationMs);
      if (status !== 200) throw new Error(`a summary was answered ${status}`);
      await Bun.sleep(10);
    }
  }
}

async function timed(url: string): Promise<{ status: number; durationMs: number }> {
  const startedAt = performance.now();
  const { status } = await call(url);
  return { status, durationMs: performance.now() - startedAt };
}

async function untilUsed(): Promise<void> {
  for (const { url } of replicas.all) {
    await until("summaries to come from Redis again", 8_000, async () => {
      const before = await metric(url, SERIES);
      await call(`${url}/payments-summary`);
      return (await metric(url, SERIES)) > before;
    });
  }
}
const SERIES = 'catraca_summary_answers_total{source="redis"}';
