/** Why a ring file was not opened; the table of all codes, each with what the operator can do. */
export const RING_REFUSALS = {
  RING_FOREIGN:
    "It was not made by catraca. Check the data directory setting, or move the file away and start again.",
  RING_DAMAGED:
    "Move the file aside and start again: a new one is made. Keep the old one, it may hold acknowledged requests that are not in the database.",
  RING_VERSION:
    "Start the version of catraca that wrote it once more and stop it with SIGTERM, so that nothing is left in the file; then move the file away and start this version.",
  RING_OWNED:
    "Stop the other process, or give this replica a name of its own. After a take-over the file is free again within seconds.",
  RING_NO_SPACE: "Free space on the disk, or configure a smaller ring, and start again.",
  RING_MISSING: "There is no such ring file to take over; its work may have been taken over already.",
  RING_INACCESSIBLE:
    "Check that the directory exists and that this user may read and write it and its files.",
} as const;

export type RingRefusalCode = keyof typeof RING_REFUSALS;

export interface RingRefusal {
  readonly kind: "refused";
  readonly code: RingRefusalCode;
  /** For the operator: which file, what is wrong, what to do. */
  readonly message: string;
}

/** @param problem a clause about the file, such as "the checksum of its header is wrong" */
export function refuseRing(code: RingRefusalCode, path: string, problem: string): RingRefusal {
  return { kind: "refused", code, message: `Ring file ${path}: ${problem}. ${RING_REFUSALS[code]}` };
}
