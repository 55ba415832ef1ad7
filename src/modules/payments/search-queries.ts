import { desc, eq, sql } from "drizzle-orm";
import { toAmount } from "../../domain/money.ts";
import { PROCESSOR_NAMES } from "../../domain/processor.ts";
import {
  retryDelayMs,
  UNCERTAIN_PAYMENT_RETRY,
  UNPROCESSED_PAYMENT_RETRY,
} from "../../domain/retry-policy.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { formatUuid } from "../../domain/uuid.ts";
import { processorNumber, processorOf } from "../../ring/frames.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { attemptEntry, type PaymentSource, type TimelineEntry } from "../console-api/payment-source.ts";
import { createPaymentSource } from "../console-api/source-queries.ts";
import { AMOUNT_DIFFERS, PAYMENT_STATUS, paymentEvents, payments } from "./table.ts";

type PaymentRow = typeof payments.$inferSelect;
type PaymentEventRow = typeof paymentEvents.$inferSelect;

/** Section A as the console searches it. */
export function paymentSource(database: OpenDatabase): PaymentSource {
  const eventsOf = database.orm
    .select()
    .from(paymentEvents)
    .where(eq(paymentEvents.paymentSeq, sql.placeholder("seq")))
    .orderBy(paymentEvents.id)
    .prepare();
  return createPaymentSource(database, {
    name: "payments",
    table: payments,
    taskKind: "payment",
    upstream: null,
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
    detailOf: (row, { outcome }) => {
      const history = eventsOf.all({ seq: row.seq });
      const ended = outcome === "pending" ? [] : endOf(row, history);
      const settledCents = history.find(({ event }) => event === AMOUNT_DIFFERS)?.amountCents ?? null;
      const accepted = { at: formatTimestamp(row.acceptedAtMs), event: "accepted" };
      return {
        facts: {
          requestedAt: row.requestedAtMs === null ? null : formatTimestamp(row.requestedAtMs),
          fee: row.feeCents === null ? null : toAmount(row.feeCents),
          settledAmount: settledCents === null ? null : toAmount(settledCents),
        },
        timeline: [accepted, ...history.map(entryOf), ...ended],
        notBeforeMs: (attempts) => notBeforeMs(history, attempts),
      };
    },
  });
}

function entryOf(event: PaymentEventRow): TimelineEntry {
  const { atMs, event: name, outcome, amountCents } = event;
  if (name === "attempt" && outcome !== null) {
    return attemptEntry(processorOf(event.processor), { ...event, outcome });
  }
  const amount = amountCents === null ? {} : { amount: toAmount(amountCents) };
  return { at: formatTimestamp(atMs), event: name, ...amount };
}

/**
 * How it ended. A call that was answered "recorded" at once is most of the traffic and stands in the payment's row
 * alone: its time is counted from the time that was sent. Whatever else settled it (a question about an earlier call,
 * and what was answered to that) is in the history.
 */
function endOf(row: PaymentRow, history: readonly PaymentEventRow[]): TimelineEntry[] {
  const { processor, requestedAtMs, settledAtMs } = row;
  if (settledAtMs === null) {
    return [{ at: formatTimestamp(history.at(-1)?.atMs ?? row.acceptedAtMs), event: "dead" }];
  }
  const end = { at: formatTimestamp(settledAtMs), event: "settled" };
  if (history.some(({ outcome }) => outcome === "settled")) return [end];
  const nothing = { isLookup: 0, code: null, status: null, excerpt: null };
  const latencyMs = requestedAtMs === null ? null : Math.max(0, settledAtMs - requestedAtMs);
  return [
    attemptEntry(processorOf(processor), { ...nothing, atMs: settledAtMs, outcome: "settled", latencyMs }),
    end,
  ];
}

/**
 * When dispatch tries a payment again at the earliest, ms since the epoch: what its policies say without their
 * jitter (domain/payment-dispatcher.ts). From then on it waits for a processor that works.
 */
function notBeforeMs(history: readonly PaymentEventRow[], attempts: number): number {
  const last = history.findLast(({ event }) => event === "attempt");
  if (last === undefined || attempts === 0) return 0;
  const lastAtMs = last.atMs;
  const isUncertain = history.some(({ outcome }) => outcome === "unknown");
  if (isUncertain) return lastAtMs + retryDelayMs(UNCERTAIN_PAYMENT_RETRY, attempts, () => 0);
  return attempts === 1
    ? lastAtMs
    : lastAtMs + retryDelayMs(UNPROCESSED_PAYMENT_RETRY, attempts - 1, () => 0);
}
