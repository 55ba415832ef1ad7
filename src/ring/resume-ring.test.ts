import { expect, test } from "bun:test";
import { cutUnreadable, resumeRing } from "./resume-ring.ts";
import { RingConsumer } from "./ring-consumer.ts";
import { createSharedRing, type RingMemory } from "./ring-memory.ts";
import { RingProducer } from "./ring-producer.ts";

const CAPACITY_UNITS = 32;

function ringWith(tail: number, head: number): RingMemory {
  const memory = createSharedRing(CAPACITY_UNITS * 8, { checksums: true });
  memory.storeTail(tail);
  memory.storeHead(head);
  return memory;
}

function resume(memory: RingMemory, position: number) {
  return resumeRing(memory, { generation: memory.generation, position });
}

/** Whatever came before, a resumed ring works. */
function expectUsable(memory: RingMemory, position: number): void {
  const [producer, consumer] = [new RingProducer(memory), new RingConsumer(memory)];
  consumer.seek(position);
  consumer.seek(consumer.readablePosition);
  consumer.release();
  expect(producer.write(5, Uint8Array.of(5))).toBe(true);
  expect([consumer.next(), consumer.kind]).toEqual([true, 5]);
}

test("after a kill the database is at the tail, or further because the tail was not stored any more", () => {
  for (const position of [100, 110, 120]) {
    const memory = ringWith(100, 120);
    expect(resume(memory, position)).toEqual({ kind: "continued", position });
    expectUsable(memory, position);
  }
});

test("a database that lost its last transactions reads frames below the tail again", () => {
  const memory = ringWith(0, 0);
  const [producer, consumer] = [new RingProducer(memory), new RingConsumer(memory)];
  for (let kind = 1; kind <= 3; kind++) producer.write(kind, Uint8Array.of(kind));
  while (consumer.next());
  consumer.release();
  const point = resume(memory, 2);
  expect(point).toEqual({ kind: "continued", position: 2 });
  const again = new RingConsumer(memory);
  again.seek(point.position);
  expect([again.next(), again.kind, again.next(), again.kind]).toEqual([true, 2, true, 3]);
  again.release();
  expect(memory.loadTail()).toBe(6);
});

test("a head that is older than the database's position goes on from there, empty", () => {
  for (const position of [121, 5_000, 2 ** 32 - 5]) {
    const memory = ringWith(100, 120);
    expect(resume(memory, position)).toEqual({ kind: "emptied", position });
    expect([memory.loadTail(), memory.loadHead()]).toEqual([position, position]);
    expectUsable(memory, position);
  }
});

test("a position of another ring, or none, means that all of this one is new", () => {
  for (const committed of [undefined, { generation: "0123456789abcdef", position: 110 }]) {
    const memory = ringWith(100, 120);
    expect(resumeRing(memory, committed)).toEqual({ kind: "unknown", position: 100 });
    expectUsable(memory, 100);
  }
});

test("head and tail of different moments are reconciled by the database, or given up", () => {
  const known = ringWith(125, 120);
  expect(resume(known, 118)).toEqual({ kind: "continued", position: 118 });
  expectUsable(known, 118);
  const unknown = ringWith(125, 120);
  expect(resumeRing(unknown, undefined)).toEqual({ kind: "unknown", position: 120 });
  expectUsable(unknown, 120);
});

test("frames that never reached the disk are cut off: what is whole stays, and the ring goes on behind it", () => {
  const memory = createSharedRing(CAPACITY_UNITS * 8, { checksums: true });
  const producer = new RingProducer(memory);
  for (const byte of [1, 2, 3]) producer.write(byte, Uint8Array.of(byte));
  expect(cutUnreadable(memory, 0)).toBe(0);
  const whole = memory.loadHead();
  // The page with the head was written before the power failed, those of the frames were not.
  memory.storeHead(whole + 6);
  expect(cutUnreadable(memory, 0)).toBe(6);
  expect(memory.loadHead()).toBe(whole);
  const consumer = new RingConsumer(memory);
  const kinds: number[] = [];
  while (consumer.next()) kinds.push(consumer.kind);
  expect(kinds).toEqual([1, 2, 3]);
  consumer.release();
  expectUsable(memory, whole);
});
