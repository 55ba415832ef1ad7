import { eq, sql } from "drizzle-orm";
import { LIMITS } from "../../config/limits.ts";
import type { CallReport } from "../../domain/attempt-outcome.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { type AMOUNT_DIFFERS, paymentEvents } from "./table.ts";

export interface PaymentEvent {
  readonly paymentSeq: number;
  readonly atMs: number;
  readonly event: "attempt" | "repeated" | "conflict" | "requeued" | typeof AMOUNT_DIFFERS;
  readonly processor?: number;
  readonly outcome?: string;
  readonly code?: string;
  readonly latencyMs?: number;
  readonly amountCents?: number;
  readonly call?: CallReport | undefined;
}

/** Appends to the history of payments; past its bound, later events only show in `attempts`. */
export class EventWriter {
  readonly #count;
  readonly #insert;

  constructor(orm: OpenDatabase["orm"]) {
    this.#count = orm
      .select({ count: sql<number>`count(*)` })
      .from(paymentEvents)
      .where(eq(paymentEvents.paymentSeq, sql.placeholder("seq")))
      .prepare();
    this.#insert = orm
      .insert(paymentEvents)
      .values({
        paymentSeq: sql.placeholder("paymentSeq"),
        atMs: sql.placeholder("atMs"),
        event: sql.placeholder("event"),
        processor: sql.placeholder("processor"),
        outcome: sql.placeholder("outcome"),
        code: sql.placeholder("code"),
        latencyMs: sql.placeholder("latencyMs"),
        amountCents: sql.placeholder("amountCents"),
        isLookup: sql.placeholder("isLookup"),
        status: sql.placeholder("status"),
        excerpt: sql.placeholder("excerpt"),
      })
      .prepare();
  }

  add(event: PaymentEvent): void {
    const known = this.#count.get({ seq: event.paymentSeq })?.count ?? 0;
    if (known < LIMITS.historyEventsMax.value) this.addLast(event);
  }

  /** What ends a payment is kept in any case: that is two events at most, so it needs no bound. */
  addLast(event: PaymentEvent): void {
    this.#insert.run({
      paymentSeq: event.paymentSeq,
      atMs: event.atMs,
      event: event.event,
      processor: event.processor ?? 0,
      outcome: event.outcome ?? null,
      code: event.code ?? null,
      latencyMs: event.latencyMs ?? null,
      amountCents: event.amountCents ?? null,
      isLookup: event.call?.isLookup === true ? 1 : 0,
      status: event.call?.status ?? null,
      excerpt: event.call?.excerpt ?? null,
    });
  }
}
