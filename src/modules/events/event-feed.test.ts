import { beforeEach, expect, test } from "bun:test";
import { readJson } from "../../ring/frames.ts";
import { RingConsumer } from "../../ring/ring-consumer.ts";
import { EVENTS_PER_WINDOW, EventFeed, type FeedFrame, WINDOW_MS } from "./event-feed.ts";
import { attachFeedBell, attachFeedRing, createFeedMemory, Interest } from "./feed-memory.ts";

/** The store's side of live events: what leaves, when, and how much of it. */
let nowMs: number;
let memory: ReturnType<typeof createFeedMemory>;
let feed: EventFeed;
let interest: Interest;
let ring: RingConsumer;

beforeEach(() => {
  nowMs = 1_000_000;
  memory = createFeedMemory();
  feed = new EventFeed(memory, () => nowMs);
  interest = new Interest(memory);
  ring = new RingConsumer(attachFeedRing(memory));
});

function tell(id: string): void {
  if (feed.wants("payment.accepted")) feed.emit("payment.accepted", { id, amount: 1 }, nowMs);
}

function received(): FeedFrame[] {
  const frames: FeedFrame[] = [];
  // event-feed.ts wrote them with this shape
  while (ring.next()) frames.push(readJson(ring.bytes, ring.offset, ring.length) as FeedFrame);
  ring.release();
  return frames;
}

const rings = () => attachFeedBell(memory).value;

test("while nobody listens nothing is made and no bell is rung", () => {
  for (let i = 0; i < 1000; i++) tell(`${i}`);
  feed.resultReady();
  feed.committed();
  expect(received()).toEqual([]);
  expect(rings()).toBe(0);
});

test("an event leaves after the commit, and not before", () => {
  interest.streams = true;
  tell("a");
  expect(received()).toEqual([]);
  feed.committed();
  expect(received()).toEqual([
    { kind: "event", type: "payment.accepted", fields: { id: "a", amount: 1 }, atMs: nowMs },
  ]);
  expect(rings()).toBe(1);
});

test("what a transaction that was rolled back told never leaves", () => {
  interest.streams = true;
  interest.waits = true;
  tell("a");
  feed.resultReady();
  feed.rolledBack();
  feed.committed();
  expect(received()).toEqual([]);
  expect(rings()).toBe(0);
});

test("in a crowd some are sent and the others counted, and none is forgotten", () => {
  interest.streams = true;
  for (let i = 0; i < 1000; i++) tell(`${i}`);
  feed.committed();
  const frames = received();
  expect(frames.filter(({ kind }) => kind === "event")).toHaveLength(EVENTS_PER_WINDOW);
  expect(frames.at(-1)).toEqual({
    kind: "counts",
    counts: { "payment.accepted": 1000 - EVENTS_PER_WINDOW },
  });
});

test("the next window sends again; types have windows of their own", () => {
  interest.streams = true;
  for (let i = 0; i < EVENTS_PER_WINDOW + 1; i++) tell(`${i}`);
  expect(feed.wants("deadLetter")).toBe(true);
  expect(feed.wants("payment.accepted")).toBe(false);
  nowMs += WINDOW_MS;
  expect(feed.wants("payment.accepted")).toBe(true);
});

test("what finds no room because main does not read is counted and told later", () => {
  interest.streams = true;
  let told = 0;
  for (let batch = 0; batch < 200; batch++, nowMs += WINDOW_MS) {
    for (let i = 0; i < EVENTS_PER_WINDOW; i++, told++) tell(`${told}-${"x".repeat(200)}`);
    feed.committed();
  }
  const early = received();
  feed.committed();
  tell("last");
  feed.committed();
  const frames = [...early, ...received()];
  let counted = 0;
  for (const frame of frames) {
    counted += frame.kind === "event" ? 1 : (frame.counts["payment.accepted"] ?? 0);
  }
  expect(early.length).toBeLessThan(told);
  expect(counted).toBe(told + 1);
});

test("a result rings only for those who wait, and once per commit", () => {
  interest.waits = true;
  feed.resultReady();
  feed.resultReady();
  expect(rings()).toBe(0);
  feed.committed();
  expect(rings()).toBe(1);
  feed.committed();
  expect(rings()).toBe(1);
});
