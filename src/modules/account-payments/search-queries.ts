import { desc } from "drizzle-orm";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { formatUuid } from "../../domain/uuid.ts";
import type { OpenDatabase } from "../../store/database.ts";
import type { PaymentSource, TimelineEntry } from "../console-api/payment-source.ts";
import { createPaymentSource } from "../console-api/source-queries.ts";
import { accountPayments, stateNumber } from "./table.ts";

/** Section D as the console searches it. */
export function accountPaymentSource(database: OpenDatabase): PaymentSource {
  return createPaymentSource(database, {
    name: "account-payments",
    table: accountPayments,
    taskKind: "accountPayment",
    upstream: "bank",
    columns: {
      seq: accountPayments.seq,
      uuid: accountPayments.id,
      status: accountPayments.state,
      amountCents: accountPayments.amountCents,
      lastError: accountPayments.lastError,
      createdAtMs: accountPayments.createdAtMs,
    },
    statuses: [
      { name: "pending", number: stateNumber("pending"), outcome: "pending" },
      { name: "completed", number: stateNumber("completed"), outcome: "succeeded" },
      { name: "rejected", number: stateNumber("rejected"), outcome: "failed" },
    ],
    select: (condition, limit) =>
      database.orm
        .select()
        .from(accountPayments)
        .where(condition)
        .orderBy(desc(accountPayments.seq))
        .limit(limit)
        .all(),
    foundOf: (row, statusOf) => {
      const { name, outcome } = statusOf(row.state);
      return {
        seq: row.seq,
        id: formatUuid(row.id, 0),
        amountCents: row.amountCents,
        status: name,
        outcome,
        createdAtMs: row.createdAtMs,
        endedAtMs: row.processedAtMs,
        attempts: row.calls,
        processor: null,
        lastError: row.lastError,
        subject: formatUuid(row.userId, 0),
      };
    },
    detailOf: (row, { status }) => {
      const timeline: TimelineEntry[] = [{ at: formatTimestamp(row.createdAtMs), event: "accepted" }];
      if (row.processedAtMs !== null) {
        const detail = row.details === null ? {} : { detail: row.details };
        timeline.push({ at: formatTimestamp(row.processedAtMs), event: status, ...detail });
      }
      const facts = {
        userId: formatUuid(row.userId, 0),
        accountNumber: maskAccount(row.accountNumber),
        description: row.description,
        extPaymentDetails: row.details,
      };
      return { facts, timeline };
    },
  });
}

/** The console shows to whom it went only as far as people need to recognise it. */
function maskAccount(accountNumber: string): string {
  return accountNumber.length <= 4 ? "****" : `****${accountNumber.slice(-4)}`;
}
