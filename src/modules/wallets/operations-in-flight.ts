import type { WalletOperationType } from "../../domain/wallet-operation.ts";

export interface QueuedOperation {
  readonly accountId: number;
  readonly type: WalletOperationType;
  readonly amountCents: number;
  readonly acceptedAtMs: number;
}

/**
 * The operations that this replica has acknowledged and not committed yet: until then main alone knows them.
 * They leave in the order of arrival, when the store has committed past their frames.
 */
export class OperationsInFlight {
  readonly #operations = new Map<string, QueuedOperation>();
  /** Per wallet, the intake log's head behind its last frame. */
  readonly #heads = new Map<number, number>();
  /** In order of arrival; at most as many as the intake log holds frames. */
  readonly #order: { readonly id: string; readonly accountId: number; readonly head: number }[] = [];
  #first = 0;

  add(id: string, operation: QueuedOperation, head: number): void {
    this.#operations.set(id, operation);
    this.#heads.set(operation.accountId, head);
    this.#order.push({ id, accountId: operation.accountId, head });
  }

  find(id: string): QueuedOperation | undefined {
    return this.#operations.get(id);
  }

  /** Whether operations of this wallet are still to be decided. */
  hasAny(accountId: number): boolean {
    return this.#heads.has(accountId);
  }

  /** Forgets what is committed. @param tail position up to which the store has committed */
  forgetUpTo(tail: number): void {
    const order = this.#order;
    for (;;) {
      const entry = order[this.#first];
      // Signed distance: positions wrap at 2^32.
      if (entry === undefined || ((entry.head - tail) | 0) > 0) break;
      this.#operations.delete(entry.id);
      if (this.#heads.get(entry.accountId) === entry.head) this.#heads.delete(entry.accountId);
      this.#first++;
    }
    if (this.#first > 1024 && this.#first * 2 > order.length) {
      order.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
