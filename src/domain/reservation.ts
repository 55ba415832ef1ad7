/**
 * The states of a reservation, and all ways between them:
 *
 *   (reserve) ──► reserved ── order ──► ordered ── sell ──► sold
 *                    │                   │    ▲
 *                  expire             release │ retake   (the order failed; a requeue takes the stock again)
 *                    ▼                   ▼    │
 *                 expired              released
 *
 * Stock falls on the way in and at `retake`; it comes back at `expire` and `release`. Each way is one UPDATE that
 * asks for the state it comes from, so stock comes back exactly once however often somebody tries. The position
 * in the list is the number in the database.
 */
export const RESERVATION_STATUSES = ["reserved", "ordered", "sold", "released", "expired"] as const;
export type ReservationStatus = (typeof RESERVATION_STATUSES)[number];

/** Every change of a reservation's state; there are no others. */
export const RESERVATION_TRANSITIONS = {
  order: { from: "reserved", to: "ordered" },
  expire: { from: "reserved", to: "expired" },
  sell: { from: "ordered", to: "sold" },
  release: { from: "ordered", to: "released" },
  retake: { from: "released", to: "ordered" },
} as const satisfies Record<string, { readonly from: ReservationStatus; readonly to: ReservationStatus }>;
export type ReservationTransition = keyof typeof RESERVATION_TRANSITIONS;

/** The most that one reservation or order may be about (CONTRACTS, section B). */
export const QUANTITY_MAX = 100;

export function reservationStatusNumber(status: ReservationStatus): number {
  return RESERVATION_STATUSES.indexOf(status);
}

/** @throws RangeError for a number that no state has: a row of another version */
export function reservationStatusOf(number: number): ReservationStatus {
  const status = RESERVATION_STATUSES[number];
  if (status === undefined) throw new RangeError(`there is no reservation status ${number}`);
  return status;
}
