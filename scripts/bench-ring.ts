/**
 * Measures the rings between two threads: frames per second, and the time from producer to a consumer that
 * sleeps at the doorbell. Takes about 10 s.
 *
 *   bun scripts/bench-ring.ts [--json]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Doorbell } from "../src/ring/doorbell.ts";
import { RingConsumer } from "../src/ring/ring-consumer.ts";
import { attachRingFile, createOrOpenRingFile } from "../src/ring/ring-file.ts";
import { attachSharedRing, createSharedRing, type RingMemory } from "../src/ring/ring-memory.ts";
import { RingProducer } from "../src/ring/ring-producer.ts";
import { sleepMs } from "../src/ring/sleep.ts";

const CAPACITY_BYTES = 2 ** 20;
/** The size of a payment's task, the most frequent frame. */
const FRAME_BYTES = 48;
const FRAME_KIND = 1;
const THROUGHPUT_FRAMES = 4_000_000;
const LATENCY_FRAMES = 8_000;
/** Long enough for the consumer to be asleep again when the next frame comes. */
const LATENCY_PAUSE_MS = 0.15;
const WAIT_MS = 1_000;

/** What the consuming thread is told: which ring, and how many frames will come. */
interface ConsumerOrder {
  readonly ring: SharedArrayBuffer | string;
  readonly workBell: SharedArrayBuffer;
  readonly roomBell: SharedArrayBuffer;
  readonly frames: number;
  /** One time in µs per frame is written there; absent where only the rate is measured. */
  readonly latenciesUs?: SharedArrayBuffer;
}

interface BenchRing {
  readonly name: string;
  readonly memory: RingMemory;
  readonly ring: SharedArrayBuffer | string;
}

interface ThroughputRow {
  readonly ring: string;
  readonly framesPerPublish: number;
  readonly framesPerSecond: number;
}

interface LatencyRow {
  readonly ring: string;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

/** Microseconds on a clock that all threads share: each thread's own starts at 0 when the thread does. */
function nowUs(): number {
  return (performance.timeOrigin + performance.now()) * 1_000;
}

function consume(order: ConsumerOrder): void {
  const consumer = new RingConsumer(attach(order.ring));
  const [workBell, roomBell] = [new Doorbell(order.workBell), new Doorbell(order.roomBell)];
  const latenciesUs = order.latenciesUs ? new Float64Array(order.latenciesUs) : undefined;
  for (let count = 0; count < order.frames; ) {
    const seen = workBell.value;
    const before = count;
    // Released in portions, as a store thread does after each commit.
    while (count < before + 1_000 && consumer.next()) {
      if (latenciesUs) latenciesUs[count] = nowUs() - consumer.view.getFloat64(consumer.offset, true);
      count++;
    }
    consumer.release();
    roomBell.ring();
    if (count === before) workBell.wait(seen, WAIT_MS);
  }
}

function attach(ring: SharedArrayBuffer | string): RingMemory {
  if (typeof ring !== "string") return attachSharedRing(ring);
  const attached = attachRingFile(ring);
  if (attached.kind === "refused") throw new Error(attached.message);
  return attached.memory;
}

function produce(memory: RingMemory, order: ConsumerOrder, framesPerPublish: number, pauseMs: number): void {
  const producer = new RingProducer(memory);
  const [workBell, roomBell] = [new Doorbell(order.workBell), new Doorbell(order.roomBell)];
  for (let count = 0; count < order.frames; ) {
    if (pauseMs > 0) sleepMs(pauseMs);
    const seen = roomBell.value;
    const offset = producer.begin(FRAME_KIND, FRAME_BYTES);
    if (offset >= 0) {
      producer.view.setFloat64(offset, pauseMs > 0 ? nowUs() : count, true);
      producer.end();
      count++;
      if (count % framesPerPublish !== 0 && count < order.frames) continue;
    }
    producer.publish();
    workBell.ring();
    if (offset < 0) roomBell.wait(seen, WAIT_MS);
  }
}

/** Runs one consumer in a thread of its own against this thread as producer; returns the seconds it took. */
async function run(
  bench: BenchRing,
  frames: number,
  framesPerPublish: number,
  pauseMs: number,
  latenciesUs?: SharedArrayBuffer,
): Promise<number> {
  const order: ConsumerOrder = {
    ring: bench.ring,
    workBell: new Doorbell().buffer,
    roomBell: new Doorbell().buffer,
    frames,
    ...(latenciesUs ? { latenciesUs } : {}),
  };
  const worker = new Worker(import.meta.url);
  const nextMessage = () =>
    new Promise((resolve) => worker.addEventListener("message", resolve, { once: true }));
  try {
    await nextMessage();
    worker.postMessage(order);
    const startUs = nowUs();
    const done = nextMessage();
    produce(bench.memory, order, framesPerPublish, pauseMs);
    await done;
    return (nowUs() - startUs) / 1e6;
  } finally {
    worker.terminate();
  }
}

async function measureThroughput(bench: BenchRing, framesPerPublish: number): Promise<ThroughputRow> {
  // Once for the compiler.
  await run(bench, THROUGHPUT_FRAMES / 10, framesPerPublish, 0);
  const seconds = await run(bench, THROUGHPUT_FRAMES, framesPerPublish, 0);
  return { ring: bench.name, framesPerPublish, framesPerSecond: Math.round(THROUGHPUT_FRAMES / seconds) };
}

async function measureLatency(bench: BenchRing): Promise<LatencyRow> {
  const memory = new SharedArrayBuffer(LATENCY_FRAMES * 8);
  await run(bench, LATENCY_FRAMES, 1, LATENCY_PAUSE_MS, memory);
  const sortedUs = new Float64Array(memory).slice().sort();
  const atShare = (share: number): number => {
    const index = Math.min(LATENCY_FRAMES - 1, Math.floor(share * LATENCY_FRAMES));
    return Math.round((sortedUs[index] ?? 0) * 10) / 10;
  };
  return {
    ring: bench.name,
    p50Us: atShare(0.5),
    p90Us: atShare(0.9),
    p99Us: atShare(0.99),
    p999Us: atShare(0.999),
    maxUs: atShare(1),
  };
}

function sharedRing(name: string, checksums: boolean): BenchRing {
  const memory = createSharedRing(CAPACITY_BYTES, { checksums });
  return { name, memory, ring: memory.bytes.buffer as SharedArrayBuffer }; // made as one in the line above
}

function mappedRing(directory: string): BenchRing {
  const ring = join(directory, "bench.ring");
  const opened = createOrOpenRingFile(ring, CAPACITY_BYTES);
  if (opened.kind === "refused") throw new Error(opened.message);
  return { name: "mapped file", memory: opened.ring.memory, ring };
}

async function main(isJson: boolean): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "catraca-bench-ring-"));
  try {
    const [shared, checked] = [sharedRing("shared memory", false), sharedRing("shared, checksums", true)];
    const mapped = mappedRing(directory);
    const throughput: ThroughputRow[] = [];
    for (const bench of [shared, checked, mapped]) {
      for (const framesPerPublish of [1, 16])
        throughput.push(await measureThroughput(bench, framesPerPublish));
    }
    const latency: LatencyRow[] = [];
    for (const bench of [shared, mapped]) latency.push(await measureLatency(bench));
    if (isJson) return console.log(JSON.stringify({ frameBytes: FRAME_BYTES, throughput, latency }));
    console.log(`Frames of ${FRAME_BYTES} bytes per second, one thread to another, ring of 1 MiB`);
    console.table(throughput);
    console.log(`From producer to a consumer asleep at its doorbell, ${LATENCY_FRAMES} frames, microseconds`);
    console.table(latency);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

if (Bun.isMainThread) {
  await main(process.argv.includes("--json"));
} else {
  self.onmessage = (event: MessageEvent<ConsumerOrder>) => {
    consume(event.data);
    postMessage("done");
  };
  postMessage("ready");
}
