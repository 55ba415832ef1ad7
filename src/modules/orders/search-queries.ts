import { desc } from "drizzle-orm";
import { orderStatusNumber } from "../../domain/order.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { formatUuid } from "../../domain/uuid.ts";
import type { OpenDatabase } from "../../store/database.ts";
import type { PaymentSource, TimelineEntry } from "../console-api/payment-source.ts";
import { createPaymentSource } from "../console-api/source-queries.ts";
import { orders } from "./table.ts";

/** Section B as the console searches it. */
export function orderSource(database: OpenDatabase): PaymentSource {
  const { orm } = database;
  return createPaymentSource(database, {
    name: "orders",
    table: orders,
    taskKind: "order",
    upstream: "card-gateway",
    columns: {
      seq: orders.seq,
      uuid: orders.id,
      status: orders.status,
      amountCents: orders.chargeCents,
      lastError: orders.lastError,
      createdAtMs: orders.createdAtMs,
    },
    statuses: [
      { name: "PENDING", number: orderStatusNumber("PENDING"), outcome: "pending" },
      { name: "PROCESSING", number: orderStatusNumber("PROCESSING"), outcome: "pending" },
      { name: "AUTHORIZED", number: orderStatusNumber("AUTHORIZED"), outcome: "succeeded" },
      { name: "FAILED", number: orderStatusNumber("FAILED"), outcome: "failed" },
    ],
    select: (condition, limit) =>
      orm.select().from(orders).where(condition).orderBy(desc(orders.seq)).limit(limit).all(),
    foundOf: (row, statusOf) => {
      const { name, outcome } = statusOf(row.status);
      return {
        seq: row.seq,
        id: formatUuid(row.id, 0),
        amountCents: row.chargeCents,
        status: name,
        outcome,
        createdAtMs: row.createdAtMs,
        endedAtMs: row.endedAtMs,
        attempts: row.attempts,
        processor: null,
        lastError: row.lastError,
        subject: row.description,
      };
    },
    detailOf: (row, { status }) => {
      const timeline: TimelineEntry[] = [{ at: formatTimestamp(row.createdAtMs), event: "accepted" }];
      if (row.endedAtMs !== null) timeline.push({ at: formatTimestamp(row.endedAtMs), event: status });
      const facts = {
        productId: row.productId,
        userId: row.userKey,
        quantity: row.quantity,
        reservationId: formatUuid(row.reservationId, 0),
        cardLast4: row.cardLast4,
      };
      return { facts, timeline };
    },
  });
}
