import { checksumFrame } from "./checksum.ts";
import {
  distanceUnits,
  FRAME_HEADER_BYTES,
  frameUnits,
  HEADER_BYTES,
  SKIP_KIND,
  UNIT_BYTES,
  WORD_SHIFT,
} from "./layout.ts";
import { RingCorruptError } from "./ring-corrupt-error.ts";
import type { RingMemory } from "./ring-memory.ts";

/**
 * The reading end of a ring; there is exactly one that releases.
 *
 *        tail                cursor               head
 *   ──────┼────────────────────┼────────────────────┼──────────►  positions
 *   free  │ read, not released │ published, unread  │ free, or being written
 *
 * `next` moves the cursor, `release` the tail. What was read stays readable until it is released: a
 * transaction that fails can `seek` back and read its frames again.
 */
export class RingConsumer {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  readonly #memory: RingMemory;
  readonly #words: Int32Array;
  readonly #indexMask: number;
  #kind = 0;
  #offset = 0;
  #length = 0;
  #cursor: number;
  #tail: number;
  /** The head as last seen: the true one is never behind it. */
  #headSeen: number;

  /** Stands at the tail: the first frame that was not given back. */
  constructor(memory: RingMemory) {
    this.bytes = memory.bytes;
    this.view = memory.view;
    this.#memory = memory;
    this.#words = memory.words;
    this.#indexMask = memory.capacityUnits - 1;
    this.#tail = memory.loadTail();
    this.#cursor = this.#tail;
    this.#headSeen = memory.loadHead();
    if (!memory.hasPlausiblePositions())
      throw new Error("The ring's head is not above its tail: resume it first");
  }

  /** Kind of the frame that `next` moved to, 1 to 255. */
  get kind(): number {
    return this.#kind;
  }

  /** Byte offset of its payload in `bytes` and `view`. */
  get offset(): number {
    return this.#offset;
  }

  /** Length of its payload in bytes. */
  get length(): number {
    return this.#length;
  }

  /** Position behind the frame that `next` moved to: what a database stores as taken in. */
  get cursor(): number {
    return this.#cursor;
  }

  /** The head, looked at anew: position behind the last published frame. */
  get readablePosition(): number {
    this.#headSeen = this.#memory.loadHead();
    return this.#headSeen;
  }

  /**
   * Moves to the next published frame and shows it in `kind`, `offset` and `length`; false when there is
   * none. The frame's bytes stay as they are until `release`.
   *
   * @throws RingCorruptError if what stands there was not sealed by the producer; the cursor stays
   */
  next(): boolean {
    for (;;) {
      const position = this.#cursor;
      if (position === this.#headSeen && position === this.#refreshHead()) return false;
      const at = (HEADER_BYTES >>> WORD_SHIFT) + (position & this.#indexMask) * (UNIT_BYTES >>> WORD_SHIFT);
      const header = this.#words[at] ?? 0;
      const length = header & 0xffffff;
      const units = this.#verify(position, at, header, length);
      this.#cursor = (position + units) >>> 0;
      if (header >>> 24 === SKIP_KIND) continue;
      this.#kind = header >>> 24;
      this.#offset = (at << WORD_SHIFT) + FRAME_HEADER_BYTES;
      this.#length = length;
      return true;
    }
  }

  /** Gives back the room of everything read; the bytes of those frames may change from now on. */
  release(): void {
    if (this.#tail === this.#cursor) return;
    this.#tail = this.#cursor;
    this.#memory.storeTail(this.#cursor);
  }

  /**
   * Gives back the room up to `position`, the cursor as it was behind some frame.
   *
   * @throws RangeError if that is not between tail and cursor: it would give away unread frames
   */
  releaseTo(position: number): void {
    if (distanceUnits(this.#tail, position) > distanceUnits(this.#tail, this.#cursor)) {
      throw new RangeError(
        `Position ${position} is not between tail ${this.#tail} and cursor ${this.#cursor}`,
      );
    }
    this.#tail = position;
    this.#memory.storeTail(position);
  }

  /** Whether `position` is at most one lap behind the head, so that it may be sought. */
  canSeek(position: number): boolean {
    return distanceUnits(position, this.readablePosition) <= this.#memory.capacityUnits;
  }

  /**
   * Moves the cursor to `position`, the cursor as it was behind some frame: the place up to which a database
   * has taken the ring in, or `readablePosition` to give up what is unread.
   *
   * Below the tail it is allowed while no producer writes (a database that lost its last transactions in a
   * power failure): frames there are intact or found out by their checksums.
   *
   * @throws RangeError if it is above the head or more than one lap below: ask `canSeek` where that can be
   */
  seek(position: number): void {
    if (!this.canSeek(position)) {
      throw new RangeError(`Position ${position} is not within one lap below the head ${this.#headSeen}`);
    }
    this.#cursor = position;
    // Below the tail: release() must be able to pass the cursor's way upwards again.
    if (distanceUnits(this.#tail, position) > this.#memory.capacityUnits) this.#tail = position;
  }

  #refreshHead(): number {
    const head = this.#memory.loadHead();
    if (distanceUnits(this.#cursor, head) > this.#memory.capacityUnits) {
      throw new RingCorruptError(this.#cursor, `the head ${head} is more than one lap away`);
    }
    this.#headSeen = head;
    return head;
  }

  /** Units of the frame at `position`. Lengths are checked first: they bound what the checksum reads. */
  #verify(position: number, at: number, header: number, length: number): number {
    const units = frameUnits(length);
    const unitsToEnd = this.#indexMask + 1 - (position & this.#indexMask);
    if (units > unitsToEnd || units > distanceUnits(position, this.#headSeen)) {
      throw new RingCorruptError(position, `a frame of ${units} units does not end within lap and head`);
    }
    if (!this.#memory.isChecked) return units;
    const endWord = header >>> 24 === SKIP_KIND ? at + 2 : at + units * 2;
    const checksum = checksumFrame(this.#memory.checksumSeed, position, header, this.#words, at + 2, endWord);
    if (checksum !== this.#words[at + 1])
      throw new RingCorruptError(position, "the frame's checksum is wrong");
    return units;
  }
}
