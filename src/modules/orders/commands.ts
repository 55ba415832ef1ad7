import type { TenThousandths } from "../../domain/money.ts";
import { chargeOf, totalPrice } from "../../domain/price.ts";
import { QUANTITY_MAX, reservationStatusOf } from "../../domain/reservation.ts";
import { uuidBytes } from "../../domain/uuid.ts";
import type { StoreContext, StoreModule, TaskHandler } from "../../store/module.ts";
import type { StockWriter } from "../catalogue/stock-writer.ts";
import type { DeadLetterSource, RequeueResult } from "../dead-letters/sources.ts";
import type { DeadLetterWriter } from "../dead-letters/writer.ts";
import type { TopicWriter } from "../topics/topic-writer.ts";
import { ChargeTasks } from "./charge-tasks.ts";
import { orderMessage } from "./order-messages.ts";
import { type OrderRow, OrderWriter } from "./order-writer.ts";
import { type ReservationRow, ReservationWriter, type ReserveInput } from "./reservation-writer.ts";

/** What main puts into the frame of an order: of its card only what CardSeal made, and four digits. */
export interface OrderInput {
  /** A UUID made for this call; also the reference at the card gateway. */
  readonly orderId: string;
  readonly reservationId: string | null;
  readonly productId: number | null;
  readonly userId: string;
  readonly userKey: string;
  readonly quantity: number;
  readonly price: number;
  readonly total: number;
  readonly sealedCard: string;
  readonly cardLast4: string;
}

export type OrderReply =
  | { readonly kind: "accepted"; readonly paymentId: string }
  | {
      readonly kind:
        | "unknown_product"
        | "quantity_not_allowed"
        | "price_mismatch"
        | "unknown_reservation"
        | "quantity_over_reservation"
        | "duplicate"
        | "reservation_paid"
        | "reservation_expired";
    };

/** What the requeue of an order brings along. */
export interface NewCard {
  readonly sealedCard: string;
  readonly cardLast4: string;
}

export interface OrderCommandsParts {
  readonly stock: StockWriter;
  readonly topics: TopicWriter;
  readonly deadLetters: DeadLetterWriter;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** Longer names are cut for the card's statement. */
const DESCRIPTION_LENGTH_MAX = 64;

/** Section B's writes: reservations and orders. The states are in domain/reservation.ts and domain/order.ts. */
export class OrderCommands implements StoreModule, DeadLetterSource {
  readonly source = "orders";
  readonly tasks: { readonly order: TaskHandler };
  readonly #context: StoreContext;
  readonly #parts: OrderCommandsParts;
  readonly #reservations: ReservationWriter;
  readonly #orders: OrderWriter;
  readonly #windowMs: number;

  constructor(context: StoreContext, parts: OrderCommandsParts) {
    const { settings, metrics, attempts } = context;
    this.#context = context;
    this.#parts = parts;
    this.#windowMs = settings.orderDuplicateWindowSeconds * 1000;
    this.#reservations = new ReservationWriter(context, parts.stock, parts.now ?? Date.now);
    this.#orders = new OrderWriter(context);
    this.tasks = {
      order: new ChargeTasks({
        orders: this.#orders,
        reservations: this.#reservations,
        topics: parts.topics,
        deadLetters: parts.deadLetters,
        attempts,
        metrics,
        retryBaseMs: settings.orderRetryBaseSeconds * 1000,
        timeoutMs: settings.paymentsTimeoutSeconds * 1000,
        random: parts.random ?? Math.random,
      }),
    };
  }

  readonly commands = {
    "orders.reserve": (input: ReserveInput, nowMs: number) => this.#reservations.reserve(input, nowMs),
    "orders.accept": (input: OrderInput, nowMs: number) => this.#accept(input, nowMs),
  };

  beforeCommit(): void {
    this.#reservations.sweep();
  }

  rolledBack(): void {
    this.#reservations.rolledBack();
  }

  /** The cards of unfinished orders are gone; whether they were charged since the backup, only the gateway knows. */
  restored(nowMs: number): void {
    this.#orders.doubtAll(nowMs);
  }

  /** A dead order gets a new card and takes its stock again, or stays dead. */
  requeue(subject: string, extra: unknown, nowMs: number): RequeueResult {
    if (extra === null) return { kind: "refused", reason: "Send a new card in the body: none is ever kept." };
    // The routes of dead letters made it, see readExtra.
    const { sealedCard, cardLast4 } = extra as NewCard;
    const order = this.#orders.byId(uuidBytes(subject));
    if (order === null) throw new Error("a dead letter without its order");
    const { seq, reservationId, productId, quantity } = order;
    if (!this.#reservations.retake(reservationId, productId, quantity, nowMs)) {
      return { kind: "refused", reason: "There is not enough in stock for this order any more." };
    }
    if (!this.#orders.move(seq, "requeue", nowMs)) throw new Error("a dead letter whose order is not dead");
    this.#orders.renewCard(seq, sealedCard, cardLast4);
    this.#enqueue(seq, { requeued: "true" }, nowMs);
    this.#context.metrics.increment("orders", "requeued");
    return { kind: "requeued" };
  }

  /**
   * Accepts an order or says why not. A repeat within the window is told apart before a reservation that is paid
   * already, so that twenty of the same at once get one yes and nineteen times the same no.
   */
  #accept(input: OrderInput, nowMs: number): OrderReply {
    const product = input.productId === null ? null : this.#parts.stock.find(input.productId);
    if (product === null || input.productId === null) return { kind: "unknown_product" };
    const { productId, quantity, userKey } = input;
    if (quantity < 1 || quantity > QUANTITY_MAX) return { kind: "quantity_not_allowed" };
    const total = totalPrice(product.price, quantity);
    if (total === null || input.price !== product.price || input.total !== total) {
      return { kind: "price_mismatch" };
    }
    if (input.reservationId === null) return { kind: "unknown_reservation" };
    const reservationId = uuidBytes(input.reservationId);
    const reservation = this.#reservations.find(reservationId);
    if (reservation === null || reservation.productId !== productId) return { kind: "unknown_reservation" };
    // Stored by the route as JSON: a user is the same as a number and as a text.
    if (String(JSON.parse(reservation.userId)) !== userKey) return { kind: "unknown_reservation" };
    if (quantity > reservation.quantity) return { kind: "quantity_over_reservation" };
    if (this.#orders.hasOrdered(userKey, productId, nowMs - this.#windowMs)) return { kind: "duplicate" };
    const refusal = this.#takeReservation(reservationId, reservation, quantity, nowMs);
    if (refusal !== null) return refusal;
    this.#insert(input, productId, reservationId, total, product.name, nowMs);
    return { kind: "accepted", paymentId: input.orderId };
  }

  #takeReservation(
    id: Uint8Array,
    reservation: ReservationRow,
    quantity: number,
    nowMs: number,
  ): OrderReply | null {
    switch (reservationStatusOf(reservation.status)) {
      case "ordered":
      case "sold":
      case "released":
        return { kind: "reservation_paid" };
      case "expired":
        return { kind: "reservation_expired" };
      case "reserved":
        if (reservation.expiresAtMs <= nowMs) return { kind: "reservation_expired" };
        if (!this.#reservations.order(id, reservation, quantity, nowMs)) {
          throw new Error("a reservation changed within a transaction");
        }
        return null;
    }
  }

  #insert(
    input: OrderInput,
    productId: number,
    reservationId: Uint8Array,
    total: TenThousandths,
    productName: string,
    nowMs: number,
  ): void {
    const seq = this.#orders.insert({
      id: uuidBytes(input.orderId),
      reservationId,
      productId,
      userKey: input.userKey,
      userId: input.userId,
      quantity: input.quantity,
      total,
      chargeCents: chargeOf(total),
      description: `${input.quantity} x ${productName}`.slice(0, DESCRIPTION_LENGTH_MAX),
      cardLast4: input.cardLast4,
      sealedCard: input.sealedCard,
      now: nowMs,
    });
    this.#enqueue(seq, {}, nowMs);
    this.#context.metrics.increment("orders", "accepted");
  }

  /** From here on a task carries it. Only this process can open the card. */
  #enqueue(seq: number, headers: Readonly<Record<string, string>>, nowMs: number): void {
    const order: OrderRow | null = this.#orders.bySeq(seq);
    if (order === null) throw new Error("an order that was just written is not there");
    const message = orderMessage(order);
    this.#parts.topics.append("order_queue", message.payment_id, message, headers, nowMs);
    this.#context.tasks.schedule("order", seq, nowMs, nowMs, "here");
  }
}
