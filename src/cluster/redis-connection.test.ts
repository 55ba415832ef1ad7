import { afterEach, test } from "bun:test";
import type { Redis } from "ioredis";
import { createLogger } from "../log/logger.ts";
import { array, bulk, type FakeRedis, startFakeRedis } from "./fixtures/fake-redis.ts";
import { connectRedis } from "./redis-connection.ts";

const log = createLogger({ level: "error", thread: "test", replica: "one", write: () => {} });
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

const WAIT_MS = 10_000;

/** A Redis with one subscriber, which subscribes at every connect as the cluster does. */
async function subscribed(answer: (times: number) => string | undefined) {
  let times = 0;
  const server: FakeRedis = startFakeRedis(({ name }) => (name === "SUBSCRIBE" ? answer(++times) : ":1\r\n"));
  undo.push(server.stop);
  const redis: Redis = await connectRedis({ url: server.url, name: "test", commandTimeoutMs: 50, log });
  undo.push(() => redis.disconnect());
  const heard: string[] = [];
  redis.on("message", (_, text: string) => heard.push(text));
  redis.on("ready", () => void redis.subscribe("live").catch(() => {}));
  return { server, heard, times: () => times };
}

const SUBSCRIBED = array([bulk("subscribe"), bulk("live"), ":1\r\n"]);
const message = (text: string) => array([bulk("message"), bulk("live"), bulk(text)]);

async function until(condition: () => boolean): Promise<void> {
  const endAt = performance.now() + WAIT_MS;
  while (!condition()) {
    if (performance.now() > endAt) throw new Error(`did not come true in ${WAIT_MS} ms: ${condition}`);
    await Bun.sleep(5);
  }
}

// What ioredis would throw at the process fails the run, whichever test it is in.
test.each([
  ["an empty array", "*0\r\n"],
  ["an array of nothing", "*1\r\n$-1\r\n"],
  ["null", "$-1\r\n"],
  ["a message without a channel", array([bulk("message")])],
  ["a message of nothing", array([bulk("message"), "$-1\r\n", "$-1\r\n"])],
])("%s in place of a message costs the connection, and nothing else", async (_, malformed) => {
  const { server, heard, times } = await subscribed(() => SUBSCRIBED);
  await until(() => times() === 1);
  server.say(malformed);
  await until(() => times() === 2);
  await until(() => {
    server.say(message("after"));
    return heard.includes("after");
  });
});

test("a subscription that is never answered is tried again at the next connect", async () => {
  const { server, heard, times } = await subscribed((attempt) => (attempt === 2 ? undefined : SUBSCRIBED));
  await until(() => times() === 1);
  server.say("*0\r\n");
  await until(() => times() === 2);
  // Longer than the command's time: its failure is nobody's, and must not become the process's.
  await Bun.sleep(200);
  server.drop();
  await until(() => times() === 3);
  await until(() => {
    server.say(message("after"));
    return heard.includes("after");
  });
});
