/**
 * A frame below the head is not what the producer sealed. In a SharedArrayBuffer that is a bug; in a mapped
 * file it is what a power failure can leave behind (pages reach the disk in any order), never a kill.
 *
 * The consumer stands where it stood before the call. Nothing behind the frame can be trusted either, as
 * its length is part of what is damaged: the caller stops, or gives the rest up with
 * `seek(readablePosition)`.
 */
export class RingCorruptError extends Error {
  override readonly name = "RingCorruptError";
  readonly code = "RING_CORRUPT";
  /** Where the frame begins, in units of 8 bytes modulo 2^32. */
  readonly position: number;

  constructor(position: number, reason: string) {
    super(`The ring is damaged at position ${position}: ${reason}`);
    this.position = position;
  }
}
