import { expect, test } from "bun:test";
import fc from "fast-check";
import { drawSeed } from "./fixtures/random.ts";
import { RingConsumer } from "./ring-consumer.ts";
import { createSharedRing } from "./ring-memory.ts";
import { RingProducer } from "./ring-producer.ts";

/**
 * Random operations on a ring and, beside it, on a model: an array of frames with positions that never
 * wrap. Whatever the ring answers, the model must have said before.
 */
interface ModelFrame {
  readonly kind: number;
  readonly payload: Uint8Array;
  readonly end: number;
}

type Step =
  | { readonly do: "seal" | "write" | "abandon"; readonly kind: number; readonly payload: Uint8Array }
  | { readonly do: "read" | "releaseTo"; readonly count: number }
  | { readonly do: "publish" | "release" | "rollBack" };

class Model {
  readonly capacityUnits: number;
  readonly frames: ModelFrame[] = [];
  position: number;
  publishedCount = 0;
  readCount = 0;
  releasedCount = 0;
  readonly start: number;

  constructor(capacityBytes: number, start: number) {
    this.capacityUnits = capacityBytes / 8;
    this.position = start;
    this.start = start;
  }

  endOf(count: number): number {
    return count === 0 ? this.start : (this.frames[count - 1]?.end ?? Number.NaN);
  }

  get usedUnits(): number {
    return this.position - this.endOf(this.releasedCount);
  }

  /** Where a frame of `bytes` would begin: here, or at the next lap if it does not fit in this one. */
  place(bytes: number): { begin: number; end: number; fits: boolean } {
    const units = 1 + Math.ceil(bytes / 8);
    const unitsToEnd = this.capacityUnits - (this.position % this.capacityUnits);
    const begin = units > unitsToEnd ? this.position + unitsToEnd : this.position;
    const fits = begin + units - this.endOf(this.releasedCount) <= this.capacityUnits;
    return { begin, end: begin + units, fits };
  }
}

class Comparison {
  readonly model: Model;
  readonly producer: RingProducer;
  readonly consumer: RingConsumer;

  constructor(capacityBytes: number, start: number, checksums: boolean) {
    const memory = createSharedRing(capacityBytes, { checksums });
    memory.restartAt(start);
    this.model = new Model(capacityBytes, start);
    this.producer = new RingProducer(memory);
    this.consumer = new RingConsumer(memory);
  }

  run(step: Step): void {
    switch (step.do) {
      case "seal":
      case "write":
      case "abandon":
        this.produce(step.do, step.kind, step.payload);
        return;
      case "publish":
        this.producer.publish();
        this.model.publishedCount = this.model.frames.length;
        return;
      case "read":
        for (let index = 0; index < step.count; index++) this.readOne();
        return;
      case "release":
        this.consumer.release();
        this.model.releasedCount = this.model.readCount;
        return;
      case "releaseTo": {
        const { model } = this;
        model.releasedCount = Math.min(model.readCount, model.releasedCount + step.count);
        this.consumer.releaseTo(model.endOf(model.releasedCount) % 2 ** 32);
        return;
      }
      case "rollBack":
        this.model.readCount = this.model.releasedCount;
        this.consumer.seek(this.model.endOf(this.model.releasedCount) % 2 ** 32);
    }
  }

  produce(how: "seal" | "write" | "abandon", kind: number, wanted: Uint8Array): void {
    const { model, producer } = this;
    const payload = wanted.subarray(0, producer.payloadBytesMax);
    const { begin, end, fits } = model.place(payload.length);
    if (how === "write") {
      expect(producer.write(kind, payload)).toBe(fits);
    } else {
      const offset = producer.begin(kind, payload.length);
      expect(offset >= 0).toBe(fits);
      if (!fits) return;
      expect(offset).toBe(4096 + (begin % model.capacityUnits) * 8 + 8);
      producer.bytes.set(payload, offset);
      // The skip before an abandoned frame stays: it is sealed by then.
      model.position = begin;
      if (how === "abandon") return;
      producer.end();
    }
    if (!fits) return;
    model.position = end;
    model.frames.push({ kind, payload, end });
    if (how === "write") model.publishedCount = model.frames.length;
  }

  readOne(): void {
    const { model, consumer } = this;
    const isAvailable = model.readCount < model.publishedCount;
    if (!isAvailable) {
      // A published skip without a frame behind it may be passed: the cursor tells.
      const cursor = consumer.cursor;
      expect(consumer.next()).toBe(false);
      consumer.seek(cursor);
      return;
    }
    expect(consumer.next()).toBe(true);
    const frame = model.frames[model.readCount++];
    const { offset, length } = consumer;
    expect(consumer.kind).toBe(frame?.kind ?? -1);
    expect(Buffer.from(consumer.bytes.subarray(offset, offset + length))).toEqual(
      Buffer.from(frame?.payload ?? []),
    );
    expect(consumer.cursor).toBe((frame?.end ?? 0) % 2 ** 32);
  }

  checkInvariants(): void {
    const { model, producer } = this;
    expect(producer.position).toBe(model.position % 2 ** 32);
    expect(producer.freeBytes).toBe((model.capacityUnits - model.usedUnits) * 8);
    expect(producer.fillRatio).toBe(model.usedUnits / model.capacityUnits);
  }
}

const payload = fc.uint8Array({ maxLength: 300, size: "max" });
const kind = fc.integer({ min: 1, max: 255 });
const producing = fc.record({ do: fc.constantFrom("seal", "write", "abandon"), kind, payload });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: producing },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("publish" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("read" as const), count: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("release", "rollBack") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("releaseTo" as const), count: fc.nat({ max: 3 }) }) },
);

test("any sequence of operations does what the model says, also across the wrap of positions", () => {
  const property = fc.property(
    fc.constantFrom(64, 128, 256, 1024),
    fc.oneof(fc.nat({ max: 200 }), fc.integer({ min: 2 ** 32 - 200, max: 2 ** 32 - 1 })),
    fc.boolean(),
    fc.array(step, { minLength: 1, maxLength: 200, size: "max" }),
    (capacityBytes, start, checksums, steps) => {
      const comparison = new Comparison(capacityBytes, start, checksums);
      for (const each of steps) {
        comparison.run(each);
        comparison.checkInvariants();
      }
    },
  );
  fc.assert(property, { seed: drawSeed("ring-model"), numRuns: 400 });
});
