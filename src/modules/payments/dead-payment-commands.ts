import { and, asc, desc, eq, gt, sql } from "drizzle-orm";
import { toAmount } from "../../domain/money.ts";
import { callsEndAfterMs } from "../../domain/payment-inquiries.ts";
import { formatUuid, uuidBytes } from "../../domain/uuid.ts";
import { EITHER_PROCESSOR } from "../../ring/frames.ts";
import type { StoreContext } from "../../store/module.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import { state } from "../../store/tables.ts";
import type { DeadLetterSource, RequeueResult } from "../dead-letters/sources.ts";
import type { DeadLetterWriter } from "../dead-letters/writer.ts";
import type { EventWriter } from "./event-writer.ts";
import { PAYMENT_STATUS, paymentEvents, payments } from "./table.ts";

/**
 * Payments that a processor finally declined: certainly charged nowhere, as far as this database knows. Requeued, one
 * is pending as at its acceptance, and the way that charges once goes on from there.
 */
export class DeadPayments implements DeadLetterSource {
  readonly source = "payments";
  readonly #context: StoreContext;
  readonly #deadLetters: DeadLetterWriter;
  readonly #events: EventWriter;
  readonly #statements;

  constructor(context: StoreContext, deadLetters: DeadLetterWriter, events: EventWriter) {
    this.#context = context;
    this.#deadLetters = deadLetters;
    this.#events = events;
    this.#statements = onFirstUse(() => prepareStatements(context.orm));
  }

  /** Puts a payment that has just died into the list. @param seq its row */
  put(seq: number, code: string, nowMs: number): void {
    const row = this.#statements.bySeq.get({ seq });
    if (row === undefined) throw new Error("a payment died that does not exist");
    const correlationId = formatUuid(row.id, 0);
    this.#deadLetters.put(
      {
        source: this.source,
        subject: correlationId,
        error: { name: "PaymentDeclined", message: "The processor finally declined this payment.", code },
        originalTopic: null,
        originalMessage: { correlationId, amount: toAmount(row.amountCents) },
        attempts: row.attempts,
        history: this.#statements.attempts.all({ seq }).map(({ atMs, outcome, code }) => {
          return { atMs, outcome: outcome ?? "declined", code };
        }),
      },
      nowMs,
    );
  }

  requeue(subject: string, _extra: unknown, nowMs: number): RequeueResult {
    const [row] = this.#statements.revive.all({ id: Buffer.from(uuidBytes(subject)) });
    if (row === undefined) return { kind: "refused", reason: "This payment is not dead any more." };
    this.#events.add({ paymentSeq: row.seq, atMs: nowMs, event: "requeued" });
    this.#enqueue(row.seq, row.acceptedAtMs, nowMs);
    return { kind: "requeued" };
  }

  #enqueue(seq: number, acceptedAtMs: number, nowMs: number): void {
    const { tasks, settings } = this.#context;
    const restoredAtMs = this.#statements.restoredAt.get()?.atMs ?? null;
    if (restoredAtMs === null || acceptedAtMs > restoredAtMs) {
      // The call before the one that was declined may have been on its way still, and have landed since.
      const seen = this.#statements.lastUnknown.get({ seq })?.processor ?? 0;
      if (seen === 0) tasks.schedule("payment", seq, nowMs);
      else tasks.scheduleSeen("payment", seq, seen, nowMs, nowMs);
      return;
    }
    // It may have died before the backup that this database was, been requeued after it, and charged anywhere.
    const certainAtMs = restoredAtMs + callsEndAfterMs(settings.processorTimeoutSeconds * 1000);
    tasks.scheduleSeen("payment", seq, EITHER_PROCESSOR, nowMs, Math.max(nowMs, certainAtMs));
  }

  /** All payments are being forgotten. */
  forget(): void {
    this.#deadLetters.forget(this.source);
  }
}

function prepareStatements(orm: StoreContext["orm"]) {
  const seq = sql.placeholder("seq");
  const requeuedAt = sql`coalesce((SELECT max(id) FROM payment_events WHERE payment_seq = ${seq} AND event = 'requeued'), 0)`;
  return {
    bySeq: orm
      .select({
        id: payments.correlationId,
        amountCents: payments.amountCents,
        attempts: payments.attempts,
      })
      .from(payments)
      .where(eq(payments.seq, seq))
      .prepare(),
    /** Those since the last requeue: the list keeps the earlier ones. */
    attempts: orm
      .select({ atMs: paymentEvents.atMs, outcome: paymentEvents.outcome, code: paymentEvents.code })
      .from(paymentEvents)
      .where(
        and(
          eq(paymentEvents.paymentSeq, seq),
          eq(paymentEvents.event, "attempt"),
          gt(paymentEvents.id, requeuedAt),
        ),
      )
      .orderBy(asc(paymentEvents.id))
      .prepare(),
    lastUnknown: orm
      .select({ processor: paymentEvents.processor })
      .from(paymentEvents)
      .where(and(eq(paymentEvents.paymentSeq, seq), eq(paymentEvents.outcome, "unknown")))
      .orderBy(desc(paymentEvents.id))
      .limit(1)
      .prepare(),
    revive: orm
      .update(payments)
      .set({ status: PAYMENT_STATUS.pending })
      .where(and(eq(payments.correlationId, sql.placeholder("id")), eq(payments.status, PAYMENT_STATUS.dead)))
      .returning({ seq: payments.seq, acceptedAtMs: payments.acceptedAtMs })
      .prepare(),
    restoredAt: orm.select({ atMs: state.restoredAtMs }).from(state).prepare(),
  };
}
