import type { AttemptOutcome } from "../../domain/attempt-outcome.ts";
import { ORDER_STATUSES, orderStatusOf } from "../../domain/order.ts";
import {
  callEndsAfterMs,
  decideOrderAttempt,
  ORDER_ATTEMPTS_MAX,
  type OrderPatience,
  orderRetryPolicy,
} from "../../domain/order-attempt.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { formatUuid } from "../../domain/uuid.ts";
import type { StoreContext, TaskBrief, TaskDecision, TaskHandler, TaskResult } from "../../store/module.ts";
import type { TaskAttempts } from "../../store/task-attempts.ts";
import type { LeasedTask } from "../../store/task-queue.ts";
import type { DeadLetterWriter } from "../dead-letters/writer.ts";
import type { TopicWriter } from "../topics/topic-writer.ts";
import { orderError, orderMessage } from "./order-messages.ts";
import type { ChargeDoubt, OrderRow, OrderWriter } from "./order-writer.ts";
import type { ReservationWriter } from "./reservation-writer.ts";

/** What the dispatch thread gets to do for an order. */
export interface ChargeBrief {
  /** The reference at the gateway, the same for every attempt. */
  readonly orderId: string;
  readonly description: string;
  readonly amountCents: number;
  /** Null: all attempts are used up, and the gateway is only asked what became of them. */
  readonly sealedCard: string | null;
  /** An earlier call may have charged the order. */
  readonly isUncertain: boolean;
}

/** What it says besides the outcome. */
export interface ChargeReport {
  readonly isCardGone: boolean;
  /** Whether the gateway was called at all. */
  readonly isCall: boolean;
  /** Whether that call could charge; one without a card only asks. */
  readonly isCharge: boolean;
}

export interface ChargeTasksParts {
  readonly orders: OrderWriter;
  readonly reservations: ReservationWriter;
  readonly topics: TopicWriter;
  readonly deadLetters: DeadLetterWriter;
  readonly attempts: Pick<TaskAttempts, "ofTask">;
  readonly metrics: StoreContext["metrics"];
  readonly retryBaseMs: number;
  /** After which a call to the gateway is given up. */
  readonly timeoutMs: number;
  readonly random: () => number;
}

/**
 * The way of an accepted order, in the store thread:
 *
 *   order_queue ──► describe: process-purchases ──► call ──► outcome ─┬─► purchases-processed   AUTHORIZED
 *                      ▲                                              ├─► payment_retry         later again
 *                      └──────────────────────────────────────────────┘
 *                                                                     └─► payment_dlq           FAILED
 *
 * Between `describe` and `outcome` the row says that a call is out. If it still says so at the next `describe`, the
 * process died meanwhile, and the gateway may have charged the order, or may be about to: it counts as uncertain, since
 * that call was written down.
 */
export class ChargeTasks implements TaskHandler {
  readonly #parts: ChargeTasksParts;
  readonly #patience: OrderPatience;

  constructor(parts: ChargeTasksParts) {
    this.#parts = parts;
    this.#patience = {
      retries: orderRetryPolicy(parts.retryBaseMs),
      callEndsAfterMs: callEndsAfterMs(parts.timeoutMs),
    };
  }

  readonly describe = (task: LeasedTask, nowMs: number): TaskBrief | null => {
    const { orders, topics } = this.#parts;
    const order = orders.bySeq(task.subject);
    if (order === null) return null;
    const status = orderStatusOf(order.status);
    if (status !== "PENDING" && status !== "PROCESSING") return null;
    const orderId = formatUuid(order.id, 0);
    if (orders.move(order.seq, "call", nowMs)) {
      topics.append("process-purchases", orderId, orderMessage(order), {}, nowMs);
    }
    const doubt = doubtOf(order, nowMs);
    const isUncertain = doubt !== null;
    orders.callOut(order.seq, doubt, nowMs);
    const mayCharge = !isUncertain || task.attempts < ORDER_ATTEMPTS_MAX;
    const brief: ChargeBrief = {
      orderId,
      description: order.description,
      amountCents: order.chargeCents,
      sealedCard: mayCharge ? order.sealedCard : null,
      isUncertain,
    };
    return { payload: brief };
  };

  readonly outcome = (task: LeasedTask, { outcome, data }: TaskResult, nowMs: number): TaskDecision => {
    const { orders, random } = this.#parts;
    const order = orders.bySeq(task.subject);
    // Told twice: the first time has ended it.
    if (order === null || ORDER_STATUSES[order.status] !== "PROCESSING") return { kind: "finish" };
    // charge-runner.ts made it; without it the runner itself threw, so nothing is known.
    const report = (data ?? { isCardGone: false, isCall: true, isCharge: true }) as ChargeReport;
    const calledAtMs = order.calledAtMs ?? nowMs;
    const uncertainAtMs = order.isUncertain === 1 ? (order.uncertainAtMs ?? calledAtMs) : null;
    const decision = decideOrderAttempt(
      {
        outcome,
        attempts: task.attempts,
        calledAtMs,
        uncertainAtMs,
        isCardGone: report.isCardGone,
      },
      this.#patience,
      random,
    );
    const isUncertain = decision.kind === "retry" && decision.isUncertain;
    // A look-up that got no answer has charged nothing: the doubt stays as old as it is.
    const isNewDoubt = outcome.kind === "unknown" && report.isCharge;
    const sinceMs = isNewDoubt ? calledAtMs : (uncertainAtMs ?? calledAtMs);
    orders.callBack(order, outcome, isUncertain ? { sinceMs } : null, report.isCall);
    switch (decision.kind) {
      case "authorized":
        this.#authorize(order, nowMs);
        return { kind: "finish" };
      case "failed":
        this.#fail(task, order, decision.code, nowMs);
        return { kind: "finish" };
      case "retry":
        return this.#retry(order, task.attempts, outcome, nowMs + Math.ceil(decision.delayMs), nowMs);
    }
  };

  #authorize(order: OrderRow, nowMs: number): void {
    const { orders, reservations, topics, metrics } = this.#parts;
    if (!orders.move(order.seq, "authorize", nowMs)) return;
    orders.end(order.seq, null, nowMs);
    reservations.sell(order.reservationId, order.quantity);
    const message = { ...orderMessage(order), status: "AUTHORIZED" };
    topics.append("purchases-processed", message.payment_id, message, {}, nowMs);
    metrics.increment("orders", "authorized");
  }

  #retry(
    order: OrderRow,
    attempts: number,
    outcome: AttemptOutcome,
    atMs: number,
    nowMs: number,
  ): TaskDecision {
    const message = {
      ...orderMessage(order),
      attempts,
      last_error: outcome.kind === "settled" ? null : outcome.code,
      next_attempt_at: formatTimestamp(atMs),
    };
    const headers = { attempt: String(attempts) };
    this.#parts.topics.append("payment_retry", message.payment_id, message, headers, nowMs);
    return { kind: "retry", atMs };
  }

  #fail(task: LeasedTask, order: OrderRow, code: string, nowMs: number): void {
    const { orders, reservations, topics, deadLetters, attempts: noted, metrics } = this.#parts;
    if (!orders.move(order.seq, "fail", nowMs)) return;
    orders.end(order.seq, code, nowMs);
    reservations.release(order.reservationId, order.productId, order.quantity, nowMs);
    const message = orderMessage(order);
    const error = orderError(code);
    const originalTopic = "process-purchases";
    const dead = { originalTopic, originalMessage: message, error, timestamp: formatTimestamp(nowMs) };
    topics.append("payment_dlq", message.payment_id, dead, {}, nowMs);
    const history = noted.ofTask("order", task);
    // The row was read before this attempt was counted; its number is in the row now.
    const attempts = orders.bySeq(order.seq)?.attempts ?? order.attempts;
    deadLetters.put(
      {
        source: "orders",
        subject: message.payment_id,
        error,
        originalTopic,
        originalMessage: message,
        attempts,
        history,
      },
      nowMs,
    );
    metrics.increment("orders", "failed");
  }
}

/** What is in doubt about an order when it is handed out: a call that is still noted as out was never answered. */
function doubtOf(order: OrderRow, nowMs: number): ChargeDoubt | null {
  const known = order.isUncertain === 1 ? (order.uncertainAtMs ?? nowMs) : null;
  const unanswered = order.isCallOut === 1 ? (order.calledAtMs ?? nowMs) : null;
  if (known === null && unanswered === null) return null;
  return { sinceMs: Math.max(known ?? 0, unanswered ?? 0) };
}
