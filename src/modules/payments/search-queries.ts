import { desc } from "drizzle-orm";
import { PROCESSOR_NAMES } from "../../domain/processor.ts";
import { formatUuid } from "../../domain/uuid.ts";
import { processorNumber, processorOf } from "../../ring/frames.ts";
import type { OpenDatabase } from "../../store/database.ts";
import type { PaymentSource } from "../console-api/payment-source.ts";
import { createPaymentSource } from "../console-api/source-queries.ts";
import type { PaymentQueries } from "./queries.ts";
import { PAYMENT_STATUS, payments } from "./table.ts";

/** Section A as the console searches it. */
export function paymentSource(database: OpenDatabase, queries: PaymentQueries): PaymentSource {
  return createPaymentSource(database, {
    name: "payments",
    table: payments,
    columns: {
      seq: payments.seq,
      uuid: payments.correlationId,
      status: payments.status,
      amountCents: payments.amountCents,
      lastError: payments.lastError,
      createdAtMs: payments.acceptedAtMs,
      processor: {
        column: payments.processor,
        numberOf: (text) => processorNumber(PROCESSOR_NAMES.find((name) => name === text) ?? null),
      },
    },
    statuses: [
      { name: "pending", number: PAYMENT_STATUS.pending, outcome: "pending" },
      { name: "settled", number: PAYMENT_STATUS.settled, outcome: "succeeded" },
      { name: "dead", number: PAYMENT_STATUS.dead, outcome: "failed" },
    ],
    select: (condition, limit) =>
      database.orm.select().from(payments).where(condition).orderBy(desc(payments.seq)).limit(limit).all(),
    foundOf: (row, statusOf) => {
      const { name, outcome } = statusOf(row.status);
      return {
        seq: row.seq,
        id: formatUuid(row.correlationId, 0),
        amountCents: row.amountCents,
        status: name,
        outcome,
        createdAtMs: row.acceptedAtMs,
        endedAtMs: row.settledAtMs,
        attempts: row.attempts,
        processor: processorOf(row.processor),
        lastError: row.lastError,
        subject: null,
      };
    },
    detailOf: (row, { id, outcome }) => {
      const view = queries.view(row.correlationId, id);
      // Purged between the two looks.
      if (view === null) return { facts: {}, timeline: [] };
      const { requestedAt, fee, history } = view;
      const died = outcome === "failed" ? [{ at: history.at(-1)?.at ?? "", event: "dead" }] : [];
      return { facts: { requestedAt, fee }, timeline: [...history, ...died] };
    },
  });
}
