import { describe, expect, test } from "bun:test";
import { FRAME_HEADER_BYTES, frameUnits, HEADER_BYTES } from "./layout.ts";
import { RingConsumer } from "./ring-consumer.ts";
import { RingCorruptError } from "./ring-corrupt-error.ts";
import { attachSharedRing, createSharedRing } from "./ring-memory.ts";
import { RingProducer } from "./ring-producer.ts";

function openRing(capacityBytes: number, startPosition = 0) {
  const memory = createSharedRing(capacityBytes, { checksums: true });
  memory.restartAt(startPosition);
  return { memory, producer: new RingProducer(memory), consumer: new RingConsumer(memory) };
}

function payloadOf(consumer: RingConsumer): Uint8Array {
  return consumer.bytes.slice(consumer.offset, consumer.offset + consumer.length);
}

describe("one frame", () => {
  test("is written in place, sealed, published, read in place, released", () => {
    const { producer, consumer } = openRing(1024);
    const offset = producer.begin(7, 12);
    producer.view.setFloat64(offset, 1.5, true);
    producer.view.setUint32(offset + 8, 42, true);
    expect(consumer.next()).toBe(false);
    producer.end();
    expect(consumer.next()).toBe(false);
    producer.publish();
    expect(consumer.next()).toBe(true);
    expect([consumer.kind, consumer.length]).toEqual([7, 12]);
    expect(consumer.view.getFloat64(consumer.offset, true)).toBe(1.5);
    expect(consumer.view.getUint32(consumer.offset + 8, true)).toBe(42);
    expect(producer.freeBytes).toBe(1024 - 24);
    consumer.release();
    expect(producer.freeBytes).toBe(1024);
    expect(consumer.next()).toBe(false);
  });

  test("is seen by a consumer made over the same buffer, as in another thread", () => {
    const { memory, producer } = openRing(1024);
    const buffer = memory.bytes.buffer;
    if (!(buffer instanceof SharedArrayBuffer)) throw new Error("expected a shared buffer");
    const consumer = new RingConsumer(attachSharedRing(buffer));
    producer.write(1, Uint8Array.of(1, 2, 3));
    expect(consumer.next()).toBe(true);
    expect(payloadOf(consumer)).toEqual(Uint8Array.of(1, 2, 3));
  });

  test("begun and not ended leaves no trace", () => {
    const { producer, consumer } = openRing(1024);
    producer.begin(1, 100);
    producer.publish();
    expect(producer.position).toBe(0);
    producer.write(2, Uint8Array.of(9));
    expect(consumer.next()).toBe(true);
    expect([consumer.kind, consumer.length]).toEqual([2, 1]);
  });

  test("of every length at every place of the lap comes out as it went in", () => {
    const capacityUnits = 32;
    for (let start = 0; start < capacityUnits; start++) {
      for (let length = 0; length <= 64; length++) {
        const { producer, consumer } = openRing(capacityUnits * 8, start);
        const payload = Uint8Array.from({ length }, (_, index) => index + start);
        expect(producer.write(3, payload)).toBe(true);
        expect(consumer.next()).toBe(true);
        expect(payloadOf(consumer)).toEqual(payload);
        expect(consumer.cursor).toBe(producer.position);
        expect(consumer.next()).toBe(false);
      }
    }
  });
});

describe("a full ring", () => {
  test("refuses and changes nothing, until room is released", () => {
    const { producer, consumer } = openRing(256);
    const payload = new Uint8Array(24);
    for (let index = 0; index < 8; index++) expect(producer.write(1, payload)).toBe(true);
    expect([producer.freeBytes, producer.fillRatio]).toEqual([0, 1]);
    expect(producer.begin(1, 0)).toBe(-1);
    expect(() => producer.end()).toThrow("begin()");
    expect(producer.write(1, payload)).toBe(false);
    while (consumer.next());
    expect(producer.write(1, payload)).toBe(false);
    consumer.release();
    expect(producer.write(1, payload)).toBe(true);
  });

  test("an empty ring has room for the largest frame wherever it stands", () => {
    for (let start = 0; start < 32; start++) {
      const { producer, consumer } = openRing(256, start);
      expect(producer.write(1, new Uint8Array(producer.payloadBytesMax).fill(start))).toBe(true);
      expect(consumer.next()).toBe(true);
      expect(consumer.length).toBe(64);
    }
  });
});

describe("the end of a lap", () => {
  test("is filled by a skip frame that the consumer does not show", () => {
    const { producer, consumer } = openRing(256, 30);
    producer.write(5, new Uint8Array(24).fill(5));
    expect(producer.position).toBe(32 + frameUnits(24));
    expect(consumer.next()).toBe(true);
    expect(consumer.offset).toBe(HEADER_BYTES + FRAME_HEADER_BYTES);
  });

  test("needs no skip where the frame just fits", () => {
    const { producer } = openRing(256, 28);
    producer.write(5, new Uint8Array(24));
    expect(producer.position).toBe(32);
  });

  test("positions go on from 2^32 - 1 to 0", () => {
    const { producer, consumer } = openRing(256, 2 ** 32 - 2);
    expect(producer.position).toBe(2 ** 32 - 2);
    producer.write(1, Uint8Array.of(1));
    expect(producer.position).toBe(0);
    producer.write(2, Uint8Array.of(2));
    expect(producer.freeBytes).toBe(256 - 32);
    expect([consumer.next(), consumer.cursor, consumer.next(), consumer.cursor]).toEqual([true, 0, true, 2]);
    consumer.release();
    expect(producer.fillRatio).toBe(0);
  });
});

describe("the consumer", () => {
  test("releases a part of what it read, but nothing unread", () => {
    const { producer, consumer } = openRing(256);
    for (let kind = 1; kind <= 3; kind++) producer.write(kind, new Uint8Array(8));
    consumer.next();
    const behindFirst = consumer.cursor;
    consumer.next();
    expect(() => consumer.releaseTo(producer.position)).toThrow(RangeError);
    consumer.releaseTo(behindFirst);
    expect(producer.freeBytes).toBe(256 - 32);
    expect(() => consumer.releaseTo(behindFirst - 1)).toThrow(RangeError);
  });

  test("goes back to read again what was not committed", () => {
    const { producer, consumer } = openRing(256);
    for (let kind = 1; kind <= 3; kind++) producer.write(kind, Uint8Array.of(kind));
    consumer.next();
    const committed = consumer.cursor;
    while (consumer.next());
    consumer.seek(committed);
    expect([consumer.next(), consumer.kind]).toEqual([true, 2]);
  });

  test("can seek from one lap below the head up to the head", () => {
    const { consumer } = openRing(256, 100);
    expect([100 - 32, 100].map((position) => consumer.canSeek(position))).toEqual([true, true]);
    expect([100 - 33, 101].map((position) => consumer.canSeek(position))).toEqual([false, false]);
    expect(() => consumer.seek(101)).toThrow(RangeError);
  });
});

describe("damage", () => {
  test("of any bit of a frame is found, and leaves the consumer where it was", () => {
    const { memory, producer, consumer } = openRing(256);
    producer.write(
      9,
      Uint8Array.from({ length: 21 }, (_, index) => index * 11),
    );
    const frameBytes = frameUnits(21) * 8;
    for (let bit = 0; bit < frameBytes * 8; bit++) {
      const at = HEADER_BYTES + (bit >>> 3);
      memory.bytes[at] = (memory.bytes[at] ?? 0) ^ (1 << (bit & 7));
      expect(() => consumer.next()).toThrow(RingCorruptError);
      expect(consumer.cursor).toBe(0);
      memory.bytes[at] = (memory.bytes[at] ?? 0) ^ (1 << (bit & 7));
    }
    expect(consumer.next()).toBe(true);
  });

  test("a frame of an older lap is not taken for a new one", () => {
    const { memory, producer, consumer } = openRing(256);
    for (let lap = 0; lap < 2; lap++) {
      for (let index = 0; index < 8; index++) producer.write(1, new Uint8Array(24));
      while (consumer.next());
      consumer.release();
    }
    // As after a power failure that kept the head and lost the frame.
    memory.storeHead(producer.position + 4);
    expect(() => consumer.next()).toThrow("damaged at position 64: the frame's checksum is wrong");
  });

  test("a frame of another ring is not taken for one of this ring", () => {
    const [one, other] = [openRing(256), openRing(256)];
    one.producer.write(1, Uint8Array.of(1));
    other.memory.bytes.set(one.memory.bytes.subarray(HEADER_BYTES), HEADER_BYTES);
    other.memory.storeHead(one.producer.position);
    expect(() => other.consumer.next()).toThrow(RingCorruptError);
  });

  test("zeros are no frame", () => {
    const { memory, consumer } = openRing(256);
    memory.storeHead(4);
    expect(() => consumer.next()).toThrow(RingCorruptError);
  });

  test("an impossible head is found before anything is read", () => {
    const { memory, consumer } = openRing(256, 100);
    memory.storeHead(99);
    expect(() => consumer.next()).toThrow("the head 99 is more than one lap away");
    expect(() => new RingProducer(memory)).toThrow("resume it first");
    expect(() => new RingConsumer(memory)).toThrow("resume it first");
  });

  test("what is unread can be given up", () => {
    const { memory, consumer } = openRing(256);
    memory.storeHead(4);
    expect(() => consumer.next()).toThrow(RingCorruptError);
    consumer.seek(consumer.readablePosition);
    consumer.release();
    expect([consumer.next(), memory.loadTail()]).toEqual([false, 4]);
    new RingProducer(memory).write(8, Uint8Array.of(8));
    expect([consumer.next(), consumer.kind]).toEqual([true, 8]);
  });
});

describe("mistakes of the caller", () => {
  test("kinds and lengths that cannot be", () => {
    const { producer } = openRing(256);
    for (const kind of [0, 256, -1, 1.5, Number.NaN])
      expect(() => producer.begin(kind, 1)).toThrow(RangeError);
    for (const length of [-1, 65, 1.5, Number.NaN, 2 ** 32]) {
      expect(() => producer.begin(1, length)).toThrow("has 0 to 64 bytes");
    }
  });

  test("capacities that cannot be", () => {
    for (const capacity of [0, -64, 32, 100, 1024.5, 2 ** 31, Number.NaN]) {
      expect(() => createSharedRing(capacity)).toThrow(RangeError);
    }
  });

  test("the largest payload is a quarter of the ring, at most 1 MiB", () => {
    expect(new RingProducer(createSharedRing(4096)).payloadBytesMax).toBe(1024);
    expect(new RingProducer(createSharedRing(2 ** 24)).payloadBytesMax).toBe(2 ** 20);
  });
});
