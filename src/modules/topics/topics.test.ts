import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { partitionOf } from "../../domain/partition.ts";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import { TopicQueries } from "./queries.ts";
import { topicRoutes } from "./routes.ts";
import { TopicLog } from "./topic-writer.ts";
import type { TOPICS } from "./topics.ts";

let store: StoreHarness;
let log: TopicLog;
let queries: TopicQueries;
let nowMs: number;

beforeEach(() => {
  nowMs = 1_000_000;
  store = new StoreHarness({ topicRetentionSeconds: 60, topicRetentionMessages: 100 });
  log = new TopicLog(store.context, () => nowMs);
  store.modules.push(log);
  queries = new TopicQueries(store.database);
});
afterEach(() => store.close());

const append = (topic: keyof typeof TOPICS, key: string, value: unknown) =>
  log.append(topic, key, value, { attempt: "1" }, nowMs);

async function get(path: string) {
  const response = await topicRoutes(queries).handle(new Request(`http://test${path}`));
  // Of the contract; the tests look at the fields themselves.
  return {
    status: response.status,
    body: (await response.json()) as { items: Message[]; next: string | null },
  };
}
interface Message {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: unknown;
}

test("the topics and partitions of the contract", () => {
  const topics = queries.topics(nowMs).map(({ name, partitions }) => `${name} ${partitions.length}`);
  expect(topics).toEqual([
    "order_queue 1",
    "process-purchases 2",
    "purchases-processed 2",
    "payment_retry 2",
    "payment_dlq 2",
    "payments 3",
    "paymentsResults 3",
    "operation_queue 1",
  ]);
});

describe("appending", () => {
  test("offsets of a partition have no gaps, over transactions and rollbacks", () => {
    const offsets: number[] = [];
    const one = () => offsets.push(append("order_queue", "a", {}).offset);
    store.transact(() => [one(), one()]);
    expect(() =>
      store.transact(() => {
        append("order_queue", "a", {});
        throw new Error("rolled back");
      }),
    ).toThrow("rolled back");
    store.transact(one);
    expect(offsets).toEqual([0, 1, 2]);
  });

  test("a key's messages are in one partition, in their order, with all that was said", () => {
    store.transact(() => {
      for (let number = 0; number < 30; number++) append("payments", `key-${number % 5}`, { number });
    });
    for (let key = 0; key < 5; key++) {
      const partition = partitionOf(`key-${key}`, 3);
      const mine = queries.messagesFrom("payments", partition, 0, 100).filter((m) => m.key === `key-${key}`);
      expect(mine.map(({ value }) => (value as { number: number }).number)).toEqual(
        [0, 1, 2, 3, 4, 5].map((n) => n * 5 + key),
      );
      expect(mine[0]).toMatchObject({ headers: { attempt: "1" }, time: "1970-01-01T00:16:40.000Z" });
    }
  });

  test("two replicas on one database count on from each other", () => {
    const other = new TopicLog(store.context, () => nowMs);
    store.transact(() => append("order_queue", "a", {}));
    store.transact(() => {
      expect(other.append("order_queue", "a", {}, {}, nowMs).offset).toBe(1);
      other.beforeCommit();
    });
    store.transact(() => expect(append("order_queue", "a", {}).offset).toBe(2));
  });
});

describe("retention", () => {
  const partition = (topic: number) => queries.topics(nowMs)[topic]?.partitions[0];

  test("keeps so many messages per partition, and offsets go on", () => {
    store.transact(() => {
      for (let number = 0; number < 250; number++) append("order_queue", "a", { number });
    });
    expect(partition(0)).toEqual({
      partition: 0,
      firstOffset: 150,
      lastOffset: 249,
      depth: 100,
      oldestAgeSeconds: 0,
    });
  });

  test("forgets what is older than it may be, down to nothing", () => {
    store.transact(() => append("order_queue", "a", {}));
    nowMs += 30_000;
    store.transact(() => append("order_queue", "a", {}));
    nowMs += 30_001;
    store.transact(() => {});
    expect(partition(0)).toMatchObject({ firstOffset: 1, depth: 1, oldestAgeSeconds: 30.001 });
    nowMs += 60_000;
    store.transact(() => {});
    expect(partition(0)).toEqual({
      partition: 0,
      firstOffset: 2,
      lastOffset: 1,
      depth: 0,
      oldestAgeSeconds: null,
    });
    store.transact(() => expect(append("order_queue", "a", {}).offset).toBe(2));
  });

  test("dead letters are kept for ever", () => {
    store.transact(() => {
      for (let number = 0; number < 300; number++) append("payment_dlq", "a", { number });
    });
    nowMs += 1_000_000_000;
    store.transact(() => {});
    const kept = queries.topics(nowMs)[4]?.partitions.reduce((sum, { depth }) => sum + depth, 0);
    expect(kept).toBe(300);
  });
});

describe("GET /topics/{name}/messages", () => {
  beforeEach(() => {
    for (let number = 0; number < 12; number++) {
      nowMs += 10;
      store.transact(() => append("payments", `key-${number}`, { number }));
    }
  });
  const numbers = (items: readonly Message[]) =>
    items.map(({ value }) => (value as { number: number }).number);

  test("newest first over all partitions, page by page, nothing twice", async () => {
    const seen: number[] = [];
    let cursor = "";
    for (let page = 0; page < 5; page++) {
      const { body } = await get(`/topics/payments/messages?limit=5${cursor && `&cursor=${cursor}`}`);
      seen.push(...numbers(body.items));
      if (body.next === null) break;
      cursor = body.next;
    }
    expect(seen).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  });

  test("from an offset of a partition on, oldest first, as a consumer reads", async () => {
    const all = (await get("/topics/payments/messages?partition=1&offset=0")).body;
    expect(all.items.map(({ offset }) => offset)).toEqual(all.items.map((_, index) => index));
    const first = (await get("/topics/payments/messages?partition=1&offset=1&limit=1")).body;
    expect(first.items).toEqual(all.items.slice(1, 2));
    const second = (await get(`/topics/payments/messages?partition=1&offset=1&limit=1&cursor=${first.next}`))
      .body;
    expect(second.items).toEqual(all.items.slice(2, 3));
  });

  test("one partition only", async () => {
    const { body } = await get("/topics/payments/messages?partition=2");
    expect(new Set(body.items.map(({ partition }) => partition))).toEqual(new Set([2]));
  });

  test.each([
    "partition=3",
    "partition=x",
    "offset=1",
    "limit=0",
    "limit=501",
    "cursor=x",
    "cursor=9.1",
    "cursor=1.1e3",
  ])("%s is refused with 422", async (query) => {
    expect((await get(`/topics/payments/messages?${query}`)).status).toBe(422);
  });

  test("an unknown topic is 404", async () => {
    for (const name of ["nothing", "__proto__", "toString"]) {
      expect((await get(`/topics/${name}/messages`)).status).toBe(404);
    }
  });
});

describe("live tail", () => {
  /** Reads events until there are `count`, and the id of the last. */
  async function follow(headers: Record<string, string>, count: number, whenOpen: () => void) {
    const request = new Request("http://test/topics/payments/messages", {
      headers: { accept: "text/event-stream", ...headers },
    });
    const response = await topicRoutes(queries).handle(request);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader?.read())?.value ?? "";
    whenOpen();
    const messages = () =>
      [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data) as Message);
    while (messages().length < count) text += (await reader?.read())?.value ?? "";
    await reader?.cancel();
    return { messages: messages(), lastId: [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "" };
  }
  const say = (...values: number[]) => {
    store.transact(() => values.map((value) => append("payments", `key-${value % 3}`, { value })));
  };
  const valuesOf = (messages: readonly Message[]) =>
    messages.map(({ value }) => (value as { value: number }).value);

  test("tells what is committed from now on, in order per partition", async () => {
    say(1, 2, 3);
    const { messages } = await follow({}, 6, () => say(4, 5, 6, 7, 8, 9));
    expect(valuesOf(messages).sort()).toEqual([4, 5, 6, 7, 8, 9]);
    for (const partition of [0, 1, 2]) {
      const offsets = messages
        .filter((message) => message.partition === partition)
        .map(({ offset }) => offset);
      expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    }
  });

  test("a client that comes back misses nothing and gets nothing twice", async () => {
    const first = await follow({}, 2, () => say(1, 2));
    say(3, 4);
    const { messages } = await follow({ "last-event-id": first.lastId }, 3, () => say(5));
    expect(valuesOf(messages).sort()).toEqual([3, 4, 5]);
  });

  test("an id that no tail has given is refused", async () => {
    const request = new Request("http://test/topics/payments/messages", {
      headers: { accept: "text/event-stream", "last-event-id": "nonsense" },
    });
    expect((await topicRoutes(queries).handle(request)).status).toBe(422);
  });

  test.each(["", "/"])("HEAD %s is answered at once, without a stream", async (slash) => {
    const request = new Request(`http://test/topics/payments/messages${slash}`, {
      method: "HEAD",
      headers: { accept: "text/event-stream" },
    });
    const response = await topicRoutes(queries).handle(request);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toStartWith("text/event-stream");
    expect(await response.text()).toBe("");
  });
});
