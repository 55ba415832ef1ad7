import { distanceUnits } from "./layout.ts";
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
