import type { LedgerRefusal } from "./ledger.ts";

/**
 * An operation on a wallet:
 *
 *   (accept) ──► queued ──► applied     the balance has changed
 *                  └──────► rejected    it would have become negative, or too large: nothing has changed
 */
export const WALLET_OPERATION_TYPES = ["DEPOSIT", "WITHDRAW"] as const;
export type WalletOperationType = (typeof WALLET_OPERATION_TYPES)[number];

export type WalletOutcome =
  | { readonly kind: "applied"; readonly balanceCents: number }
  | { readonly kind: "rejected"; readonly reason: LedgerRefusal; readonly balanceCents: number };
