import { join } from "node:path";
import { Doorbell } from "../../src/ring/doorbell.ts";
import { createOrOpenRingFile } from "../../src/ring/ring-file.ts";
import { createSharedRing, type RingMemory } from "../../src/ring/ring-memory.ts";
import { RingProducer } from "../../src/ring/ring-producer.ts";
import { sleepMs } from "../../src/ring/sleep.ts";
import { type Effort, type Family, type Outcome, repeat } from "./family.ts";
import { type Figure, percentile } from "./figure.ts";
import { latencyChart } from "./latency-chart.ts";
import { countLatencies } from "./latency-histogram.ts";
import { makeDirectory, removeDirectory } from "./processes.ts";
import { type ConsumerOrder, FRAME_BYTES, nowUs } from "./ring-consumer-worker.ts";

/** The rings between two threads: frames per second, and the time to a consumer that sleeps at the doorbell. */
const CAPACITY_BYTES = 2 ** 20;
const FRAME_KIND = 1;
const THROUGHPUT_FRAMES = 2_000_000;
/** Nothing holds a sender of messages back: what is not read yet is in memory. */
const MESSAGES = 100_000;
const LATENCY_FRAMES = 4_000;
/** Long enough for the consumer to be asleep again when the next frame comes. */
const LATENCY_PAUSE_MS = 0.15;
const WAIT_MS = 1_000;

interface Round {
  readonly sharedOne: number;
  readonly sharedMany: number;
  readonly mappedOne: number;
  readonly mappedMany: number;
  readonly messageOne: number;
  readonly messageMany: number;
  readonly mappedUs: readonly number[];
  readonly messageUs: readonly number[];
}

const PER_PUBLISH = 16;

export const ring: Family = {
  name: "ring",
  about: "frames/s and latency between two threads, beside postMessage",
  seconds: 40,
  run: async (effort) => {
    const directory = makeDirectory();
    try {
      return outcomeOf(await repeat(effort, () => measure(directory, effort)));
    } finally {
      removeDirectory(directory);
    }
  },
};

async function measure(directory: string, { isQuick }: Effort): Promise<Round> {
  const less = isQuick ? 10 : 1;
  const shared = sharedRing();
  const mapped = mappedRing(directory);
  const rate = async (bench: BenchRing | null, perPublish: number) => {
    const frames = (bench === null ? MESSAGES : THROUGHPUT_FRAMES) / less;
    // Once for the compiler.
    await run(bench, frames / 10, perPublish, 0);
    return frames / (await run(bench, frames, perPublish, 0));
  };
  const latencies = async (bench: BenchRing | null) => {
    const memory = new SharedArrayBuffer((LATENCY_FRAMES / less) * 8);
    await run(bench, LATENCY_FRAMES / less, 1, LATENCY_PAUSE_MS, memory);
    return [...new Float64Array(memory)];
  };
  return {
    sharedOne: await rate(shared, 1),
    sharedMany: await rate(shared, PER_PUBLISH),
    mappedOne: await rate(mapped, 1),
    mappedMany: await rate(mapped, PER_PUBLISH),
    messageOne: await rate(null, 1),
    messageMany: await rate(null, PER_PUBLISH),
    mappedUs: await latencies(mapped),
    messageUs: await latencies(null),
  };
}

interface BenchRing {
  readonly memory: RingMemory;
  readonly ring: SharedArrayBuffer | string;
}

function sharedRing(): BenchRing {
  const memory = createSharedRing(CAPACITY_BYTES);
  return { memory, ring: memory.bytes.buffer as SharedArrayBuffer }; // made as one in the line above
}

function mappedRing(directory: string): BenchRing {
  const ring = join(directory, `bench-${performance.now()}.ring`);
  const opened = createOrOpenRingFile(ring, CAPACITY_BYTES);
  if (opened.kind === "refused") throw new Error(opened.message);
  return { memory: opened.ring.memory, ring };
}

/**
 * Runs one consumer in a thread of its own against this thread as producer; returns the seconds it took.
 * @param bench null: through postMessage
 */
async function run(
  bench: BenchRing | null,
  frames: number,
  framesPerPublish: number,
  pauseMs: number,
  latenciesUs?: SharedArrayBuffer,
): Promise<number> {
  const order: ConsumerOrder = {
    ring: bench?.ring ?? null,
    workBell: new Doorbell().buffer,
    roomBell: new Doorbell().buffer,
    frames,
    ...(latenciesUs ? { latenciesUs } : {}),
  };
  const worker = new Worker(new URL("./ring-consumer-worker.ts", import.meta.url).href);
  const nextMessage = () =>
    new Promise((resolve) => worker.addEventListener("message", resolve, { once: true }));
  try {
    await nextMessage();
    const ready = nextMessage();
    worker.postMessage(order);
    await ready;
    const startUs = nowUs();
    const done = nextMessage();
    if (bench === null) send(worker, frames, framesPerPublish, pauseMs);
    else produce(bench.memory, order, framesPerPublish, pauseMs);
    await done;
    return (nowUs() - startUs) / 1e6;
  } finally {
    worker.terminate();
  }
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

/** The same frames as messages, which are copied: as many in one as a publish has. */
function send(worker: Worker, frames: number, framesPerMessage: number, pauseMs: number): void {
  const bytes = new Uint8Array(FRAME_BYTES * framesPerMessage);
  const view = new DataView(bytes.buffer);
  for (let count = 0; count < frames; count += framesPerMessage) {
    if (pauseMs > 0) sleepMs(pauseMs);
    view.setFloat64(0, pauseMs > 0 ? nowUs() : count, true);
    worker.postMessage(bytes);
  }
}

function outcomeOf(rounds: readonly Round[]): Outcome {
  const message = "postMessage of the same frames";
  const rate = (name: string, of: (round: Round) => number, yardstick: (round: Round) => number): Figure => ({
    name: `ring: ${name}`,
    unit: "frames/s",
    values: rounds.map(of),
    yardstick: { name: message, values: rounds.map(yardstick) },
    goal: null,
    note: `frames of ${FRAME_BYTES} bytes, thread to thread`,
  });
  const latency = (share: number, label: string): Figure => ({
    name: `ring: ${label} to a sleeping consumer, mapped file`,
    unit: "µs",
    values: rounds.map(({ mappedUs }) => percentile(sorted(mappedUs), share)),
    yardstick: { name: message, values: rounds.map(({ messageUs }) => percentile(sorted(messageUs), share)) },
    goal: null,
    note: "",
  });
  const counts = (of: (round: Round) => readonly number[]) =>
    rounds.map((round) => countLatencies(of(round).map((us) => us / 1000)));
  return {
    figures: [
      rate(
        "shared memory, published one by one",
        (r) => r.sharedOne,
        (r) => r.messageOne,
      ),
      rate(
        `shared memory, by ${PER_PUBLISH}`,
        (r) => r.sharedMany,
        (r) => r.messageMany,
      ),
      rate(
        "mapped file, published one by one",
        (r) => r.mappedOne,
        (r) => r.messageOne,
      ),
      rate(
        `mapped file, by ${PER_PUBLISH}`,
        (r) => r.mappedMany,
        (r) => r.messageMany,
      ),
      latency(0.5, "p50"),
      latency(0.99, "p99"),
    ],
    plots: [
      {
        file: "ring-latency",
        alt: "Histogram of the time from producer to a sleeping consumer, ring in a mapped file beside postMessage",
        chart: latencyChart("From one thread to another that sleeps", [
          { name: "ring, mapped file", role: "ours", counts: counts(({ mappedUs }) => mappedUs) },
          { name: "postMessage", role: "yardstick", counts: counts(({ messageUs }) => messageUs) },
        ]),
      },
    ],
  };
}

const sorted = (values: readonly number[]) => [...values].sort((one, other) => one - other);
