import { join } from "node:path";
import { type Summary, summaryOf, untilIdle } from "../e2e/client.ts";
import { Gateway } from "../e2e/gateway.ts";
import { Load } from "../e2e/load.ts";
import type { ProcessorPair } from "../e2e/processors.ts";
import { emptyDirectory } from "../e2e/program.ts";
import { contradictions, summaryDifferences } from "../e2e/reconciliation.ts";
import { wholeBetween } from "../e2e/seed.ts";
import type { RedisServer } from "./redis.ts";

export interface ClusterOptions {
  readonly redis?: RedisServer;
  readonly env: Readonly<Record<string, string>>;
  readonly count?: number;
}

/** Replicas of one machine: processes of their own that share a database. */
export class Replicas {
  readonly all: readonly Gateway[];

  private constructor(all: readonly Gateway[]) {
    this.all = all;
  }

  static async start({ redis, env, count = 3 }: ClusterOptions): Promise<Replicas> {
    const dataDir = join(await emptyDirectory(), "data");
    const redisEnv = redis === undefined ? {} : { REDIS_URL: redis.url };
    const names = Array.from({ length: count }, (_, index) => `r${index + 1}`);
    const start = (name: string) =>
      Gateway.start({ dataDir, env: { REPLICA_ID: name, ...env, ...redisEnv } });
    return new Replicas(await Promise.all(names.map(start)));
  }

  /** The replica with this index; throws if there is none. */
  at(index: number): Gateway {
    const replica = this.all[index];
    if (replica === undefined) throw new Error(`there is no replica ${index}`);
    return replica;
  }

  /** Load over all replicas, or those of `indexes`. */
  load(random: () => number, indexes = this.all.map((_, index) => index)): Load {
    const url = () => this.at(indexes[wholeBetween(random, 0, indexes.length - 1)] ?? 0).url;
    return new Load({ url, random });
  }

  stop(): Promise<unknown> {
    return Promise.all(this.all.map((replica) => replica.stop()));
  }
}

/** What a load came to: every contradiction between replicas, processors and what clients were told. */
export async function judge(
  replicas: readonly Gateway[],
  processors: ProcessorPair,
  load: Load,
  startedAtMs: number,
  random: () => number,
): Promise<string[]> {
  const [first] = replicas;
  if (first === undefined) throw new Error("there is no replica");
  // What was acknowledged last may be in the intake logs alone, and is no task yet.
  await Bun.sleep(150);
  await untilIdle(first.url, 20_000);
  const span = { fromMs: startedAtMs, toMs: Date.now() };
  const found = await contradictions(first.url, processors, load.sent, load.acknowledged);
  for (const { url } of replicas) {
    found.push(...(await summaryDifferences(url, processors, span, 40, random)));
  }
  return found;
}

/** The summaries of all replicas; equal when they agree. */
export function summaries(
  replicas: readonly Gateway[],
  window: { readonly from?: string; readonly to?: string } = {},
): Promise<Summary[]> {
  return Promise.all(replicas.map(({ url }) => summaryOf(url, window)));
}

/** What `p` of the values are at most; 0 for none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0;
}
