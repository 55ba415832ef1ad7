/**
 * The states of an order, and all ways between them:
 *
 *   (accept) ──► PENDING ── call ──► PROCESSING ── authorize ──► AUTHORIZED
 *                   ▲                  │    ▲
 *                   │                  │    └── another attempt: stays PROCESSING
 *                   └──── requeue ── FAILED ◄── fail
 *
 * PROCESSING begins in the transaction that hands out the first call. FAILED means: certainly not charged. The
 * position in the list is the number in the database and in `status` (CONTRACTS, section B).
 */
export const ORDER_STATUSES = ["PENDING", "PROCESSING", "AUTHORIZED", "FAILED"] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** Every change of an order's state; there are no others. The SQL takes its WHERE and SET from here. */
export const ORDER_TRANSITIONS = {
  call: { from: "PENDING", to: "PROCESSING" },
  authorize: { from: "PROCESSING", to: "AUTHORIZED" },
  fail: { from: "PROCESSING", to: "FAILED" },
  requeue: { from: "FAILED", to: "PENDING" },
} as const satisfies Record<string, { readonly from: OrderStatus; readonly to: OrderStatus }>;
export type OrderTransition = keyof typeof ORDER_TRANSITIONS;

export function orderStatusNumber(status: OrderStatus): number {
  return ORDER_STATUSES.indexOf(status);
}

/** @throws RangeError for a number that no state has: a row of another version */
export function orderStatusOf(number: number): OrderStatus {
  const status = ORDER_STATUSES[number];
  if (status === undefined) throw new RangeError(`there is no order status ${number}`);
  return status;
}
