/**
 * Topics in Redis Streams (TOPIC_STREAMS), followed by a real consumer with a consumer group: nothing is missing,
 * a key's order holds, and nothing comes twice unless Redis has lost its data.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { Redis } from "ioredis";
import { StreamStore } from "../../src/cluster/stream-store.ts";
import { TopicStreams } from "../../src/cluster/topic-streams.ts";
import { createLogger } from "../../src/log/logger.ts";
import { createMetricsMemory, Metrics } from "../../src/metrics/metrics.ts";
import { TopicStreamQueries } from "../../src/modules/topics/stream-queries.ts";
import { TopicLog } from "../../src/modules/topics/topic-writer.ts";
import { StoreHarness } from "../../src/store/fixtures/store-harness.ts";
import { call, metric, post } from "../e2e/client.ts";
import { endPrograms } from "../e2e/program.ts";
import { until } from "../e2e/until.ts";
import { endRedisServers, RedisServer } from "./redis.ts";
import { Replicas } from "./replicas.ts";
import { StreamConsumer, type StreamEntry } from "./stream-consumer.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(async () => {
  await endPrograms();
  await endRedisServers();
});

/** Per partition: the offsets in the order in which they were read. */
function offsetsOf(entries: readonly StreamEntry[]): Record<string, number[]> {
  const offsets: Record<string, number[]> = {};
  for (const { stream, partition, offset } of entries) {
    const field = `${stream}:${partition}`;
    offsets[field] = [...(offsets[field] ?? []), offset];
  }
  return offsets;
}

const rising = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe("two replicas and a consumer group", () => {
  const STREAMS = { operation_queue: 1, payments: 3, paymentsResults: 3 };

  test("every message is read, in the order of its key, also when Redis was killed and came back empty", async () => {
    const env = { TOPIC_STREAMS: "true", BANK_DELAY_MIN_SECONDS: "0.05", BANK_DELAY_MAX_SECONDS: "0.3" };
    const replicas = await Replicas.start({ redis: server, env, count: 2 });
    const consumer = new StreamConsumer(server.url, Object.keys(STREAMS));
    const urls = replicas.all.map(({ url }) => url);
    await say(urls, 40);
    await until("the first messages", 5_000, () => consumer.entries.length >= 40);
    await server.kill();
    await say(urls, 40);
    await server.restart();
    await say(urls, 40);
    const expected = await until("all of them", 8_000, async () => {
      const log = await logOf(urls[0] ?? "", STREAMS);
      const read = new Set(consumer.lives.at(-1)?.map(place));
      return log.length >= 240 && log.every((entry) => read.has(place(entry))) && log;
    });
    // Of the log, word for word.
    const read = new Map(consumer.entries.map((entry) => [place(entry), entry]));
    for (const entry of expected) expect(read.get(place(entry))).toEqual(entry);
    // Two lives: before Redis lost everything, and after. Within each one nothing twice, no gap, no disorder.
    expect(consumer.lives.length).toBe(2);
    for (const life of consumer.lives) {
      for (const offsets of Object.values(offsetsOf(life)))
        expect(offsets).toEqual(rising(0, offsets.length));
    }
    const lag = () => Promise.all(urls.map((url) => metric(url, "catraca_topic_stream_lag")));
    await until("no lag", 2_000, async () => (await lag()).every((messages) => messages === 0));
    await consumer.stop();

    // The replica that publishes dies: the other one goes on.
    const successor = new StreamConsumer(server.url, Object.keys(STREAMS));
    const published = await Promise.all(urls.map((url) => metric(url, "catraca_topic_stream_entries_total")));
    const publishing = published.indexOf(Math.max(...published));
    await replicas.at(publishing).kill();
    const second = urls.filter((_, index) => index !== publishing);
    await say(second, 10);
    await until("what came after", 10_000, async () => {
      const log = await logOf(second[0] ?? "", STREAMS);
      const places = new Set([...consumer.entries, ...successor.entries].map(place));
      return log.length > expected.length && log.every((entry) => places.has(place(entry)));
    });
    for (const [field, offsets] of Object.entries(offsetsOf(successor.entries))) {
      const before = offsetsOf(consumer.lives.at(-1) ?? [])[field]?.length ?? 0;
      expect(offsets).toEqual(rising(before, before + offsets.length));
    }
    await successor.stop();
    await replicas.at(1 - publishing).stop();
  }, 30_000);

  /** Wallet operations and account payments over all replicas. */
  async function say(urls: readonly string[], count: number): Promise<void> {
    const wallets = await Promise.all(
      urls.map(async (url) => {
        const { body } = await post(`${url}/api/v1/wallets`, { initial_balance: 0 });
        return (body as { wallet_uuid: string }).wallet_uuid; // the shape of the contract
      }),
    );
    for (let number = 0; number < count; number++) {
      const url = urls[number % urls.length] ?? "";
      const operation = { operationType: "DEPOSIT", amount: 1 };
      const payment = { userId: crypto.randomUUID(), accountNumber: "DE02120300000000202051", amount: 5 };
      const answers = await Promise.all([
        post(`${url}/api/v1/wallets/${wallets[number % wallets.length]}/operation`, operation),
        post(`${url}/payments`, payment),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 201]);
    }
  }

  /** All messages of these topics, as the gateway shows them. */
  async function logOf(url: string, topics: Record<string, number>): Promise<StreamEntry[]> {
    const entries: StreamEntry[] = [];
    for (const [stream, partitions] of Object.entries(topics)) {
      for (let partition = 0; partition < partitions; partition++) {
        const path = `${url}/topics/${stream}/messages?partition=${partition}&offset=0&limit=500`;
        // The shape of the contract.
        const { items } = (await call(path)).body as { items: Omit<StreamEntry, "stream">[] };
        entries.push(...items.map((item) => ({ stream, ...item })));
      }
    }
    return entries;
  }
});

const place = ({ stream, partition, offset }: StreamEntry) => `${stream}:${partition}:${offset}`;

describe("publishing", () => {
  let store: StoreHarness;
  let log: TopicLog;
  let redis: Redis;
  let published: Map<number, number | null>;
  const metrics = new Metrics(createMetricsMemory(1), 0);

  beforeEach(async () => {
    await server.command("FLUSHALL");
    redis = new Redis(server.url);
    published = new Map();
    openLog();
  });
  afterEach(() => {
    redis.disconnect();
    store.close();
  });

  /** A log without messages. */
  function openLog(topicRetentionMessages = 100_000): void {
    store = new StoreHarness({ topicStreams: true, topicRetentionMessages });
    log = new TopicLog(store.context, Date.now, (slot) => published.get(slot) ?? null);
    store.modules.push(log);
  }

  /** @param rank replicas that come before the one that publishes */
  function publisher(rank = 0): TopicStreams {
    return new TopicStreams({
      feed: new TopicStreamQueries(store.database),
      store: new StreamStore(redis, "test", 1_000),
      rank: () => rank,
      metrics,
      log: createLogger({ level: "error", thread: "test", replica: "r1", write: () => {} }),
      onPublished: (slot, offset) => published.set(slot, offset),
    });
  }

  const append = (count: number, topic: "order_queue" | "payments" = "order_queue") =>
    store.transact(() => {
      for (let number = 0; number < count; number++) log.append(topic, "a", { number }, {}, Date.now());
    });
  const offsets = async (stream: string) =>
    (await redis.xrange(stream, "-", "+")).map(([, fields]) => Number(fields[fields.indexOf("offset") + 1]));

  test("two replicas that publish at once append each message once", async () => {
    append(8);
    const both = [publisher(), publisher()];
    for (let round = 0; round < 10; round++) {
      append(3);
      await Promise.all(both.map((one) => one.step(Date.now())));
    }
    await both[0]?.step(Date.now() + 2_000);
    expect(await offsets("order_queue")).toEqual(rising(0, 38));
  });

  test("a replica that comes later leaves young messages to the first one", async () => {
    append(2);
    await publisher(1).step(Date.now());
    expect(await offsets("order_queue")).toEqual([]);
    await publisher(1).step(Date.now() + 2_000);
    expect(await offsets("order_queue")).toEqual([0, 1]);
  });

  test("what Redis does not have is not forgotten, within a bound; what it has is", async () => {
    store.close();
    openLog(1);
    const first = () => new TopicStreamQueries(store.database).messagesFrom(orderQueue(), 0, 1)[0]?.offset;
    append(5);
    await Bun.sleep(260);
    append(1);
    expect(first()).toBe(0);
    await publisher().step(Date.now());
    await Bun.sleep(260);
    append(1);
    expect(first()).toBe(6);
    append(30);
    await Bun.sleep(260);
    append(0);
    expect(first()).toBe(27);
  });

  const orderQueue = () => ({ topic: "order_queue", partition: 0, slot: 0, nextOffset: 0 });

  test("a database set back to a backup publishes its messages again", async () => {
    append(5);
    await publisher().step(Date.now());
    store.close();
    openLog();
    await Bun.sleep(2);
    append(3);
    await publisher().step(Date.now());
    expect(await offsets("order_queue")).toEqual([0, 1, 2, 3, 4, 0, 1, 2]);
  });

  test("a name that is something else in this Redis stops its own topic only", async () => {
    await redis.set("order_queue", "of somebody else");
    append(2);
    append(2, "payments");
    await publisher().step(Date.now());
    expect(await offsets("payments")).toEqual([0, 1]);
    expect(await redis.get("order_queue")).toBe("of somebody else");
  });

  test("a stream keeps about as many entries as it may", async () => {
    append(4_000);
    const one = publisher();
    for (let round = 0; round < 5; round++) await one.step(Date.now());
    const kept = await redis.xlen("order_queue");
    expect(kept).toBeGreaterThanOrEqual(1_000);
    expect(kept).toBeLessThan(1_300);
    expect((await offsets("order_queue")).at(-1)).toBe(3_999);
  });
});
