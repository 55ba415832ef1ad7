/**
 * What replicas tell each other for clients that stay connected: a console at one sees the events of all, a long
 * poll at one hears of a result that another has committed, and without such clients nothing is said.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Redis } from "ioredis";
import { call, pay, post } from "../e2e/client.ts";
import { Listener } from "../e2e/listener.ts";
import { endPrograms } from "../e2e/program.ts";
import { until } from "../e2e/until.ts";
import { endRedisServers, RedisServer } from "./redis.ts";
import { percentile, Replicas } from "./replicas.ts";

let redis: RedisServer;
let replicas: Replicas;
let spy: Redis;
/** Everything that was said on any channel of Redis. */
const said: { readonly channel: string; readonly text: string }[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
  spy = new Redis(redis.url);
  spy.on("pmessage", (_pattern, channel: string, text: string) => said.push({ channel, text }));
  await spy.psubscribe("*");
  const env = { BANK_DELAY_MIN_SECONDS: "1.2", BANK_DELAY_MAX_SECONDS: "1.9", LONG_POLL_SECONDS: "8" };
  replicas = await Replicas.start({ redis, env, count: 2 });
});
afterAll(async () => {
  spy.disconnect();
  await endPrograms();
  await endRedisServers();
});

const saidOf = (kind: string) => said.filter(({ text }) => text.includes(`"kind":"${kind}"`));
const eventsSaid = () => said.filter(({ channel }) => channel.endsWith(":events"));

test("while nobody listens nothing is said", async () => {
  for (const { url } of replicas.all) await pay(url, crypto.randomUUID(), 1);
  await Bun.sleep(300);
  expect(eventsSaid()).toEqual([]);
  expect([...saidOf("interest"), ...saidOf("results")]).toEqual([]);
});

test("a console at one replica sees the events of both, each once", async () => {
  const listener = await Listener.open(`${replicas.at(0).url}/events?types=payment`);
  await until("the interest to be known", 5_000, () => saidOf("interest").length > 0);
  await Bun.sleep(50);
  const ids = Array.from({ length: 10 }, () => crypto.randomUUID());
  for (const [index, id] of ids.entries()) await pay(replicas.at(index % 2).url, id, 19.9);
  const settled = () => listener.events.filter(({ type }) => type === "payment.settled");
  await until("their settlements", 5_000, () => settled().length >= ids.length);
  await Bun.sleep(100);
  const accepted = listener.events.filter(({ type }) => type === "payment.accepted");
  expect(accepted.map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect(accepted.map(({ id, replica }) => [id, replica]).sort()).toEqual(
    ids.map((id, index) => [id, index % 2 === 0 ? "r1" : "r2"]).sort(),
  );
  expect(settled()).toHaveLength(ids.length);
  // Nobody reads at the second replica: the first one does not tell it anything.
  expect(eventsSaid().filter(({ text }) => text.startsWith("r1\n"))).toEqual([]);
  await listener.close();
});

test("when the last one who wanted events has gone, nothing is told any more", async () => {
  const channel = saidOf("interest")[0]?.channel ?? "";
  const other = new Redis(redis.url);
  const say = (events: boolean) =>
    other.publish(channel, JSON.stringify({ kind: "interest", from: "r9", events, results: false }));
  await say(true);
  await until("events for it", 5_000, async () => {
    await pay(replicas.at(0).url, crypto.randomUUID(), 1);
    return eventsSaid().some(({ text }) => text.startsWith("r1\n"));
  });
  await say(false);
  await Bun.sleep(100);
  const before = eventsSaid().filter(({ text }) => text.startsWith("r1\n")).length;
  await pay(replicas.at(0).url, crypto.randomUUID(), 1);
  await Bun.sleep(200);
  expect(eventsSaid().filter(({ text }) => text.startsWith("r1\n"))).toHaveLength(before);
  other.disconnect();
});

test("after Redis was restarted, events come again", async () => {
  const listener = await Listener.open(`${replicas.at(0).url}/events?types=payment.accepted`);
  await redis.kill();
  await redis.restart();
  await until("events of the other replica", 12_000, async () => {
    await pay(replicas.at(1).url, crypto.randomUUID(), 1);
    await Bun.sleep(100);
    return listener.events.some(({ replica }) => replica === "r2");
  });
  await listener.close();
}, 15_000);

test("a long poll hears at once of a result that another replica has committed", async () => {
  // The spy was cut off by the restart too: it hears again once it hears what is said to it.
  const other = new Redis(redis.url);
  await until("the spy to hear", 10_000, async () => {
    await other.publish("spy", "ping");
    return said.some(({ channel }) => channel === "spy");
  });
  other.disconnect();
  const waits = Array.from({ length: 8 }, async () => {
    const body = { userId: crypto.randomUUID(), accountNumber: "DE02120300000000202051", amount: 5 };
    const created = await post(`${replicas.at(1).url}/payments`, body);
    const { paymentId } = created.body as { paymentId: string }; // the shape of the contract
    const answer = await call(`${replicas.at(0).url}/payments/lp/${paymentId}`);
    expect(answer.status).toBe(200);
    const { processed } = answer.body as { processed: string }; // the shape of the contract
    return Date.now() - Date.parse(processed);
  });
  const lateMs = await Promise.all(waits);
  console.log(
    `results of the other replica, ms after they were known: ${lateMs.sort((a, b) => a - b).join(" ")}`,
  );
  await until("the hint to be heard by the spy", 2_000, () => saidOf("results").length > 0);
  // Without the hint a look comes once a second.
  expect(percentile(lateMs, 0.5)).toBeLessThan(250);
}, 25_000);
