import { type Account, type Entry, type LedgerRefusal, refusalOf, requireBalanced } from "./ledger.ts";

/** What an open hold sets free when it is posted together with a transfer. */
export interface FreedHold {
  readonly accountId: number;
  readonly cents: number;
}

export interface ChangedAccount {
  readonly id: number;
  readonly balanceCents: number;
  readonly heldCents: number;
}

/**
 * The accounts that one transaction touches, each read once and written once, however many movements there
 * are: a thousand operations on one wallet cost one read and one write of its balance.
 *
 *   check ──► (the caller stores the movement) ──► apply ──► … ──► changes ──► clear
 *
 * Nobody else may change these accounts between the first read and the commit.
 */
export class LedgerSheet {
  readonly #read: (accountId: number) => Account;
  readonly #rows = new Map<number, Row>();

  /** @param read the account as it is stored; throws if there is none */
  constructor(read: (accountId: number) => Account) {
    this.#read = read;
  }

  /** The account as it is with everything applied so far. */
  account(id: number): Account {
    return this.#row(id);
  }

  /** Why a transfer cannot be, or null. @throws Error if the entries do not balance */
  check(entries: readonly Entry[], freed?: FreedHold): LedgerRefusal | null {
    requireBalanced(entries);
    for (const { accountId, cents } of entries) {
      const freedCents = freed?.accountId === accountId ? freed.cents : 0;
      const refusal = refusalOf(this.#row(accountId), cents, freedCents);
      if (refusal !== null) return refusal;
    }
    return null;
  }

  /** Carries out a transfer that `check` has let through. */
  apply(entries: readonly Entry[], freed?: FreedHold): void {
    for (const { accountId, cents } of entries) {
      const row = this.#row(accountId);
      row.balanceCents += cents;
      row.isChanged = true;
    }
    if (freed !== undefined) this.free(freed);
  }

  /** Why `cents` cannot be set aside, or null. */
  checkHold(accountId: number, cents: number): LedgerRefusal | null {
    return refusalOf(this.#row(accountId), -cents);
  }

  /** Sets money aside that `checkHold` has let through. */
  hold(accountId: number, cents: number): void {
    const row = this.#row(accountId);
    row.heldCents += cents;
    row.isChanged = true;
  }

  /** Gives back what was set aside. */
  free({ accountId, cents }: FreedHold): void {
    const row = this.#row(accountId);
    row.heldCents -= cents;
    row.isChanged = true;
  }

  /**
   * What has to be written.
   * @throws Error if money was made or lost, or more given back than was held: then nothing may be committed
   */
  changes(): ChangedAccount[] {
    const changed: ChangedAccount[] = [];
    let sum = 0;
    for (const [id, row] of this.#rows) {
      const { balanceCents, heldCents, isChanged, readBalanceCents } = row;
      if (!isChanged) continue;
      sum += balanceCents - readBalanceCents;
      const isShort = row.kind !== "outside" && balanceCents < heldCents;
      if (isShort || heldCents < 0) throw new Error(`account ${id}: ${balanceCents} with ${heldCents} held`);
      changed.push({ id, balanceCents, heldCents });
    }
    if (sum !== 0) throw new Error(`the ledger would change by ${sum} cents in all`);
    return changed;
  }

  /** Forgets everything: the transaction has ended, in one way or the other. */
  clear(): void {
    this.#rows.clear();
  }

  #row(id: number): Row {
    let row = this.#rows.get(id);
    if (row === undefined) {
      const { kind, balanceCents, heldCents } = this.#read(id);
      row = { kind, balanceCents, heldCents, readBalanceCents: balanceCents, isChanged: false };
      this.#rows.set(id, row);
    }
    return row;
  }
}

interface Row {
  readonly kind: Account["kind"];
  readonly readBalanceCents: number;
  balanceCents: number;
  heldCents: number;
  isChanged: boolean;
}
