import type { AttemptOutcome } from "../../domain/attempt-outcome.ts";
import { ORDER_TRANSITIONS, type OrderStatus, type OrderTransition } from "../../domain/order.ts";
import { formatUuid } from "../../domain/uuid.ts";
import { type EventSink, NO_EVENTS } from "../../store/event-sink.ts";
import type { StoreContext } from "../../store/module.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import { prepareOrderStatements } from "./order-statements.ts";
import type { orders } from "./table.ts";

export type OrderRow = typeof orders.$inferSelect;

export interface NewOrder {
  readonly id: Uint8Array;
  readonly reservationId: Uint8Array;
  readonly productId: number;
  readonly userKey: string;
  readonly userId: string;
  readonly quantity: number;
  readonly total: number;
  readonly chargeCents: number;
  readonly description: string;
  readonly cardLast4: string;
  readonly sealedCard: string;
  readonly now: number;
}

/** An earlier call may have charged the order: when it was written down, ms. */
export interface ChargeDoubt {
  readonly sinceMs: number;
}

/** The rows of orders. Every change of a state is a way in the table of transitions. */
export class OrderWriter {
  readonly #events: EventSink;
  readonly #statements;

  constructor({ orm, events }: Pick<StoreContext, "orm" | "events">) {
    this.#events = events ?? NO_EVENTS;
    this.#statements = onFirstUse(() => prepareOrderStatements(orm));
  }

  /** @returns the order's row number */
  insert(order: NewOrder): number {
    const { seq } = this.#statements.insert.get({ ...order });
    this.#tell(order.id, "PENDING", order.now);
    return seq;
  }

  bySeq(seq: number): OrderRow | null {
    return this.#statements.bySeq.get({ seq }) ?? null;
  }

  byId(id: Uint8Array): OrderRow | null {
    return this.#statements.byId.get({ id }) ?? null;
  }

  /** Whether the user ordered the product after `sinceMs`. */
  hasOrdered(userKey: string, productId: number, sinceMs: number): boolean {
    return this.#statements.recent.get({ userKey, productId, since: sinceMs }) !== undefined;
  }

  /** Goes one way between two states. @returns false, and nothing is changed, if it is not where the way begins */
  move(seq: number, transition: OrderTransition, nowMs: number): boolean {
    const [row] = this.#statements.moves[transition].all({ seq });
    if (row === undefined) return false;
    this.#tell(row.id, ORDER_TRANSITIONS[transition].to, nowMs);
    return true;
  }

  /** Notes, before a call, that there is one. @param doubt an earlier one may have charged the order */
  callOut(seq: number, doubt: ChargeDoubt | null, nowMs: number): void {
    this.#statements.callOut.run({ seq, ...rowOf(doubt), at: nowMs });
  }

  /** Notes what came back. @param isCall false if there was nothing to call with */
  callBack(order: OrderRow, outcome: AttemptOutcome, doubt: ChargeDoubt | null, isCall: boolean): void {
    const { seq } = order;
    const code = outcome.kind === "settled" ? null : outcome.code;
    this.#statements.callBack.run({ seq, ...rowOf(doubt), calls: isCall ? 1 : 0, code });
  }

  /** Any order that has not ended may have been charged by a call that this database knows nothing of. */
  doubtAll(nowMs: number): void {
    this.#statements.doubt.run({ uncertainAt: nowMs });
  }

  /** The charge is decided: the card goes. */
  end(seq: number, lastError: string | null, nowMs: number): void {
    this.#statements.end.run({ seq, code: lastError, at: nowMs });
  }

  /** A dead order gets a card again. */
  renewCard(seq: number, sealedCard: string, cardLast4: string): void {
    this.#statements.renewCard.run({ seq, sealed: sealedCard, last4: cardLast4 });
  }

  #tell(id: Uint8Array, status: OrderStatus, nowMs: number): void {
    if (!this.#events.wants("order.changed")) return;
    this.#events.emit("order.changed", { id: formatUuid(id, 0), status }, nowMs);
  }
}

function rowOf(doubt: ChargeDoubt | null) {
  return { uncertain: doubt === null ? 0 : 1, uncertainAt: doubt?.sinceMs ?? null };
}
