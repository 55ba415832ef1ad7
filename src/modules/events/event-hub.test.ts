import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { LIMITS } from "../../config/limits.ts";
import { type EventClient, EventHub } from "./event-hub.ts";
import { openEventStream } from "./event-stream.ts";

/** Who gets which live event, and what becomes of those who cannot keep up. */
let hub: EventHub;
let interest: boolean[];

beforeEach(() => {
  interest = [];
  hub = new EventHub({ replica: "one", onInterest: (isWanted) => interest.push(isWanted) });
});
afterEach(() => hub.close());

class TestClient implements EventClient {
  readonly texts: string[] = [];
  isSlow = false;
  isEnded = false;
  flushes = 0;
  readonly wants = (_type: string): boolean => true;

  readonly send = (text: string): boolean => {
    if (this.isSlow) return false;
    this.texts.push(text);
    return true;
  };
  readonly flush = (): void => {
    this.flushes++;
  };
  readonly end = (): void => {
    this.isEnded = true;
  };

  get ids(): string[] {
    return this.texts.flatMap((text) => /^id: (.*)$/m.exec(text)?.[1] ?? []);
  }
  get events(): Record<string, unknown>[] {
    return this.texts.flatMap((text) => {
      const data = /^data: (.*)$/m.exec(text)?.[1];
      return data === undefined ? [] : [JSON.parse(data) as Record<string, unknown>]; // an object, by format
    });
  }
}

function join(lastEventId: string | null = null): TestClient {
  const client = new TestClient();
  hub.join(client, lastEventId);
  return client;
}

const publish = (id: number) => hub.publish("payment.accepted", { id }, 0);

test("every client gets every event, with the type, the time and the replica in it", () => {
  const clients = [join(), join()];
  publish(1);
  for (const { events } of clients) {
    expect(events).toEqual([
      { type: "payment.accepted", at: "1970-01-01T00:00:00.000Z", replica: "one", id: 1 },
    ]);
  }
});

test("what comes in quick succession goes out together, to everybody", async () => {
  const clients = [join(), join()];
  const before = clients.map(({ flushes }) => flushes);
  for (let id = 0; id < 50; id++) publish(id);
  while (clients.some(({ flushes }, index) => flushes === before[index])) await Bun.sleep(5);
  expect(clients.map(({ flushes, events }) => [flushes, events.length])).toEqual(
    before.map((flushes) => [flushes + 1, 50]),
  );
});

test("the store is told when the first client comes, and not again for the next", () => {
  join();
  join();
  expect(interest).toEqual([true]);
  hub.close();
  expect(interest).toEqual([true, false]);
});

describe("a client that comes back", () => {
  test("gets what it has missed, in order, each once", () => {
    const first = join();
    for (let i = 1; i <= 5; i++) publish(i);
    hub.leave(first);
    for (let i = 6; i <= 9; i++) publish(i);
    const again = join(first.ids.at(-1));
    publish(10);
    expect(again.events.map(({ id }) => id)).toEqual([6, 7, 8, 9, 10]);
    expect(new Set([...first.ids, ...again.ids]).size).toBe(10);
  });

  test("is told of a gap when the buffer does not reach back to it, and gets what there is", () => {
    const first = join();
    publish(0);
    for (let i = 1; i < LIMITS.eventsKept.value * 3; i++) publish(i);
    const [id] = first.ids;
    const again = join(id);
    expect(again.events[0]).toMatchObject({ type: "gap", missed: true });
    expect(again.events.length).toBeGreaterThan(LIMITS.eventsKept.value);
    expect(again.events.at(-1)).toMatchObject({ id: LIMITS.eventsKept.value * 3 - 1 });
  });

  test.each(["other-5", "nonsense", "", "-1"])("is told of a gap with the unknown id %j", (id) => {
    join();
    publish(1);
    expect(join(id).events[0]).toMatchObject({ type: "gap" });
  });
});

test("a client that reads too slowly is let go, and the others lose nothing", () => {
  const [slow, quick] = [join(), join()];
  slow.isSlow = true;
  publish(1);
  publish(2);
  expect(hub.clientCount).toBe(1);
  expect(quick.events).toHaveLength(2);
});

test("counts are summed for a moment and told in one event", async () => {
  const client = join();
  hub.count({ "payment.accepted": 700 });
  hub.count({ "payment.accepted": 80, "payment.dead": 1 });
  await Bun.sleep(150);
  expect(client.events).toMatchObject([
    { type: "counts", counts: { "payment.accepted": 780, "payment.dead": 1 } },
  ]);
});

test("events of other replicas are delivered like our own; ours go to them only if they want them", () => {
  const published: string[] = [];
  hub = new EventHub({
    replica: "one",
    onInterest: () => {},
    remote: { publish: (json) => published.push(json), setInterest: () => {} },
  });
  const client = join();
  publish(1);
  expect(published).toEqual([]);
  hub.setRemoteInterest(true);
  publish(2);
  expect(published).toHaveLength(1);
  hub.publishRemote('{"type":"payment.dead","replica":"two"}');
  expect(client.events.at(-1)).toEqual({ type: "payment.dead", replica: "two" });
});

test("there is room for so many clients, and after a stop for none", () => {
  for (let i = 0; i < LIMITS.eventStreamsMax.value; i++) join();
  expect(hub.hasRoom).toBe(false);
  hub.close();
  expect(hub.hasRoom).toBe(false);
});

describe("a stream", () => {
  test("carries only the types that were asked for, and what explains them", async () => {
    const reader = openEventStream(hub, ["payment"], null).body?.getReader();
    hub.publish("payment.settled", { id: 1 }, 0);
    hub.publish("paymentX", { id: 2 }, 0);
    hub.publish("deadLetter", { id: 3 }, 0);
    hub.publish("counts", { counts: {} }, 0);
    let text = "";
    while (!text.includes("counts")) text += new TextDecoder().decode((await reader?.read())?.value);
    expect(text).toStartWith("retry: ");
    expect([...text.matchAll(/"type":"([^"]+)"/g)].map((match) => match[1])).toEqual([
      "payment.settled",
      "counts",
    ]);
  });

  test("whose client has gone takes nothing more, also if something was about to go out", async () => {
    const stream = openEventStream(hub, [], null).body;
    hub.publish("payment.settled", { id: 1 }, 0);
    await stream?.cancel();
    expect(hub.clientCount).toBe(0);
    const other = join();
    const { flushes } = other;
    hub.publish("payment.settled", { id: 2 }, 0);
    while (other.flushes === flushes) await Bun.sleep(5);
  });

  test("that nobody reads ends with a word about it, and holds a bounded number of bytes", async () => {
    const stream = openEventStream(hub, [], null).body;
    for (let i = 0; i < 10_000 && hub.clientCount > 0; i++) hub.publish("x", { text: "y".repeat(200) }, 0);
    expect(hub.clientCount).toBe(0);
    const text = await new Response(stream).text();
    expect(text.length).toBeLessThan(300 * 1024);
    expect(text.trimEnd()).toEndWith('"reason":"slow"}');
  });
});
