/**
 * An account payment's way (CONTRACTS, section D). The bank decides; a final state is never left.
 *
 *   (accept) ──► pending ──► completed    the bank has paid
 *                   └──────► rejected     the bank has said no
 */
export const ACCOUNT_PAYMENT_STATES = ["pending", "completed", "rejected"] as const;
export type AccountPaymentState = (typeof ACCOUNT_PAYMENT_STATES)[number];

/** What the bank has decided. */
export interface BankDecision {
  readonly state: Exclude<AccountPaymentState, "pending">;
  /** In the bank's words, for people: "Payment processed in 7 seconds". */
  readonly details: string;
}
