import { desc } from "drizzle-orm";
import { toAmount } from "../../domain/money.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { formatUuid } from "../../domain/uuid.ts";
import type { OpenDatabase } from "../../store/database.ts";
import type { PaymentSource, TimelineEntry } from "../console-api/payment-source.ts";
import { createPaymentSource } from "../console-api/source-queries.ts";
import { statusNumber, typeOf, userPayments } from "./table.ts";

/** Section C as the console searches it. */
export function userPaymentSource(database: OpenDatabase): PaymentSource {
  const { orm } = database;
  return createPaymentSource(database, {
    name: "users",
    table: userPayments,
    taskKind: "userPayment",
    upstream: "payment-gateway",
    columns: {
      seq: userPayments.id,
      status: userPayments.status,
      amountCents: userPayments.amountCents,
      lastError: userPayments.lastError,
      createdAtMs: userPayments.createdAtMs,
    },
    statuses: [
      { name: "new", number: statusNumber("new"), outcome: "pending" },
      { name: "processing", number: statusNumber("processing"), outcome: "pending" },
      { name: "success", number: statusNumber("success"), outcome: "succeeded" },
      { name: "failed", number: statusNumber("failed"), outcome: "failed" },
    ],
    select: (condition, limit) =>
      orm.select().from(userPayments).where(condition).orderBy(desc(userPayments.id)).limit(limit).all(),
    foundOf: (row, statusOf) => {
      const { name, outcome } = statusOf(row.status);
      return {
        seq: row.id,
        id: String(row.id),
        amountCents: row.amountCents,
        status: name,
        outcome,
        createdAtMs: row.createdAtMs,
        endedAtMs: row.endedAtMs,
        attempts: row.attempts,
        processor: null,
        lastError: row.lastError,
        subject: String(row.userId),
      };
    },
    detailOf: (row, { status }) => {
      const timeline: TimelineEntry[] = [{ at: formatTimestamp(row.createdAtMs), event: "accepted" }];
      if (row.endedAtMs !== null) timeline.push({ at: formatTimestamp(row.endedAtMs), event: status });
      const facts = {
        type: typeOf(row.type),
        userId: row.userId,
        commission: toAmount(row.commissionCents),
        gatewayKey: formatUuid(row.uuid, 0),
      };
      return { facts, timeline };
    },
  });
}
