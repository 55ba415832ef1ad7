import { toPrice } from "../../domain/price.ts";
import { formatUuid } from "../../domain/uuid.ts";
import type { OrderRow } from "./order-writer.ts";

/** An order as it is told to the topics and in dead letters: of its card, four digits. */
export interface OrderMessage {
  readonly payment_id: string;
  readonly reserve_id: string;
  readonly product_id: number;
  readonly user_id: unknown;
  readonly quantity: number;
  readonly total_price: number;
  readonly card_last4: string;
}

export function orderMessage(order: OrderRow): OrderMessage {
  return {
    payment_id: formatUuid(order.id, 0),
    reserve_id: formatUuid(order.reservationId, 0),
    product_id: order.productId,
    // The route stored what the client sent as JSON.
    user_id: JSON.parse(order.userId),
    quantity: order.quantity,
    total_price: toPrice(order.totalTenThousandths),
    card_last4: order.cardLast4,
  };
}

/** The reasons for which orders end, as sentences. */
const SENTENCES: Readonly<Record<string, string>> = {
  card_declined: "The card gateway declined the charge.",
  card_lost: "The card was in the memory of a process that has ended, and it certainly was not charged.",
};

/** What a dead order says of its end. @param code lower_snake, as in `last_error` */
export function orderError(code: string): { name: string; message: string; code: string } {
  const message = SENTENCES[code] ?? `The card gateway did not authorize the charge (${code}).`;
  return { name: "OrderFailed", message, code };
}
