/** Live events (GET /events) and what the console reads, over the wire. */
import { afterAll, expect, test } from "bun:test";
import { call, pay, settledPayment } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { Listener } from "./listener.ts";
import { endPrograms } from "./program.ts";
import { until } from "./until.ts";

afterAll(endPrograms);

const idsOf = (listener: Listener, type: string) =>
  listener.events.filter((event) => event.type === type).map(({ id }) => id);

test("a payment is told when it is accepted and when it is settled", async () => {
  const gateway = await Gateway.start();
  const listener = await Listener.open(`${gateway.url}/events`);
  const id = crypto.randomUUID();
  await pay(gateway.url, id, 19.9);
  await until("its settlement", 5_000, () => idsOf(listener, "payment.settled").includes(id));
  expect(listener.events.find(({ type }) => type === "payment.accepted")).toMatchObject({
    id,
    amount: 19.9,
    replica: "e2e",
  });
  expect(listener.events.find(({ type }) => type === "payment.settled")).toMatchObject({
    id,
    amount: 19.9,
    processor: "default",
    fee: 1,
  });
  await listener.close();
  await gateway.stop();
});

test("a client that comes back with Last-Event-ID has missed nothing; after a restart it is told of the gap", async () => {
  const gateway = await Gateway.start();
  const first = await Listener.open(`${gateway.url}/events?types=payment.accepted`);
  const ids = Array.from({ length: 12 }, () => crypto.randomUUID());
  for (const id of ids.slice(0, 4)) await pay(gateway.url, id, 1);
  await until("4 events", 5_000, () => first.events.length === 4);
  await first.close();
  for (const id of ids.slice(4, 8)) await pay(gateway.url, id, 1);
  const again = await Listener.open(`${gateway.url}/events?types=payment.accepted`, {
    "last-event-id": first.lastId ?? "",
  });
  for (const id of ids.slice(8)) await pay(gateway.url, id, 1);
  await until("the other 8", 5_000, () => again.events.length === 8);
  expect([...idsOf(first, "payment.accepted"), ...idsOf(again, "payment.accepted")]).toEqual(ids);
  await gateway.stop();
  await again.ended;
  await gateway.restart();
  const later = await Listener.open(`${gateway.url}/events`, { "last-event-id": again.lastId ?? "" });
  await until("the gap", 5_000, () => later.events[0]?.type === "gap");
  await later.close();
  await gateway.stop();
});

test("in a crowd every payment is either told or counted", async () => {
  const gateway = await Gateway.start();
  const listener = await Listener.open(`${gateway.url}/events?types=payment.accepted`);
  const ids = Array.from({ length: 2_000 }, () => crypto.randomUUID());
  await Promise.all(ids.map((id) => pay(gateway.url, id, 1)));
  const counted = () =>
    listener.events
      .filter(({ type }) => type === "counts")
      // The shape of the event.
      .reduce((sum, { counts }) => sum + ((counts as Record<string, number>)["payment.accepted"] ?? 0), 0);
  await until("all 2,000", 10_000, () => idsOf(listener, "payment.accepted").length + counted() >= 2_000);
  console.log(`${idsOf(listener, "payment.accepted").length} told, ${counted()} counted`);
  expect(idsOf(listener, "payment.accepted").length + counted()).toBe(2_000);
  expect(counted()).toBeGreaterThan(0);
  await listener.close();
  await gateway.stop();
});

test("a stream does not keep a replica from stopping, and ends with it", async () => {
  const gateway = await Gateway.start();
  const listener = await Listener.open(`${gateway.url}/events`);
  const startedAt = performance.now();
  expect((await gateway.stop()).code).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  await listener.ended;
});

test("the console finds a payment by the beginning of its id, and sees it in its curves and its state", async () => {
  const gateway = await Gateway.start();
  const id = crypto.randomUUID();
  await pay(gateway.url, id, 19.9);
  await settledPayment(gateway.url, id);
  const { body: page } = await call(`${gateway.url}/api/console/payments?id=${id.slice(0, 8)}&state=settled`);
  expect(page).toMatchObject({ items: [{ source: "payments", id, amount: 19.9, outcome: "succeeded" }] });
  const { body: payment } = await call(`${gateway.url}/api/console/payments/payments/${id}`);
  expect(payment).toMatchObject({
    id,
    facts: { fee: 1 },
    timeline: [
      { event: "accepted" },
      { event: "attempt", upstream: "default", outcome: "settled" },
      { event: "settled" },
    ],
  });
  await until("a second that shows it", 5_000, async () => {
    const { body } = await call(`${gateway.url}/api/console/overview?points=10`);
    // The shape that docs.ts of the module gives.
    const { series } = body as { series: Record<string, (number | null)[]> };
    return series["settledDefault"]?.some((rate) => (rate ?? 0) > 0);
  });
  const { body: state } = await call(`${gateway.url}/api/console/state`);
  expect(state).toMatchObject({
    replica: "e2e",
    durability: "process",
    processors: { default: { breaker: "closed", settled: { count: 1, amount: 19.9, fee: 1 } } },
    totals: { count: 1, amount: 19.9 },
  });
  await gateway.stop();
});
