/**
 * A log whose bytes were changed anywhere, and frames that hold anything: what is read is what was written, up to a
 * clean end; never a hang, a read outside of the memory or a frame that nobody wrote.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROCESSOR_NAMES } from "../domain/processor.ts";
import { compareNumberedFrame, writeNumberedFrame } from "./fixtures/numbered-frame.ts";
import { drawSeed, randomBelow, randomInt } from "./fixtures/random.ts";
import { readAttempt, readJson, readPaymentTask } from "./frames.ts";
import { HEADER_BYTES } from "./layout.ts";
import { cutUnreadable, resumeRing } from "./resume-ring.ts";
import { RingConsumer } from "./ring-consumer.ts";
import { RingCorruptError } from "./ring-corrupt-error.ts";
import { attachRingFile, createOrOpenRingFile } from "./ring-file.ts";
import { inspectHeader } from "./ring-header.ts";
import { RingMemory } from "./ring-memory.ts";
import { RingProducer } from "./ring-producer.ts";

const { FUZZ_SECONDS = "1" } = process.env;
const FUZZ_MS = Number(FUZZ_SECONDS) * 1000;
const TIMEOUT_MS = FUZZ_MS + 60_000;
const CAPACITY_BYTES = 16 * 1024;
const LENGTH_MAX = 2048;
/** More frames than fit: a scan that sees more runs in circles. */
const FRAMES_MAX = CAPACITY_BYTES / 8;

const seed = drawSeed("ring-fuzz");
const directory = mkdtempSync(join(tmpdir(), "catraca-ring-fuzz-"));
const path = join(directory, "a.ring");
afterAll(() => rmSync(directory, { recursive: true }));

/** The numbers of one case: what it does follows from the seed and its own number. */
function chooserOf(caseNumber: number): (limit: number) => number {
  let draws = 0;
  return (limit) => randomBelow(limit, seed ^ Math.imul(caseNumber, 0x85ebca6b), ++draws);
}

interface Log {
  readonly bytes: Buffer;
  /** Up to where a database has taken it in, and the number of the frame that stands there. */
  readonly committed: { readonly generation: string; readonly position: number };
  readonly nextNumber: number;
  /** The number of the frame at each position where one begins. */
  readonly numbers: ReadonlyMap<number, number>;
}

/** A log in a file, wrapped several times, with frames that are still to be taken in. */
function makeLog(): Log {
  rmSync(path, { force: true });
  const opened = createOrOpenRingFile(path, CAPACITY_BYTES);
  if (opened.kind === "refused") throw new Error(opened.message);
  const { ring } = opened;
  const [producer, consumer] = [new RingProducer(ring.memory), new RingConsumer(ring.memory)];
  const numbers = new Map<number, number>();
  let taken = 0;
  for (let number = 0; number < 400; number++) {
    while (!writeNumberedFrame(producer, seed, number, LENGTH_MAX)) {
      // Half of what waits is taken in, and half of that given back.
      for (let count = 0; count < 5 && consumer.next(); count++) taken++;
      consumer.release();
    }
    producer.publish();
  }
  const committed = { generation: ring.memory.generation, position: consumer.cursor };
  for (let number = taken, position = consumer.cursor; consumer.next(); number++) {
    numbers.set(position, number);
    position = consumer.cursor;
  }
  const bytes = Buffer.from(readFileSync(path));
  ring.close();
  return { bytes, committed, nextNumber: taken, numbers };
}

/** Changes bytes of a copy anywhere: single bits, noise, zeros, older data, the words of the header. */
function damage(bytes: Buffer, below: (limit: number) => number): Buffer {
  const damaged = Buffer.from(bytes);
  for (let times = 1 + below(3); times > 0; times--) {
    const at = below(4) === 0 ? below(512) : below(damaged.length);
    const length = Math.min(damaged.length - at, 1 + below([4, 64, 4096][below(3)] ?? 1));
    switch (below(5)) {
      case 0:
        damaged[at] = (damaged[at] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        for (let offset = 0; offset < length; offset++) damaged[at + offset] = below(256);
        break;
      case 2:
        damaged.fill(0, at, at + length);
        break;
      case 3:
        damaged.copy(damaged, at, below(damaged.length), damaged.length);
        break;
      default:
        damaged.writeInt32LE(below(2) === 0 ? below(2 ** 16) : randomInt(seed, below(2 ** 30)), at & ~3);
    }
  }
  return damaged;
}

/** Resumes and reads everything as the store thread does. @returns what is wrong, or null */
function readDamaged(memory: RingMemory, log: Log): string | null {
  const knows = memory.generation === log.committed.generation;
  const { position } = resumeRing(memory, log.committed);
  cutUnreadable(memory, position);
  const consumer = new RingConsumer(memory);
  consumer.seek(position);
  // From another ring's tail on nothing is known of what should come; but what comes must have been written.
  let expected = knows && position === log.committed.position ? log.nextNumber : undefined;
  let frames = 0;
  for (let before = consumer.cursor; consumer.next(); before = consumer.cursor) {
    if (++frames > FRAMES_MAX) return "it reads in circles";
    if (consumer.offset + consumer.length > memory.bytes.length) return "a frame ends outside of the memory";
    expected ??= log.numbers.get(before);
    if (expected === undefined) return `a frame at ${before}, where none was written`;
    const difference = compareNumberedFrame(consumer, seed, expected++, LENGTH_MAX);
    if (difference !== null) return difference;
  }
  consumer.release();
  return canGoOn(memory) ? null : "it takes no frame any more";
}

function canGoOn(memory: RingMemory): boolean {
  const [producer, consumer] = [new RingProducer(memory), new RingConsumer(memory)];
  consumer.seek(consumer.readablePosition);
  consumer.release();
  return producer.write(5, Uint8Array.of(7)) && consumer.next() && consumer.kind === 5;
}

describe("a log that was damaged", () => {
  test(
    "anywhere: what is read was written",
    () => {
      const log = makeLog();
      expect(log.numbers.size).toBeGreaterThan(20);
      const endAt = performance.now() + FUZZ_MS;
      const verdicts = new Map<string, number>();
      for (let number = 1; performance.now() < endAt; number++) {
        const damaged = damage(log.bytes, chooserOf(number));
        const bytes = new Uint8Array(new SharedArrayBuffer(damaged.length));
        bytes.set(damaged);
        const verdict = inspectHeader(new Int32Array(bytes.buffer), bytes.length).kind;
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
        if (verdict !== "valid") continue;
        const fault = readDamaged(new RingMemory(bytes), log);
        if (fault !== null) throw new Error(`TEST_SEED=${seed}, case ${number}: ${fault}`);
      }
      console.log(JSON.stringify(Object.fromEntries(verdicts)));
      expect(verdicts.get("valid") ?? 0).toBeGreaterThan(10);
    },
    TIMEOUT_MS,
  );

  test(
    "or cut: the file is refused, or read like that",
    () => {
      const log = makeLog();
      for (let number = 1; number <= 60; number++) {
        const below = chooserOf(1_000_000 + number);
        const damaged = damage(log.bytes, below);
        const end = below(3) === 0 ? below(damaged.length + 1) : damaged.length;
        writeFileSync(path, damaged.subarray(0, end));
        const attached = attachRingFile(path);
        if (attached.kind === "refused") {
          expect(attached.code).toMatch(/^RING_(?:FOREIGN|VERSION|DAMAGED)$/);
          continue;
        }
        expect(end).toBe(HEADER_BYTES + CAPACITY_BYTES);
        const fault = readDamaged(attached.memory, log);
        if (fault !== null) throw new Error(`TEST_SEED=${seed}, case ${1_000_000 + number}: ${fault}`);
      }
    },
    TIMEOUT_MS,
  );

  test(
    "under a reader that is in the middle of it: an error, or the end",
    () => {
      const log = makeLog();
      for (let number = 1; number <= 2_000; number++) {
        const below = chooserOf(2_000_000 + number);
        const bytes = new Uint8Array(new SharedArrayBuffer(log.bytes.length));
        bytes.set(log.bytes);
        const memory = new RingMemory(bytes);
        const consumer = new RingConsumer(memory);
        consumer.seek(log.committed.position);
        for (let count = below(10); count > 0; count--) consumer.next();
        // Behind the static part, which was looked at when the ring was opened.
        bytes.set(damage(log.bytes, below).subarray(128), 128);
        const before = consumer.cursor;
        try {
          for (let frames = 0; consumer.next(); frames++) {
            expect(frames).toBeLessThan(FRAMES_MAX);
            expect(consumer.offset + consumer.length).toBeLessThanOrEqual(bytes.length);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(RingCorruptError);
        }
        expect((consumer.cursor - before) >>> 0).toBeLessThanOrEqual(memory.capacityUnits);
      }
    },
    TIMEOUT_MS,
  );
});

test(
  "frames of noise are read as what their types allow, or thrown out",
  () => {
    const bytes = new Uint8Array(512);
    const view = new DataView(bytes.buffer);
    for (let number = 1; number <= 20_000; number++) {
      const below = chooserOf(3_000_000 + number);
      for (let at = 0; at < bytes.length; at += 4) view.setInt32(at, randomInt(seed ^ number, at), true);
      // Otherwise nearly every one would name no processor.
      if (below(2) === 0) view.setUint32(32, below(2 ** 16), true);
      const task = readPaymentTask(view, bytes, 0);
      expect([null, ...PROCESSOR_NAMES]).toContain(task.assigned);
      expect(typeof task.uncertain).toBe("boolean");
      try {
        const attempt = readAttempt(view, bytes, 0);
        expect(PROCESSOR_NAMES).toContain(attempt.processor);
        expect(["settled", "declined", "refused", "failed", "unknown"]).toContain(attempt.kind);
      } catch (error) {
        expect(String(error)).toContain("without processor or outcome");
      }
      // Noise is no JSON but for the odd digit; whichever, it ends.
      expect(() => {
        try {
          readJson(bytes, 0, below(bytes.length));
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
        }
      }).not.toThrow();
    }
  },
  TIMEOUT_MS,
);
