import type { Entry } from "./ledger.ts";

/**
 * A deposit or withdrawal of a user, from its acceptance to its end:
 *
 *   (accept) ──► new ──► processing ──► success     the gateway has charged it: the money moves
 *      │          ▲           ├──────► failed       a final no, or no more attempts: nothing moves
 *      │          └─ requeue ─│────────┘            an administrator's call; a withdrawal holds its money again
 *      └──► failed            └─ another attempt later
 *         (too little money)
 *
 * new: it waits for room in dispatch. A withdrawal's money is held from its acceptance to its end.
 */
export const USER_PAYMENT_STATUSES = ["new", "processing", "success", "failed"] as const;
export type UserPaymentStatus = (typeof USER_PAYMENT_STATUSES)[number];

export const USER_PAYMENT_TYPES = ["deposit", "withdraw"] as const;
export type UserPaymentType = (typeof USER_PAYMENT_TYPES)[number];

/** What became of the money: nothing yet, it moved, or it did not and will not. */
export type TransactionStatus = "pending" | "posted" | "voided";

export function transactionStatusOf(status: UserPaymentStatus): TransactionStatus {
  switch (status) {
    case "new":
    case "processing":
      return "pending";
    case "success":
      return "posted";
    case "failed":
      return "voided";
  }
}

/** Who takes part when a user's payment is posted, by account. */
export interface PaymentAccounts {
  readonly user: number;
  readonly fees: number;
  readonly outside: number;
}

/** How a payment moves money, once the gateway has charged it; what moves nothing has no entry. */
export function paymentEntries(
  type: UserPaymentType,
  accounts: PaymentAccounts,
  amountCents: number,
  commissionCents: number,
): Entry[] {
  const [userCents, outsideCents] =
    type === "deposit"
      ? [amountCents - commissionCents, -amountCents]
      : [-(amountCents + commissionCents), amountCents];
  return [
    { accountId: accounts.outside, cents: outsideCents },
    { accountId: accounts.fees, cents: commissionCents },
    { accountId: accounts.user, cents: userCents },
  ].filter(({ cents }) => cents !== 0);
}
