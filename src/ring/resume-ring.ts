import { distanceUnits } from "./layout.ts";
import { RingConsumer } from "./ring-consumer.ts";
import { RingCorruptError } from "./ring-corrupt-error.ts";
import type { RingMemory } from "./ring-memory.ts";

/** How far a database has taken a ring in, stored in the transaction that took it in. */
export interface CommittedPosition {
  readonly generation: string;
  readonly position: number;
}

/** From where an opened ring is to be taken in. */
export type ResumePoint =
  /** The database knows this ring: frames from `position` up to the head are still to be taken in. */
  | { readonly kind: "continued"; readonly position: number }
  /** The database knows another ring or none: everything in this one is still to be taken in. */
  | { readonly kind: "unknown"; readonly position: number }
  /**
   * The database is ahead of the ring: the power failed after the commit and before the ring's pages
   * reached the disk. Nothing committed is lost; the ring has been emptied and goes on from `position`.
   */
  | { readonly kind: "emptied"; readonly position: number };

/**
 * Finds the place to go on from after opening a ring file, as owner or for a take-over; not for onlookers, as
 * it may repair the ring. Call it before anybody makes a producer or a consumer; then `seek` there.
 */
export function resumeRing(memory: RingMemory, committed: CommittedPosition | undefined): ResumePoint {
  if (committed?.generation !== memory.generation) {
    // Head and tail of different moments, again after a power failure: no frame can be told from garbage.
    if (!memory.hasPlausiblePositions()) memory.restartAt(memory.loadHead());
    return { kind: "unknown", position: memory.loadTail() };
  }
  const { position } = committed;
  if (distanceUnits(position, memory.loadHead()) <= memory.capacityUnits) {
    // A tail that is not at or below the head is of another moment; the database is the judge of it.
    if (!memory.hasPlausiblePositions()) memory.storeTail(position);
    return { kind: "continued", position };
  }
  memory.restartAt(position);
  return { kind: "emptied", position };
}

/**
 * Cuts the log where it becomes unreadable: after a power failure the head may be on the disk without the frames
 * below it. Only for the owner, before anybody makes a producer or a consumer.
 *
 * @param from where the taking in begins, from `resumeRing`
 * @returns units that were given up; 0 when every frame is whole
 */
export function cutUnreadable(memory: RingMemory, from: number): number {
  const scan = new RingConsumer(memory);
  scan.seek(from);
  try {
    while (scan.next()) {}
    return 0;
  } catch (error) {
    if (!(error instanceof RingCorruptError)) throw error;
    const lost = distanceUnits(scan.cursor, memory.loadHead());
    if (distanceUnits(memory.loadTail(), scan.cursor) > memory.capacityUnits) memory.storeTail(scan.cursor);
    memory.storeHead(scan.cursor);
    return lost;
  }
}
