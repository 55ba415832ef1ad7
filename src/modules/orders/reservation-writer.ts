import { and, eq, sql } from "drizzle-orm";
import { totalPrice } from "../../domain/price.ts";
import {
  QUANTITY_MAX,
  RESERVATION_TRANSITIONS,
  type ReservationTransition,
  reservationStatusNumber,
} from "../../domain/reservation.ts";
import { uuidBytes } from "../../domain/uuid.ts";
import type { StoreContext } from "../../store/module.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import type { StockWriter } from "../catalogue/stock-writer.ts";
import { reservations } from "./table.ts";

export interface ReserveInput {
  /** A UUID made for this call. */
  readonly reservationId: string;
  readonly productId: number | null;
  readonly userId: string;
  readonly quantity: number;
  readonly total: number;
}

export type ReserveReply =
  | { readonly kind: "reserved"; readonly reserveId: string; readonly expiresAtMs: number }
  | {
      readonly kind: "unknown_product" | "quantity_not_allowed" | "price_mismatch" | "out_of_stock";
    };

export interface ReservationRow {
  readonly productId: number;
  readonly userId: string;
  readonly quantity: number;
  readonly held: number;
  readonly status: number;
  readonly expiresAtMs: number;
}

/** Reservations that expire in one transaction, at most: some ms of the write lock. */
const EXPIRE_BATCH_MAX = 1000;
const EXPIRE_EVERY_MS = 100;

/**
 * Reservations and the stock they hold; see domain/reservation.ts for their states. Stock moves only together with
 * a state, in the same transaction, so it is neither lost nor given back twice.
 */
export class ReservationWriter {
  readonly #stock: StockWriter;
  readonly #metrics: StoreContext["metrics"];
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #statements;
  #expireAtMs = 0;

  constructor(context: StoreContext, stock: StockWriter, now: () => number) {
    this.#stock = stock;
    this.#metrics = context.metrics;
    this.#ttlMs = Math.round(context.settings.reservationTtlSeconds * 1000);
    this.#now = now;
    this.#statements = onFirstUse(() => prepareStatements(context.orm));
  }

  reserve(input: ReserveInput, nowMs: number): ReserveReply {
    const { productId, quantity, total } = input;
    const product = productId === null ? null : this.#stock.find(productId);
    if (product === null || productId === null) return { kind: "unknown_product" };
    if (quantity < 1 || quantity > QUANTITY_MAX) return { kind: "quantity_not_allowed" };
    if (total !== totalPrice(product.price, quantity)) return { kind: "price_mismatch" };
    if (!this.#stock.take(productId, quantity, nowMs)) {
      // What has expired and was not swept up yet is for sale, too.
      this.#expireDue(nowMs);
      if (!this.#stock.take(productId, quantity, nowMs)) return { kind: "out_of_stock" };
    }
    const expiresAtMs = nowMs + this.#ttlMs;
    this.#statements.insert.run({
      id: uuidBytes(input.reservationId),
      productId,
      userId: input.userId,
      quantity,
      total,
      createdAt: nowMs,
      expiresAt: expiresAtMs,
    });
    this.#metrics.increment("reservations", "made");
    return { kind: "reserved", reserveId: input.reservationId, expiresAtMs };
  }

  find(id: Uint8Array): ReservationRow | null {
    return this.#statements.find.get({ id }) ?? null;
  }

  /** Keeps `quantity` pieces for an order and gives the rest back. @returns false if it is not reserved any more */
  order(id: Uint8Array, row: ReservationRow, quantity: number, nowMs: number): boolean {
    if (this.#statements.order.all({ id, held: quantity }).length === 0) return false;
    this.#stock.giveBack(row.productId, row.held - quantity, nowMs);
    return true;
  }

  /** The order was authorized: the pieces are gone for good. */
  sell(id: Uint8Array, held: number): void {
    this.#statements.sell.all({ id, held });
  }

  /** The order failed: its pieces are for sale again. Does nothing the second time. */
  release(id: Uint8Array, productId: number, quantity: number, nowMs: number): void {
    if (this.#statements.release.all({ id, held: 0 }).length === 0) return;
    this.#stock.giveBack(productId, quantity, nowMs);
  }

  /** Takes the pieces of a failed order again. @returns false, and nothing is changed, if there are fewer */
  retake(id: Uint8Array, productId: number, quantity: number, nowMs: number): boolean {
    if (!this.#stock.take(productId, quantity, nowMs)) return false;
    if (this.#statements.retake.all({ id, held: quantity }).length > 0) return true;
    // Not released: nothing of it was for sale.
    this.#stock.giveBack(productId, quantity, nowMs);
    return false;
  }

  /** Ends the reservations whose time is over, if it is time to look. Inside the transaction. */
  sweep(): void {
    const now = this.#now();
    if (now < this.#expireAtMs) return;
    const expired = this.#expireDue(now);
    this.#expireAtMs = expired === EXPIRE_BATCH_MAX ? now : now + EXPIRE_EVERY_MS;
  }

  rolledBack(): void {
    this.#expireAtMs = 0;
  }

  #expireDue(nowMs: number): number {
    const expired = this.#statements.expire.all({ now: nowMs, limit: EXPIRE_BATCH_MAX });
    const quantities = new Map<number, number>();
    for (const { productId, quantity } of expired) {
      quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
    }
    for (const [productId, quantity] of quantities) this.#stock.giveBack(productId, quantity, nowMs);
    for (const _ of expired) this.#metrics.increment("reservations", "expired");
    return expired.length;
  }
}

function prepareStatements(orm: StoreContext["orm"]) {
  const id = sql.placeholder("id");
  /** One UPDATE per way in the table of transitions: it asks for the state that the way comes from. */
  const move = (transition: ReservationTransition) => {
    const { from, to } = RESERVATION_TRANSITIONS[transition];
    return orm
      .update(reservations)
      .set({ status: reservationStatusNumber(to), held: sql`${sql.placeholder("held")}` })
      .where(and(eq(reservations.id, id), eq(reservations.status, reservationStatusNumber(from))))
      .returning({ id: reservations.id })
      .prepare();
  };
  const { from, to } = RESERVATION_TRANSITIONS.expire;
  // The number stands in the text, because only so SQLite sees that the partial index holds what is asked for.
  const isReserved = sql`${reservations.status} = ${sql.raw(String(reservationStatusNumber(from)))}`;
  const due = orm
    .select({ id: reservations.id })
    .from(reservations)
    .where(and(isReserved, sql`${reservations.expiresAtMs} <= ${sql.placeholder("now")}`))
    .orderBy(reservations.expiresAtMs)
    .limit(sql.placeholder("limit"));
  return {
    insert: orm
      .insert(reservations)
      .values({
        id,
        productId: sql.placeholder("productId"),
        userId: sql.placeholder("userId"),
        quantity: sql.placeholder("quantity"),
        held: sql.placeholder("quantity"),
        totalTenThousandths: sql.placeholder("total"),
        createdAtMs: sql.placeholder("createdAt"),
        expiresAtMs: sql.placeholder("expiresAt"),
      })
      .prepare(),
    find: orm
      .select({
        productId: reservations.productId,
        userId: reservations.userId,
        quantity: reservations.quantity,
        held: reservations.held,
        status: reservations.status,
        expiresAtMs: reservations.expiresAtMs,
      })
      .from(reservations)
      .where(eq(reservations.id, id))
      .prepare(),
    order: move("order"),
    sell: move("sell"),
    release: move("release"),
    retake: move("retake"),
    expire: orm
      .update(reservations)
      .set({ status: reservationStatusNumber(to), held: 0 })
      .where(and(isReserved, sql`${reservations.id} IN ${due}`))
      .returning({ productId: reservations.productId, quantity: reservations.quantity })
      .prepare(),
  };
}
