import { Doorbell } from "../../src/ring/doorbell.ts";
import { RingConsumer } from "../../src/ring/ring-consumer.ts";
import { attachRingFile } from "../../src/ring/ring-file.ts";
import { attachSharedRing, type RingMemory } from "../../src/ring/ring-memory.ts";

/** The consuming thread of ring.ts: says "ready", takes in what its order says, says "done". */
export interface ConsumerOrder {
  /** Null: frames come as messages. */
  readonly ring: SharedArrayBuffer | string | null;
  readonly workBell: SharedArrayBuffer;
  readonly roomBell: SharedArrayBuffer;
  /** How many frames will come. */
  readonly frames: number;
  /** One time in µs per frame is written there; absent where only the rate is measured. */
  readonly latenciesUs?: SharedArrayBuffer;
}

/** The size of a payment's task, the most frequent frame. */
export const FRAME_BYTES = 48;
const WAIT_MS = 1_000;
/** Released in portions, as a store thread does after each commit. */
const FRAMES_PER_RELEASE = 1_000;

/** Microseconds on a clock that all threads share: each thread's own starts at 0 when the thread does. */
export function nowUs(): number {
  return (performance.timeOrigin + performance.now()) * 1_000;
}

function consume(memory: RingMemory, order: ConsumerOrder): void {
  const consumer = new RingConsumer(memory);
  const [workBell, roomBell] = [new Doorbell(order.workBell), new Doorbell(order.roomBell)];
  const latenciesUs = order.latenciesUs ? new Float64Array(order.latenciesUs) : undefined;
  for (let count = 0; count < order.frames; ) {
    const seen = workBell.value;
    const before = count;
    while (count < before + FRAMES_PER_RELEASE && consumer.next()) {
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

/** Messages carry one frame or several; each counts. */
function receive(order: ConsumerOrder, done: () => void): (event: MessageEvent<Uint8Array>) => void {
  const latenciesUs = order.latenciesUs ? new Float64Array(order.latenciesUs) : undefined;
  let count = 0;
  return ({ data }) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (latenciesUs) latenciesUs[count] = nowUs() - view.getFloat64(0, true);
    count += data.byteLength / FRAME_BYTES;
    if (count >= order.frames) done();
  };
}

if (!Bun.isMainThread) {
  self.onmessage = ({ data: order }: MessageEvent<ConsumerOrder>) => {
    const done = () => postMessage("done");
    const memory = order.ring === null ? null : attach(order.ring);
    if (memory === null) self.onmessage = receive(order, done);
    postMessage("ready");
    if (memory === null) return;
    consume(memory, order);
    done();
  };
  postMessage("ready");
}
