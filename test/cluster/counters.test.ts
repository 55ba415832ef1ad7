/**
 * The counters in Redis against a model (R6, R13): payments of a hundred days, random windows, and Redis emptied,
 * fed late, fed twice and trimmed in between. Every answer is the model's, and most come from Redis.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { Redis } from "ioredis";
import type { CounterReader } from "../../src/cluster/counter-reader.ts";
import { ACTIVATE } from "../../src/cluster/counter-scripts.ts";
import { CounterStore } from "../../src/cluster/counter-store.ts";
import { CounterSync } from "../../src/cluster/counter-sync.ts";
import { connectRedis } from "../../src/cluster/redis-connection.ts";
import { ROLLUP_LEVELS } from "../../src/domain/rollup.ts";
import { createLogger } from "../../src/log/logger.ts";
import { createMetricsMemory, Metrics } from "../../src/metrics/metrics.ts";
import { CounterQueries } from "../../src/modules/payments/counter-queries.ts";
import { beginCounters, CounterOutbox } from "../../src/modules/payments/counter-writer.ts";
import { PaymentQueries } from "../../src/modules/payments/queries.ts";
import { RollupWriter } from "../../src/modules/payments/rollup-writer.ts";
import { SummarySource } from "../../src/modules/payments/summary-source.ts";
import { paymentRollups } from "../../src/modules/payments/table.ts";
import { type OpenDatabase, openReader, openWriter } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrations.ts";
import { ReplicaLease } from "../../src/store/replica-lease.ts";
import { emptyDirectory, endPrograms } from "../e2e/program.ts";
import { randomOf, wholeBetween } from "../e2e/seed.ts";
import { until } from "../e2e/until.ts";
import { endRedisServers, RedisServer } from "./redis.ts";

const DAY_MS = 86_400_000;
const log = createLogger({ level: "error", thread: "test", replica: "r1" });

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await RedisServer.start();
  redis = await connectRedis({ url: server.url, name: "test", commandTimeoutMs: 2_000, log });
  await until("the connection", 2_000, () => redis.status === "ready");
});
afterAll(async () => {
  redis.disconnect();
  await endRedisServers();
  await endPrograms();
});

interface Settled {
  readonly atMs: number;
  readonly processor: "default" | "fallback";
  readonly cents: number;
}

/** The writing side of a replica, the feeding of Redis, and the answers. */
class World {
  readonly settled: Settled[] = [];
  readonly metrics = new Metrics(createMetricsMemory(1), 0);
  readonly sync: CounterSync;
  readonly queries: CounterQueries;
  readonly summaries: SummarySource;
  readonly #writer: OpenDatabase;
  readonly #outbox: CounterOutbox;
  readonly #rollups: RollupWriter;

  constructor(file: string) {
    this.#writer = openWriter(file, "process");
    migrate(this.#writer.sqlite);
    new ReplicaLease(this.#writer).register("r1", Date.now() + DAY_MS);
    beginCounters(this.#writer, true, false);
    this.#outbox = new CounterOutbox(this.#writer.orm);
    this.#rollups = new RollupWriter(this.#writer.orm);
    const reader = openReader(file);
    this.queries = new CounterQueries(reader);
    const store = new CounterStore(redis, this.queries.head().databaseId);
    const onApplied = () => {};
    this.sync = new CounterSync({
      feed: this.queries,
      store,
      replicaName: "r1",
      metrics: this.metrics,
      log,
      onApplied,
    });
    // Main's reader without its circuit: the same call to the same Redis.
    const counterReader = { query: (ranges) => store.query(ranges) } as Pick<
      CounterReader,
      "query"
    > as CounterReader;
    this.summaries = new SummarySource(new PaymentQueries(reader), this.queries, counterReader, this.metrics);
  }

  settle(payments: readonly Settled[]): void {
    this.#transaction(() => {
      for (const payment of payments) {
        this.#outbox.add(payment.processor, payment.atMs, payment.cents);
        this.#rollups.add(payment.processor, payment.atMs, payment.cents);
      }
      this.#rollups.flush();
      this.#outbox.flush(Date.now());
    });
    this.settled.push(...payments);
  }

  purge(): void {
    this.#transaction(() => {
      this.#outbox.purge();
      this.#writer.orm.delete(paymentRollups).run();
    });
    this.settled.length = 0;
  }

  feed(nowMs = Date.now()): Promise<void> {
    return this.sync.step(this.queries.head(), nowMs);
  }

  model(fromMs: number, toMs: number) {
    const totals = { default: { count: 0, cents: 0 }, fallback: { count: 0, cents: 0 } };
    for (const { atMs, processor, cents } of this.settled) {
      if (atMs < fromMs || atMs > toMs) continue;
      totals[processor].count++;
      totals[processor].cents += cents;
    }
    return totals;
  }

  async answer(fromMs: number, toMs: number) {
    const summary = await this.summaries.summary(fromMs, toMs);
    const total = (name: "default" | "fallback") => ({
      count: summary[name].totalRequests,
      cents: Math.round(summary[name].totalAmount * 100),
    });
    return { default: total("default"), fallback: total("fallback") };
  }

  #transaction(work: () => void): void {
    this.#writer.sqlite.run("BEGIN IMMEDIATE");
    work();
    this.#writer.sqlite.run("COMMIT");
  }
}

test("any window is the model's, whatever happens to Redis in between", async () => {
  const { random } = randomOf("counters");
  const world = new World(join(await emptyDirectory(), "catraca.db"));
  const now = Date.now();
  // Most in the last minutes, some long ago: every level of the counters has its share.
  const SPANS_MS = [3_000, 60_000, 10 * 60_000, DAY_MS, 100 * DAY_MS];
  const someTime = () => now - wholeBetween(random, 0, SPANS_MS[wholeBetween(random, 0, 4)] ?? 0);
  const payment = (): Settled => ({
    atMs: someTime(),
    processor: random() < 0.5 ? "default" : "fallback",
    cents: wholeBetween(random, 1, 1_000_000),
  });
  const steps = {
    settle: () => world.settle(Array.from({ length: wholeBetween(random, 1, 30) }, payment)),
    feed: () => world.feed(),
    feedAgainFromNothingKnown: () => server.command("SCRIPT FLUSH"),
    empty: () => server.command("FLUSHALL"),
    trimEarly: () => world.feed(now + wholeBetween(random, 0, 100 * 60_000)),
    purge: () => (random() < 0.2 ? world.purge() : undefined),
  };
  const weighted = [
    "settle",
    "settle",
    "settle",
    "feed",
    "feed",
    "feed",
    "feedAgainFromNothingKnown",
  ] as const;
  const rare = ["empty", "trimEarly", "purge"] as const;
  for (let step = 0; step < 600; step++) {
    const names = random() < 0.1 ? rare : weighted;
    const name = names[wholeBetween(random, 0, names.length - 1)] ?? "settle";
    await steps[name]();
    const ends = [someTime(), random() < 0.2 ? Number.POSITIVE_INFINITY : someTime()].sort((a, b) => a - b);
    const fromMs = random() < 0.1 ? Number.NEGATIVE_INFINITY : (ends[0] ?? 0);
    const toMs = ends[1] ?? 0;
    const where = `step ${step}, after ${name}, from ${fromMs} to ${toMs}`;
    expect({ where, ...(await world.answer(fromMs, toMs)) }).toEqual({ where, ...world.model(fromMs, toMs) });
  }
  expect(world.metrics.read("summary_answers", "redis")).toBeGreaterThan(300);
}, 20_000);

test("a build that is made to count twice, as by a proxy that repeats, loses nothing", async () => {
  const world = new World(join(await emptyDirectory(), "catraca.db"));
  const now = Date.now();
  await server.command("FLUSHALL");
  world.settle([{ atMs: now, processor: "default", cents: 1990 }]);
  await world.feed();
  const [key = ""] = await redis.keys("*:counters");
  const fields = [
    "epoch",
    "build",
    "applied",
    ...Array.from({ length: ROLLUP_LEVELS }, (_, n) => `floor${n}`),
  ];
  const said = (await redis.hmget(key, ...fields)).map(String);
  expect(await redis.eval(ACTIVATE, 1, key, ...said)).toBe(1);
  expect((await redis.keys(`${key}:${said[1]}:*`)).length).toBeGreaterThan(0);
  world.settle([{ atMs: now, processor: "fallback", cents: 500 }]);
  await world.feed();
  expect(await world.answer(now, now)).toEqual(world.model(now, now));
  expect(world.metrics.read("summary_answers", "redis")).toBe(1);
});

test("memory in Redis is bounded: old time is kept coarse", async () => {
  const world = new World(join(await emptyDirectory(), "catraca.db"));
  const now = Date.now();
  await server.command("FLUSHALL");
  await world.feed();
  for (let second = 300; second > 0; second--) {
    const atMs = now - second * 1_000;
    world.settle(
      Array.from({ length: 20 }, (_, index) => ({
        atMs: atMs + index * 50,
        processor: "default",
        cents: 100,
      })),
    );
  }
  for (let round = 0; round < 20; round++) await world.feed(now + round * 1_100);
  const keys = (await redis.keys("*:counters:*:0:*")).length;
  // Two minutes of 20 payments per second, each in a chunk of its own 64 ms, and what moves on meanwhile.
  expect(keys).toBeLessThan(2_600);
  expect(await world.answer(now - 300_000, now)).toEqual(world.model(now - 300_000, now));
  expect(await world.answer(now - 250_001, now - 123_457)).toEqual(world.model(now - 250_001, now - 123_457));
}, 20_000);
