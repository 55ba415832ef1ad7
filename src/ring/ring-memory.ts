import { mixWord } from "./checksum.ts";
import { distanceUnits, HEAD_WORD, HEADER_BYTES, OWNER_PID_WORD, TAIL_WORD, UNIT_SHIFT } from "./layout.ts";
import { assertCapacity, inspectHeader, writeHeader } from "./ring-header.ts";

/**
 * The memory of one ring, whichever kind it is of: a SharedArrayBuffer, or a file mapped into this process.
 * It knows the words of the header; what frames are is known to producer and consumer only.
 */
export class RingMemory {
  /** The whole memory, header included; offsets given out by producer and consumer count from its start. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Int32Array;
  readonly capacityBytes: number;
  readonly capacityUnits: number;
  /** 16 hexadecimal digits drawn when the ring was made: tells a ring from a later one in its place. */
  readonly generation: string;
  /** Whether frames carry checksums. */
  readonly isChecked: boolean;
  readonly checksumSeed: number;

  /** @throws Error if `bytes` does not hold a ring of this format: callers verify untrusted memory before */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
    const header = inspectHeader(this.words, bytes.byteLength);
    if (header.kind !== "valid") throw new Error(`This memory holds no ring: ${header.reason}`);
    this.capacityBytes = header.capacityBytes;
    this.capacityUnits = header.capacityBytes >>> UNIT_SHIFT;
    this.generation = hexadecimal(header.generationHigh) + hexadecimal(header.generationLow);
    this.isChecked = header.isChecked;
    this.checksumSeed = mixWord(mixWord(0, header.generationLow), header.generationHigh);
  }

  /** Position behind the last published frame; whoever sees it also sees the frames before it. */
  loadHead(): number {
    return Atomics.load(this.words, HEAD_WORD) >>> 0;
  }

  storeHead(position: number): void {
    Atomics.store(this.words, HEAD_WORD, position | 0);
  }

  /** Position up to which the consumer has given the room back. */
  loadTail(): number {
    return Atomics.load(this.words, TAIL_WORD) >>> 0;
  }

  storeTail(position: number): void {
    Atomics.store(this.words, TAIL_WORD, position | 0);
  }

  /** The process that last opened the file, 0 if it closed it properly. Advice for people, not a lock. */
  loadOwnerPid(): number {
    return Atomics.load(this.words, OWNER_PID_WORD);
  }

  storeOwnerPid(pid: number): void {
    Atomics.store(this.words, OWNER_PID_WORD, pid);
  }

  /** Whether head and tail can belong together; a power failure can leave a pair that does not. */
  hasPlausiblePositions(): boolean {
    for (;;) {
      const tail = this.loadTail();
      const head = this.loadHead();
      // In a ring that is in use, the head may run a lap ahead of a tail that was read before it.
      if (tail === this.loadTail()) return distanceUnits(tail, head) <= this.capacityUnits;
    }
  }

  /**
   * Empties the ring and lets positions go on from `position`. Only for the one process that owns the ring,
   * before it makes a producer or consumer: both keep copies of what is overwritten here.
   */
  restartAt(position: number): void {
    this.storeTail(position);
    this.storeHead(position);
  }
}

export interface SharedRingOptions {
  /** Default false: memory of one process is never torn once published, so checksums find nothing there. */
  readonly checksums?: boolean;
}

/**
 * Makes an empty ring in a new SharedArrayBuffer. Send `ring.bytes.buffer` to the other thread, which calls
 * `attachSharedRing`.
 *
 * @throws RangeError if the capacity is not a power of two from 64 to 2^30
 */
export function createSharedRing(capacityBytes: number, options: SharedRingOptions = {}): RingMemory {
  assertCapacity(capacityBytes);
  const bytes = new Uint8Array(new SharedArrayBuffer(HEADER_BYTES + capacityBytes));
  writeHeader(new Int32Array(bytes.buffer), capacityBytes, options.checksums ?? false);
  return new RingMemory(bytes);
}

/** The same ring in another thread. */
export function attachSharedRing(buffer: SharedArrayBuffer): RingMemory {
  return new RingMemory(new Uint8Array(buffer));
}

function hexadecimal(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
