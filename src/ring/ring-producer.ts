import { checksumFrame } from "./checksum.ts";
import {
  distanceUnits,
  FRAME_HEADER_BYTES,
  frameUnits,
  HEADER_BYTES,
  KIND_MAX,
  payloadBytesMax,
  SKIP_KIND,
  UNIT_BYTES,
  WORD_SHIFT,
} from "./layout.ts";
import type { RingMemory } from "./ring-memory.ts";

/**
 * The writing end of a ring; there is exactly one per ring.
 *
 *   begin ──► payload is written in place ──► end ──► … more frames … ──► publish
 *             (open)                          (sealed)                    (visible, acknowledgeable)
 *
 * A frame that was begun and not ended vanishes with the next `begin`. A frame that was sealed and not
 * published vanishes with the process.
 */
export class RingProducer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The largest payload this ring takes: a quarter of its capacity, at most 1 MiB. */
  readonly payloadBytesMax: number;

  readonly #memory: RingMemory;
  readonly #words: Int32Array;
  readonly #capacityUnits: number;
  readonly #indexMask: number;
  #position: number;
  #publishedPosition: number;
  /** The tail as last seen: the true one is never behind it, so room counted from it is really there. */
  #tailSeen: number;
  /** Size of the frame between `begin` and `end`; 0 when there is none. */
  #openUnits = 0;

  /** Goes on behind what is published already, as after a restart over a mapped file. */
  constructor(memory: RingMemory) {
    this.bytes = memory.bytes;
    this.view = memory.view;
    this.payloadBytesMax = payloadBytesMax(memory.capacityBytes);
    this.#memory = memory;
    this.#words = memory.words;
    this.#capacityUnits = memory.capacityUnits;
    this.#indexMask = memory.capacityUnits - 1;
    this.#position = memory.loadHead();
    this.#publishedPosition = this.#position;
    this.#tailSeen = memory.loadTail();
    if (!memory.hasPlausiblePositions())
      throw new Error("The ring's head is not above its tail: resume it first");
  }

  /** Position behind the last sealed frame. */
  get position(): number {
    return this.#position;
  }

  /** Position behind the last frame that the consumer may see. */
  get publishedPosition(): number {
    return this.#publishedPosition;
  }

  /** Bytes between the head as sealed and the tail as it is now; a frame needs 8 more than its payload. */
  get freeBytes(): number {
    return (this.#capacityUnits - this.#usedUnits()) * UNIT_BYTES;
  }

  /** How full the ring is, 0 to 1. */
  get fillRatio(): number {
    return this.#usedUnits() / this.#capacityUnits;
  }

  /**
   * Opens a frame and returns the byte offset of its payload in `bytes` and `view`, or -1 when the ring is
   * full. The caller writes `byteLength` bytes there, not one more, and calls `end`.
   *
   * @param kind 1 to 255
   * @throws RangeError if kind or length cannot be: the caller's bug
   */
  begin(kind: number, byteLength: number): number {
    if (kind >>> 0 !== kind || kind === SKIP_KIND || kind > KIND_MAX) {
      throw new RangeError(`A frame's kind is an integer from 1 to ${KIND_MAX}, not ${kind}`);
    }
    if (byteLength >>> 0 !== byteLength || byteLength > this.payloadBytesMax) {
      throw new RangeError(
        `A payload of this ring has 0 to ${this.payloadBytesMax} bytes, not ${byteLength}`,
      );
    }
    const units = frameUnits(byteLength);
    const unitsToEnd = this.#capacityUnits - (this.#position & this.#indexMask);
    const skipUnits = units > unitsToEnd ? unitsToEnd : 0;
    this.#openUnits = 0;
    if (!this.#hasRoom(skipUnits + units)) return -1;
    if (skipUnits > 0) {
      this.#open(SKIP_KIND, skipUnits * UNIT_BYTES - FRAME_HEADER_BYTES, skipUnits);
      this.end();
    }
    return this.#open(kind, byteLength, units);
  }

  /**
   * Seals the open frame: it will be published with the next `publish`.
   *
   * @throws Error if no frame is open: the caller's bug
   */
  end(): void {
    const units = this.#openUnits;
    if (units === 0) throw new Error("end() without begin(), or after a begin() that returned -1");
    if (this.#memory.isChecked) {
      const words = this.#words;
      const at = this.#wordIndex();
      const header = words[at] ?? 0;
      // Padding is checked as it happens to be. What a skip frame covers is up to 1 MiB of an older lap:
      // there only the header counts.
      const endWord = header >>> 24 === SKIP_KIND ? at + 2 : at + units * 2;
      words[at + 1] = checksumFrame(
        this.#memory.checksumSeed,
        this.#position,
        header,
        words,
        at + 2,
        endWord,
      );
    }
    this.#position = (this.#position + units) >>> 0;
    this.#openUnits = 0;
  }

  /**
   * Makes all sealed frames visible. Once it has returned, frames in a mapped file survive the death of
   * this process. Ring the doorbell afterwards.
   */
  publish(): void {
    if (this.#publishedPosition === this.#position) return;
    this.#publishedPosition = this.#position;
    this.#memory.storeHead(this.#position);
  }

  /** Writes and publishes one frame, together with any sealed before; false when the ring is full. */
  write(kind: number, payload: Uint8Array): boolean {
    const offset = this.begin(kind, payload.byteLength);
    if (offset < 0) return false;
    this.bytes.set(payload, offset);
    this.end();
    this.publish();
    return true;
  }

  #open(kind: number, byteLength: number, units: number): number {
    const words = this.#words;
    const at = this.#wordIndex();
    words[at] = (kind << 24) | byteLength;
    this.#openUnits = units;
    return (at << WORD_SHIFT) + FRAME_HEADER_BYTES;
  }

  #wordIndex(): number {
    return (HEADER_BYTES >>> WORD_SHIFT) + (this.#position & this.#indexMask) * (UNIT_BYTES >>> WORD_SHIFT);
  }

  /** Looks at the shared tail only where the copy does not suffice: its cache line belongs to the consumer. */
  #hasRoom(units: number): boolean {
    const unitsMax = this.#capacityUnits - units;
    if (distanceUnits(this.#tailSeen, this.#position) <= unitsMax) return true;
    return this.#usedUnits() <= unitsMax;
  }

  #usedUnits(): number {
    this.#tailSeen = this.#memory.loadTail();
    return distanceUnits(this.#tailSeen, this.#position);
  }
}
