import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Doorbell } from "./doorbell.ts";
import { compareNumberedFrame } from "./fixtures/numbered-frame.ts";
import { drawSeed, randomBelow } from "./fixtures/random.ts";
import type { StressOrder } from "./fixtures/stress-producer.ts";
import { RingConsumer } from "./ring-consumer.ts";
import { createOrOpenRingFile } from "./ring-file.ts";
import { createSharedRing, type RingMemory } from "./ring-memory.ts";

/** Frames over all cases together; a few seconds. RING_STRESS_FRAMES=100000000 is for a night. */
const { RING_STRESS_FRAMES = "1000000" } = process.env;
const FRAMES = Number(RING_STRESS_FRAMES);
/** A doorbell that missed a ring would sleep this long; a run has hundreds of thousands of chances. */
const WAKE_UP_LOST_MS = 4_000;

const directory = mkdtempSync(join(tmpdir(), "catraca-ring-stress-"));
afterAll(() => rmSync(directory, { recursive: true }));

function openFile(capacityBytes: number): { memory: RingMemory; ring: string } {
  const ring = join(directory, `${capacityBytes}.ring`);
  const opened = createOrOpenRingFile(ring, capacityBytes);
  if (opened.kind === "refused") throw new Error(opened.message);
  return { memory: opened.ring.memory, ring };
}

function openShared(
  capacityBytes: number,
  checksums: boolean,
): { memory: RingMemory; ring: SharedArrayBuffer } {
  const memory = createSharedRing(capacityBytes, { checksums });
  return { memory, ring: memory.bytes.buffer as SharedArrayBuffer }; // made from one two lines above
}

/** Small rings are full and wrap all the time, large ones let the producer run ahead. */
const CASES = [
  { name: "shared memory, 4 KiB", open: () => openShared(4096, false) },
  { name: "shared memory, 256 KiB, checksums", open: () => openShared(2 ** 18, true) },
  { name: "mapped file, 4 KiB", open: () => openFile(4096) },
  { name: "mapped file, 1 MiB", open: () => openFile(2 ** 20) },
];

/** Reads `frames` frames on this thread, blocking, and releases after random numbers of them. */
function consume(memory: RingMemory, order: StressOrder): void {
  const consumer = new RingConsumer(memory);
  const [workBell, roomBell] = [new Doorbell(order.workBell), new Doorbell(order.roomBell)];
  let releaseAt = 0;
  let lastFrameMs = performance.now();
  for (let number = 0; number < order.frames; ) {
    const silentMs = performance.now() - lastFrameMs;
    if (silentMs > WAKE_UP_LOST_MS) throw new Error(`nothing for ${silentMs} ms before frame ${number}`);
    const seen = workBell.value;
    if (!consumer.next()) {
      // Whoever sleeps with room unreleased may be waited for by the one who is to wake him.
      consumer.release();
      roomBell.ring();
      workBell.wait(seen, 5_000);
      continue;
    }
    const difference = compareNumberedFrame(consumer, order.seed, number, order.lengthMax);
    if (difference !== null) throw new Error(difference);
    number++;
    lastFrameMs = performance.now();
    if (number < releaseAt) continue;
    releaseAt = number + randomBelow(20, order.seed, number);
    consumer.release();
    roomBell.ring();
  }
  if (consumer.next()) throw new Error("more frames than were written");
  consumer.release();
}

for (const { name, open } of CASES) {
  const seed = drawSeed(`ring-stress, ${name}`);
  test(`two threads, ${name}: nothing lost, torn, reordered or doubled`, async () => {
    const { memory, ring } = open();
    // Positions wrap past 2^32 in the middle of the run.
    memory.restartAt(2 ** 32 - FRAMES);
    const order: StressOrder = {
      ring,
      workBell: new Doorbell().buffer,
      roomBell: new Doorbell().buffer,
      seed,
      frames: Math.ceil(FRAMES / CASES.length),
      lengthMax: Math.min(memory.capacityBytes / 4, 16_384),
    };
    const producer = new Worker(new URL("./fixtures/stress-producer.ts", import.meta.url).href);
    try {
      await new Promise((resolve) => producer.addEventListener("message", resolve, { once: true }));
      producer.postMessage(order);
      consume(memory, order);
    } finally {
      producer.terminate();
    }
    expect(memory.loadTail()).toBe(memory.loadHead());
  }, 600_000);
}
