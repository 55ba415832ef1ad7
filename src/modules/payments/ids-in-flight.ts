/**
 * The ids of this replica's acknowledged payments that are not committed yet: only until then main must
 * recognise a repeat itself; afterwards the database does.
 *
 * An entry leaves when the store has committed past its frame, in the order of arrival.
 */
export class IdsInFlight {
  readonly #amounts = new Map<string, number>();
  /** Ring of entries in order of arrival; at most as many as the intake log holds frames. */
  readonly #order: { readonly id: string; readonly head: number }[] = [];
  #first = 0;

  get size(): number {
    return this.#amounts.size;
  }

  /** The amount under which `id` was acknowledged, or undefined if it is not in flight. */
  amountOf(id: string): number | undefined {
    return this.#amounts.get(id);
  }

  /** Notes an acknowledged payment. @param head the intake log's head behind its frame */
  add(id: string, amountCents: number, head: number): void {
    this.#amounts.set(id, amountCents);
    this.#order.push({ id, head });
  }

  /** Forgets everything. */
  clear(): void {
    this.#amounts.clear();
    this.#order.length = 0;
    this.#first = 0;
  }

  /** Forgets what is committed. @param tail position up to which the store has committed */
  forgetUpTo(tail: number): void {
    const order = this.#order;
    for (;;) {
      const entry = order[this.#first];
      // Signed distance: positions wrap at 2^32.
      if (entry === undefined || ((entry.head - tail) | 0) > 0) break;
      this.#amounts.delete(entry.id);
      this.#first++;
    }
    if (this.#first > 1024 && this.#first * 2 > order.length) {
      order.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
