import { AMOUNT_MAX_CENTS } from "./money.ts";

/**
 * The rules of the ledger. Money neither appears nor vanishes, it moves between accounts; one of them stands
 * for the world outside, so the sum over all accounts is zero, always.
 *
 *                deposit of 100, fee 2       withdrawal of 100, fee 2
 *   outside           −100                        +100
 *   fees                +2                          +2
 *   user               +98                        −102
 *
 *   balance     the sum of the account's entries
 *   held        what open holds have set aside of it (see ledger-hold.ts)
 *   available   balance − held: never below zero, except outside
 */
export type AccountKind = "outside" | "fees" | "user" | "wallet";

export interface Account {
  readonly kind: AccountKind;
  readonly balanceCents: number;
  readonly heldCents: number;
}

/** One side of a transfer: `cents` is added to the account, or taken from it if negative. */
export interface Entry {
  readonly accountId: number;
  readonly cents: number;
}

/** Why money did not move; nothing has changed then. */
export type LedgerRefusal = "insufficient_funds" | "balance_limit";

/** The largest balance that a user or a wallet may come to by a deposit. */
export const BALANCE_MAX_CENTS = AMOUNT_MAX_CENTS;

/** What may be taken from an account now. */
export function availableCents({ balanceCents, heldCents }: Account): number {
  return balanceCents - heldCents;
}

/** Whether a deposit would lift the balance above the limit. It is the caller's to refuse: money that has come is entered. */
export function exceedsBalanceLimit({ balanceCents }: Account, cents: number): boolean {
  return balanceCents + cents > BALANCE_MAX_CENTS;
}

/**
 * Whether `cents` may be added to an account, or taken from it if negative.
 * @param freedCents what a hold that is posted at the same time sets free on it
 */
export function refusalOf(account: Account, cents: number, freedCents = 0): LedgerRefusal | null {
  const balanceCents = account.balanceCents + cents;
  // 90 trillion: only the system's own accounts could ever come there.
  if (!Number.isSafeInteger(balanceCents)) return "balance_limit";
  if (cents >= 0 || account.kind === "outside") return null;
  return balanceCents < account.heldCents - freedCents ? "insufficient_funds" : null;
}

/**
 * Makes sure that entries are a transfer: two or more whole amounts on as many accounts that sum to zero.
 * @throws Error otherwise: whoever made them has a bug, and money would be made or lost
 */
export function requireBalanced(entries: readonly Entry[]): void {
  let sum = 0;
  for (const [index, { accountId, cents }] of entries.entries()) {
    if (!Number.isSafeInteger(cents) || cents === 0) throw new Error(`an entry of ${cents} cents`);
    for (let other = 0; other < index; other++) {
      if (entries[other]?.accountId === accountId) throw new Error(`account ${accountId} has two entries`);
    }
    sum += cents;
  }
  if (entries.length < 2 || sum !== 0) {
    throw new Error(`${entries.length} entries with a sum of ${sum} cents are no transfer`);
  }
}
