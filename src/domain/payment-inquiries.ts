import { PROCESSOR_NAMES, type ProcessorName } from "./processor.ts";
import { retryDelayMs, UNCERTAIN_PAYMENT_RETRY } from "./retry-policy.ts";
import { TaskHeap } from "./task-heap.ts";

/** What a processor says when it is asked whether it has a payment. */
export type InquiryAnswer = "found" | "absent" | "unavailable";

/** A question to be asked now. */
export interface Inquiry<T> {
  readonly task: T;
  readonly processor: ProcessorName;
}

/** What an answer means for its payment. */
export type InquiryVerdict = "recorded" | "nowhere" | "open";

interface Doubt<T> {
  readonly task: T;
  /** Processors that have said that they do not have it. */
  readonly absentAt: Set<ProcessorName>;
  asked: ProcessorName;
  /** Questions that got no answer. */
  unanswered: number;
}

/** Questions on their way at once: few, because the payments that are new go on meanwhile. */
const IN_FLIGHT_MAX = 32;
/** A processor may record a payment long after its caller gave up: patience in time-outs, and at the least. */
const PATIENCE_TIMEOUTS = 3;
/** Longer than the longest delay that the processors are known to have (5 s). */
const PATIENCE_MS_MIN = 6_000;

/** How long calls of a gateway that has ended may go on at a processor, ms. @param timeoutMs of one call */
export function callsEndAfterMs(timeoutMs: number): number {
  return Math.max(timeoutMs * PATIENCE_TIMEOUTS, PATIENCE_MS_MIN);
}

/**
 * Payments that either processor may have: those that were unfinished in a restored backup. Nothing is charged here,
 * both processors are only asked (`GET /payments/{id}`) until it is certain.
 *
 *   add ──► waiting ──► asked ──┬─ found ─────────────────────────────► recorded there: settled
 *             ▲                 ├─ absent, and so was the other ──────► nowhere: an ordinary payment again
 *             └───── open ◄─────┴─ absent here only, or unavailable
 *
 * "Absent" counts for good, because the store hands such a payment out only after every earlier call has ended, and no
 * new one is made while it is in here. Pure and synchronous; times are ms of one clock that never goes back.
 */
export class PaymentInquiries<T extends { readonly taskId: number }> {
  private readonly random: () => number;
  private readonly doubts = new Map<number, Doubt<T>>();
  private readonly waiting = new TaskHeap<Doubt<T>>();
  private readonly asked = new Set<Doubt<T>>();

  constructor(random: () => number) {
    this.random = random;
  }

  /** Takes a payment over; one that is here already is ignored. */
  add(task: T, nowMs: number): void {
    if (this.doubts.has(task.taskId)) return;
    const doubt: Doubt<T> = { task, absentAt: new Set(), asked: PROCESSOR_NAMES[0], unanswered: 0 };
    this.doubts.set(task.taskId, doubt);
    this.waiting.push(nowMs, doubt);
  }

  /** The next question, or null when there is none now. */
  next(nowMs: number): Inquiry<T> | null {
    if (this.asked.size >= IN_FLIGHT_MAX || this.waiting.peekKey() > nowMs) return null;
    const doubt = this.waiting.pop();
    if (doubt === undefined) return null;
    this.asked.add(doubt);
    return { task: doubt.task, processor: doubt.asked };
  }

  /** The answer to a question. One about a payment that has been cleared away means nothing: "open". */
  answered({ task, processor }: Inquiry<T>, answer: InquiryAnswer, nowMs: number): InquiryVerdict {
    const doubt = this.doubts.get(task.taskId);
    if (doubt?.task !== task || doubt.asked !== processor || !this.asked.delete(doubt)) return "open";
    if (answer === "absent") doubt.absentAt.add(processor);
    const isNowhere = PROCESSOR_NAMES.every((name) => doubt.absentAt.has(name));
    if (answer === "found" || isNowhere) {
      this.doubts.delete(task.taskId);
      return answer === "found" ? "recorded" : "nowhere";
    }
    // The other one is asked meanwhile: it may know more, and whoever is silent is not asked twice in a row.
    const open = PROCESSOR_NAMES.filter((name) => !doubt.absentAt.has(name));
    doubt.asked = open.find((name) => name !== processor) ?? processor;
    const delayMs =
      answer === "absent" ? 0 : retryDelayMs(UNCERTAIN_PAYMENT_RETRY, ++doubt.unanswered, this.random);
    this.waiting.push(nowMs + delayMs, doubt);
    return "open";
  }

  /** When `next` may have something, ms; Infinity if only an answer can change that. */
  nextWakeMs(): number {
    return this.asked.size >= IN_FLIGHT_MAX ? Number.POSITIVE_INFINITY : this.waiting.peekKey();
  }

  has(taskId: number): boolean {
    return this.doubts.has(taskId);
  }

  /** Forgets every payment (a purge, a lost lease); answers that are still to come are ignored. */
  clear(): void {
    this.doubts.clear();
    this.asked.clear();
    this.waiting.removeWhere(
      () => true,
      () => {},
    );
  }

  /** Questions that are out. */
  get inFlight(): number {
    return this.asked.size;
  }

  /** Payments that are not certain yet. */
  get size(): number {
    return this.doubts.size;
  }
}
