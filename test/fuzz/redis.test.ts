/** R13: a Redis that answers anything at all costs a replica neither its life nor an exact answer. */
import { afterAll, expect, test } from "bun:test";
import { startFakeRedis } from "../../src/cluster/fixtures/fake-redis.ts";
import { mangledMessage, mangledReply } from "../../src/cluster/fixtures/mangled-replies.ts";
import { SeededRandom } from "../../src/upstreams/fixtures/random.ts";
import { endRedisServers, RedisServer } from "../cluster/redis.ts";
import { metric, pay, summaryOf } from "../e2e/client.ts";
import { endPrograms } from "../e2e/program.ts";
import { until } from "../e2e/until.ts";
import { FUZZ_TIMEOUT_MS, startBudget } from "./budget.ts";
import { findDifference, findHarm, residentMegabytes, startFuzzedGateway } from "./watched-gateway.ts";

afterAll(async () => {
  await endRedisServers();
  await endPrograms();
});

const PAYMENTS = 20;
const RESIDENT_MB_MAX = 250;

test(
  "replies of every kind, while summaries are asked for",
  async () => {
    const budget = startBudget("fuzz, a replica's Redis", 0.6);
    const random = new SeededRandom(budget.seed);
    const server = startFakeRedis((command) => mangledReply(random, command));
    const said = setInterval(() => server.say(mangledMessage(random, ["live"])), 20);
    try {
      const gateway = await startFuzzedGateway({ REDIS_URL: server.url, TOPIC_STREAMS: "true" });
      for (let number = 0; number < PAYMENTS; number++) await pay(gateway.url, crypto.randomUUID(), 1.5);
      const counted = async () => {
        const { default: first, fallback } = await summaryOf(gateway.url);
        return { count: first.count + fallback.count, cents: first.cents + fallback.cents };
      };
      const all = { count: PAYMENTS, cents: PAYMENTS * 150 };
      await until("all to be settled", 30_000, async () => Bun.deepEquals(await counted(), all));
      while (!budget.isOver()) {
        expect(await counted()).toEqual(all);
        await Bun.sleep(5);
      }
      // A Redis that answers with other types than its own is said in the log, and is nobody's defect.
      const harm = (await findHarm(gateway)).filter((line) => !line.includes("key of another type in Redis"));
      expect(harm).toEqual([]);
      expect(await findDifference(gateway)).toBeNull();
      expect(residentMegabytes(gateway)).toBeLessThan(RESIDENT_MB_MAX);
    } finally {
      clearInterval(said);
      server.stop();
    }
  },
  FUZZ_TIMEOUT_MS,
);

test(
  "counters that somebody has written over are built anew",
  async () => {
    const redis = await RedisServer.start();
    const gateway = await startFuzzedGateway({ REDIS_URL: redis.url });
    const paid = async (count: number) => {
      await until(`${count} payments in the summary`, 30_000, async () => {
        const { default: first, fallback } = await summaryOf(gateway.url);
        return first.count + fallback.count === count;
      });
    };
    await pay(gateway.url, crypto.randomUUID(), 1.5);
    await paid(1);
    const key = await until("the counters", 10_000, async () => {
      return /catraca:[^\r]+:counters(?=\r)/.exec(await redis.command("KEYS catraca:*:counters"))?.[0];
    });
    const applied = async () => /\r\n(\d+)\r\n/.exec(await redis.command(`HGET ${key} applied`))?.[1];
    await until("the counters to have it", 10_000, async () => (await applied()) === "1");
    await redis.command(`HSET ${key} applied nonsense`);
    await pay(gateway.url, crypto.randomUUID(), 1.5);
    await paid(2);
    await until("the counters to be right again", 20_000, async () => (await applied()) === "2");
    const answered = () => metric(gateway.url, 'catraca_summary_answers_total{source="redis"}');
    const before = await answered();
    await until("an answer out of Redis", 20_000, async () => {
      await paid(2);
      return (await answered()) > before;
    });
  },
  FUZZ_TIMEOUT_MS,
);
