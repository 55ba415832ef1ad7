import { eq, sql } from "drizzle-orm";
import { ORDER_STATUSES } from "../../domain/order.ts";
import { toPrice } from "../../domain/price.ts";
import { type ReservationStatus, reservationStatusOf } from "../../domain/reservation.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { canonicalUuid, formatUuid, uuidBytes } from "../../domain/uuid.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { orders, reservations } from "./table.ts";

/** Reads of reservations and orders, on main's own connection. */
export class OrderQueries {
  readonly #reservation;
  readonly #order;

  constructor({ orm }: OpenDatabase) {
    const id = sql.placeholder("id");
    this.#reservation = orm.select().from(reservations).where(eq(reservations.id, id)).prepare();
    this.#order = orm.select().from(orders).where(eq(orders.id, id)).prepare();
  }

  /** As `GET /reserve/{id}` shows it, or null. @param nowMs ms since the epoch */
  reservation(text: string, nowMs: number) {
    const id = canonicalUuid(text);
    const row = id === null ? undefined : this.#reservation.get({ id: uuidBytes(id) });
    if (id === null || row === undefined) return null;
    return {
      reserve_id: id,
      product_id: row.productId,
      user_id: JSON.parse(row.userId) as unknown, // the route stored what the client sent as JSON
      quantity: row.quantity,
      total_price: toPrice(row.totalTenThousandths),
      status: statusOf(row, nowMs),
      created_at: formatTimestamp(row.createdAtMs),
      expires_at: formatTimestamp(row.expiresAtMs),
    };
  }

  /** As `GET /payment/{id}` shows it, or null. */
  order(text: string) {
    const id = canonicalUuid(text);
    const row = id === null ? undefined : this.#order.get({ id: uuidBytes(id) });
    if (id === null || row === undefined) return null;
    return {
      payment_id: id,
      reserve_id: formatUuid(row.reservationId, 0),
      product_id: row.productId,
      user_id: JSON.parse(row.userId) as unknown, // as above
      quantity: row.quantity,
      total_price: toPrice(row.totalTenThousandths),
      status: row.status,
      status_name: ORDER_STATUSES[row.status],
      attempts: row.attempts,
      last_error: row.lastError,
      card_last4: row.cardLast4,
    };
  }
}

/** What nobody has swept up yet has expired all the same. */
function statusOf(row: typeof reservations.$inferSelect, nowMs: number): ReservationStatus {
  const status = reservationStatusOf(row.status);
  return status === "reserved" && row.expiresAtMs <= nowMs ? "expired" : status;
}
