import type { Account, AccountKind, Entry, LedgerRefusal } from "../../domain/ledger.ts";
import { decideHold, HOLD_STATUSES, type HoldDecision, type HoldStatus } from "../../domain/ledger-hold.ts";
import { type FreedHold, LedgerSheet } from "../../domain/ledger-sheet.ts";
import type { StoreContext, StoreModule } from "../../store/module.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import { prepareHolds, prepareTransfers } from "./statements.ts";
import { ACCOUNT_KINDS, accountKindOf, holdStatusOf, TRANSFER_KINDS, type TransferKind } from "./table.ts";

export interface Transfer {
  /** A UUID's 16 bytes, made by the caller: what is asked for twice happens once. */
  readonly id: Uint8Array;
  readonly kind: TransferKind;
  readonly entries: readonly Entry[];
  readonly atMs: number;
  /** The row of the caller's module that this is about. */
  readonly reference?: number;
}

export type TransferResult =
  | { readonly kind: "done" }
  /** A transfer with this id was made before; nothing happened now. */
  | { readonly kind: "exists" }
  | { readonly kind: "refused"; readonly reason: LedgerRefusal };

export type HoldResult =
  | { readonly kind: "held"; readonly holdId: number }
  | { readonly kind: "refused"; readonly reason: LedgerRefusal };

export type HoldEnd =
  | { readonly kind: "done" }
  /** It was decided before; nothing happened now. */
  | { readonly kind: "resolved"; readonly status: HoldStatus };

/** Holds that one transaction lets expire, at most. */
const EXPIRE_BATCH = 100;
const EXPIRE_EVERY_MS = 1000;

/**
 * The ledger's writing side, in the store thread: the only code that writes its tables. Other modules call
 * it inside their commands; movements are stored at once, balances when the batch ends.
 *
 * As a module it must be the last of the list: nothing may move money after its `beforeCommit`.
 */
export class Ledger implements StoreModule {
  readonly commands = {};
  readonly #statements;
  readonly #sheet: LedgerSheet;
  readonly #now: () => number;
  #expireAtMs = 0;

  constructor({ orm }: Pick<StoreContext, "orm">, now: () => number = Date.now) {
    this.#statements = onFirstUse(() => ({ ...prepareTransfers(orm), ...prepareHolds(orm) }));
    this.#now = now;
    this.#sheet = new LedgerSheet((id) => {
      const row = this.#statements.readAccount.get({ id });
      if (row === undefined) throw new Error(`the ledger has no account ${id}`);
      return { ...row, kind: accountKindOf(row.kind) };
    });
  }

  /** Opens an account with nothing in it. @returns its id */
  open(kind: Extract<AccountKind, "user" | "wallet">): number {
    return this.#statements.openAccount.get({ kind: ACCOUNT_KINDS[kind] }).id;
  }

  /** The account with everything that this transaction has done to it. @throws Error if there is none */
  account(id: number): Account {
    return this.#sheet.account(id);
  }

  /** Moves money, once per id. */
  transfer(transfer: Transfer): TransferResult {
    return this.#transfer(transfer);
  }

  /** Sets money aside. @param expiresAtMs when it is free again unless it was posted; null: never */
  hold(accountId: number, cents: number, atMs: number, expiresAtMs: number | null = null): HoldResult {
    const reason = this.#sheet.checkHold(accountId, cents);
    if (reason !== null) return { kind: "refused", reason };
    const { id } = this.#statements.addHold.get({ accountId, cents, createdAtMs: atMs, expiresAtMs });
    this.#sheet.hold(accountId, cents);
    return { kind: "held", holdId: id };
  }

  /**
   * Moves money out of a hold and ends it: what the transfer takes of the account comes out of what was held,
   * and what is left of that is free again.
   */
  post(holdId: number, transfer: Transfer): TransferResult | Extract<HoldEnd, { kind: "resolved" }> {
    const hold = this.#findHold(holdId);
    const next = decideHold(hold.status, "post");
    if (next === null) return { kind: "resolved", status: hold.status };
    const result = this.#transfer(transfer, hold);
    if (result.kind === "done") this.#writeHold(holdId, next, transfer.atMs);
    return result;
  }

  /** Gives back what was set aside. */
  release(holdId: number, atMs: number): HoldEnd {
    return this.#end(holdId, "release", atMs);
  }

  /** Gives back holds whose time is over. @returns how many */
  expire(nowMs: number): number {
    const expired = this.#statements.expiredHolds.all({ now: nowMs, limit: EXPIRE_BATCH });
    for (const { id } of expired) this.#end(id, "expire", nowMs);
    return expired.length;
  }

  /** Writes the balances. The sum over all accounts stays zero, or it throws and nothing is committed. */
  beforeCommit(): void {
    const now = this.#now();
    if (now >= this.#expireAtMs) {
      // More of them than one transaction takes: the next one goes on.
      this.#expireAtMs = this.expire(now) === EXPIRE_BATCH ? now : now + EXPIRE_EVERY_MS;
    }
    for (const { id, balanceCents, heldCents } of this.#sheet.changes()) {
      this.#statements.writeAccount.run({ id, balanceCents, heldCents });
    }
    // Other replicas write the same accounts between this commit and the next transaction.
    this.#sheet.clear();
  }

  rolledBack(): void {
    this.#sheet.clear();
    this.#expireAtMs = 0;
  }

  #transfer({ id, kind, entries, atMs, reference }: Transfer, freed?: FreedHold): TransferResult {
    const statements = this.#statements;
    const reason = this.#sheet.check(entries, freed);
    if (reason !== null) {
      // A repeat is a repeat, even if there would be too little money for it now.
      const isRepeat = statements.findTransfer.get({ id }) !== undefined;
      return isRepeat ? { kind: "exists" } : { kind: "refused", reason };
    }
    const added = statements.addTransfer.run(id, TRANSFER_KINDS[kind], reference ?? null, atMs);
    if (added.changes === 0) return { kind: "exists" };
    const transferSeq = Number(added.lastInsertRowid);
    this.#sheet.apply(entries, freed);
    for (const { accountId, cents } of entries) {
      const balanceAfterCents = this.#sheet.account(accountId).balanceCents;
      statements.addEntry.run(accountId, transferSeq, cents, balanceAfterCents);
    }
    return { kind: "done" };
  }

  #end(holdId: number, decision: Exclude<HoldDecision, "post">, atMs: number): HoldEnd {
    const hold = this.#findHold(holdId);
    const next = decideHold(hold.status, decision);
    if (next === null) return { kind: "resolved", status: hold.status };
    this.#writeHold(holdId, next, atMs);
    this.#sheet.free(hold);
    return { kind: "done" };
  }

  #findHold(id: number): FreedHold & { status: HoldStatus } {
    const row = this.#statements.findHold.get({ id });
    if (row === undefined) throw new Error(`the ledger has no hold ${id}`);
    return { ...row, status: holdStatusOf(row.status) };
  }

  #writeHold(id: number, status: HoldStatus, atMs: number): void {
    this.#statements.resolveHold.run({ id, status: HOLD_STATUSES.indexOf(status), atMs });
  }
}
