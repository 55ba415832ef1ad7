import type { PaymentTask } from "../domain/payment-dispatcher.ts";
import { type Inquiry, type InquiryAnswer, PaymentInquiries } from "../domain/payment-inquiries.ts";
import type { ProcessorName } from "../domain/processor.ts";
import type { Logger } from "../log/logger.ts";
import { type LookupOutcome, type PaymentOutcome, settledAsFound } from "../upstreams/processor-client.ts";

/** A payment that either processor may have. */
export interface DoubtfulPayment extends PaymentTask {
  readonly correlationId: string;
}

/** Asks one processor for one payment; never rejects. */
export type PaymentLookup = (processor: ProcessorName, correlationId: string) => Promise<LookupOutcome>;

export interface PaymentInquirerParts<T extends DoubtfulPayment> {
  readonly lookup: PaymentLookup;
  /** One of the processors has it. */
  readonly onRecorded: (
    task: T,
    processor: ProcessorName,
    outcome: PaymentOutcome,
    latencyMs: number,
  ) => void;
  /** Neither has it: from now on it is a payment like any other. */
  readonly onNowhere: (task: T) => void;
  readonly log: Logger;
}

/** The I/O around domain/payment-inquiries.ts: who is asked, and when, is decided there. */
export class PaymentInquirer<T extends DoubtfulPayment> {
  readonly #parts: PaymentInquirerParts<T>;
  readonly #inquiries = new PaymentInquiries<T>(Math.random);

  constructor(parts: PaymentInquirerParts<T>) {
    this.#parts = parts;
  }

  /** Takes a payment, if it is one in doubt. @returns whether it is */
  take(task: T, nowMs: number): boolean {
    if (!task.uncertain || task.assigned !== null) return false;
    this.#inquiries.add(task, nowMs);
    return true;
  }

  /** Asks what is to be asked now. @param mayAsk looked at before each question @param clock as `nowMs` */
  ask(nowMs: number, mayAsk: () => boolean, clock: () => number): void {
    while (mayAsk()) {
      const inquiry = this.#inquiries.next(nowMs);
      if (inquiry === null) return;
      void this.#ask(inquiry, clock);
    }
  }

  has(taskId: number): boolean {
    return this.#inquiries.has(taskId);
  }

  clear(): void {
    this.#inquiries.clear();
  }

  nextWakeMs(): number {
    return this.#inquiries.nextWakeMs();
  }

  /** Questions that are out: each may end in an outcome. */
  get inFlight(): number {
    return this.#inquiries.inFlight;
  }

  async #ask(inquiry: Inquiry<T>, clock: () => number): Promise<void> {
    const { lookup, onRecorded, onNowhere, log } = this.#parts;
    const { task, processor } = inquiry;
    const startedAt = performance.now();
    const found = await lookup(processor, task.correlationId);
    const verdict = this.#inquiries.answered(inquiry, ANSWERS[found.kind], clock());
    if (verdict === "nowhere") {
      task.uncertain = false;
      onNowhere(task);
    }
    if (verdict !== "recorded" || found.kind !== "found") return;
    log.info("a payment of the restored backup has been charged since", {
      correlationId: task.correlationId,
      processor,
    });
    onRecorded(task, processor, settledAsFound(found, task.amountCents), performance.now() - startedAt);
  }
}

const ANSWERS = {
  found: "found",
  "not-found": "absent",
  unavailable: "unavailable",
} as const satisfies Record<LookupOutcome["kind"], InquiryAnswer>;
