/**
 * Where everything lies in the memory of a ring. All words are 32 bits, little-endian, aligned.
 *
 *   byte 0      ┌──────────────────────────────────────────────────────────┐
 *               │ static part: magic 8 · version 4 · capacity 4 ·          │ written once, before the
 *               │   generation 8 · flags 4 · checksum of these 4           │ ring is used
 *               │ owner's pid 4 (changes with every opening, unchecked)    │
 *   byte 128    ├──────────────────────────────────────────────────────────┤
 *               │ head: position behind the last published frame           │ stored by the producer
 *   byte 256    ├──────────────────────────────────────────────────────────┤
 *               │ tail: position behind the last frame given back          │ stored by the consumer
 *   byte 384    ├──────────────────────────────────────────────────────────┤
 *               │ unused, zero                                             │
 *   byte 4096   ├──────────────────────────────────────────────────────────┤
 *               │ frames, `capacity` bytes, read and written in circles    │
 *               └──────────────────────────────────────────────────────────┘
 *
 *   frame       ┌─────────────────────┬──────────────────┬─────────────────┬─────────────┐
 *   (8-aligned) │ length 24 · kind 8  │ checksum 32      │ payload         │ up to 8     │
 *               └─────────────────────┴──────────────────┴─────────────────┴─────────────┘
 *
 * A frame is never cut in two: where it does not fit before the end of the lap, a skip frame (kind 0)
 * fills the rest and the frame starts at byte 4096 again.
 *
 * Head and tail are 128 bytes apart, not 64, because x86 fetches cache lines in pairs. All three parts lie
 * in one 512-byte sector. The data starts on a page of its own, so that its pages are never shared with
 * the two busiest words of the ring.
 */

/** Positions count units of 8 bytes, modulo 2^32; a frame takes a whole number of units. */
export const UNIT_BYTES = 8;
export const UNIT_SHIFT = 3;
export const WORD_SHIFT = 2;

export const FORMAT_VERSION = 1;
/** "CATR" and "ACA\0" as little-endian words. */
export const MAGIC_LOW = 0x52544143;
export const MAGIC_HIGH = 0x00414341;

/** Indices of 32-bit words. */
export const MAGIC_LOW_WORD = 0;
export const MAGIC_HIGH_WORD = 1;
export const VERSION_WORD = 2;
export const CAPACITY_WORD = 3;
export const GENERATION_LOW_WORD = 4;
export const GENERATION_HIGH_WORD = 5;
export const FLAGS_WORD = 6;
export const STATIC_CHECKSUM_WORD = 7;
export const OWNER_PID_WORD = 8;
export const HEAD_WORD = 128 >>> WORD_SHIFT;
export const TAIL_WORD = 256 >>> WORD_SHIFT;

export const HEADER_BYTES = 4096;
export const FRAME_HEADER_BYTES = 8;

/** Flag: every frame carries a checksum and the consumer verifies it. */
export const FLAG_CHECKSUMS = 1;

/** The kind of a frame that only fills the rest of a lap; the consumer never shows it. */
export const SKIP_KIND = 0;
export const KIND_MAX = 255;

/** Below it a quarter of the ring (the largest payload) would be too small to be of use. */
export const CAPACITY_BYTES_MIN = 64;
/** 2^27 units: far below half of the 2^32 positions, so a distance is never ambiguous. */
export const CAPACITY_BYTES_MAX = 2 ** 30;
/** Bounds the time one frame takes to check; the length field could hold 16 times as much. */
const PAYLOAD_BYTES_LIMIT = 2 ** 20;

/**
 * The largest payload of a ring. A quarter of the capacity: with the skip before it, it takes at most half
 * of the ring, so an empty ring always has room for it and a busy one soon has.
 */
export function payloadBytesMax(capacityBytes: number): number {
  return Math.min(capacityBytes / 4, PAYLOAD_BYTES_LIMIT);
}

/** Units that a frame with `payloadBytes` of payload takes: one of header, the rest rounded up. */
export function frameUnits(payloadBytes: number): number {
  return (payloadBytes + FRAME_HEADER_BYTES + UNIT_BYTES - 1) >>> UNIT_SHIFT;
}

/** Units from position `from` up to position `to`, right also where the count has wrapped past 2^32. */
export function distanceUnits(from: number, to: number): number {
  return (to - from) >>> 0;
}

/** Whether a ring can have this capacity: a power of two within the limits. */
export function isCapacity(bytes: number): boolean {
  const isPowerOfTwo = Number.isInteger(bytes) && (bytes & (bytes - 1)) === 0;
  return isPowerOfTwo && bytes >= CAPACITY_BYTES_MIN && bytes <= CAPACITY_BYTES_MAX;
}
