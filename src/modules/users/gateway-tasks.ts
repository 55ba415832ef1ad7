import type { Settings } from "../../config/settings.ts";
import type { AttemptOutcome } from "../../domain/attempt-outcome.ts";
import { toAmount } from "../../domain/money.ts";
import { decideRetry, type RetryPolicy } from "../../domain/retry-policy.ts";
import { paymentEntries, type UserPaymentType } from "../../domain/user-payment.ts";
import { formatUuid } from "../../domain/uuid.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import { type EventSink, NO_EVENTS } from "../../store/event-sink.ts";
import type { TaskBrief, TaskDecision, TaskHandler, TaskResult } from "../../store/module.ts";
import type { TaskAttempts } from "../../store/task-attempts.ts";
import type { LeasedTask } from "../../store/task-queue.ts";
import type { GatewayPayment } from "../../upstreams/payment-gateway.ts";
import type { DeadAttempt, DeadLetter } from "../dead-letters/sources.ts";
import type { DeadLetterWriter } from "../dead-letters/writer.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { FEES_ACCOUNT, OUTSIDE_ACCOUNT } from "../ledger/system-accounts.ts";
import type { CounterWriter } from "./counter-writer.ts";
import { tellUserPayment } from "./event-queries.ts";
import type { UserPaymentRow, UserStatements } from "./statements.ts";
import { statusNumber, statusOf, typeOf } from "./table.ts";

/** What the dead letter of a payment tells of it. */
export interface DeadPayment {
  readonly payment_id: number;
  readonly user_id: number;
  readonly amount: number;
  readonly commission: number;
  readonly payment_type: UserPaymentType;
}

export interface GatewayTasksParts {
  readonly statements: UserStatements;
  readonly counters: CounterWriter;
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetterWriter;
  readonly attempts: Pick<TaskAttempts, "ofTask">;
  readonly settings: Settings;
  readonly metrics: Metrics;
  readonly events?: EventSink | undefined;
  /** For the jitter; default: Math.random. */
  readonly random?: () => number;
}

type Failure = Exclude<AttemptOutcome, { kind: "settled" }>;

const FINISH: TaskDecision = { kind: "finish" };

/**
 * The store's side of calls to the payment gateway: what to send, and what the answer means for the money.
 * Every attempt of a payment carries the same key, so after a timeout it is simply sent again: a gateway that
 * has charged it says so instead of charging twice.
 */
export class GatewayTasks implements TaskHandler {
  readonly #parts: GatewayTasksParts;
  readonly #policy: RetryPolicy;

  constructor(parts: GatewayTasksParts) {
    this.#parts = parts;
    this.#policy = gatewayRetryPolicy(parts.settings);
  }

  describe(task: LeasedTask): TaskBrief | null {
    const { statements, counters } = this.#parts;
    const payment = this.#paymentOf(task);
    const status = statusOf(payment.status);
    if (status === "success" || status === "failed") return null;
    if (status === "new") {
      statements.start.run({ id: payment.id });
      counters.count("payments_processing_started_total");
    }
    return {
      payload: {
        key: formatUuid(payment.uuid, 0),
        paymentId: payment.id,
        userId: payment.userId,
        amountCents: payment.amountCents,
        commissionCents: payment.commissionCents,
        type: typeOf(payment.type),
      } satisfies GatewayPayment,
    };
  }

  outcome(task: LeasedTask, { outcome }: TaskResult, nowMs: number): TaskDecision {
    const payment = this.#paymentOf(task);
    if (statusOf(payment.status) !== "processing") return FINISH;
    if (outcome.kind === "settled") {
      this.#succeed(task, payment, nowMs);
      return FINISH;
    }
    this.#noteFailure(payment, outcome);
    if (outcome.kind !== "declined") {
      const { random = Math.random } = this.#parts;
      const decision = decideRetry(this.#policy, task.attempts, nowMs - payment.createdAtMs, random);
      if (decision.kind === "retry") {
        this.#parts.counters.count("payments_retried_total");
        return { kind: "retry", atMs: Math.ceil(nowMs + decision.delayMs) };
      }
    }
    this.#fail(task, payment, outcome.code, nowMs);
    return FINISH;
  }

  get #events(): EventSink {
    return this.#parts.events ?? NO_EVENTS;
  }

  #succeed(task: LeasedTask, payment: UserPaymentRow, nowMs: number): void {
    const { statements, counters, metrics } = this.#parts;
    statements.noteAttempt.run({ id: payment.id, code: null });
    counters.count("gateway_success_total");
    const posted = this.#post(payment, nowMs);
    if (posted.kind === "refused") {
      this.#fail(task, payment, posted.reason, nowMs);
      return;
    }
    if (posted.kind !== "done") throw new Error(`payment ${payment.id} is processing, and posted already`);
    statements.end.run({ id: payment.id, status: statusNumber("success"), atMs: nowMs });
    counters.count("payments_success_total");
    metrics.increment("user_payments", "success");
    tellUserPayment(this.#events, payment, typeOf(payment.type), "success", nowMs);
  }

  #post(payment: UserPaymentRow, nowMs: number): ReturnType<Ledger["post"]> {
    const { ledger } = this.#parts;
    const type = typeOf(payment.type);
    const accounts = { user: this.#accountOf(payment), fees: FEES_ACCOUNT, outside: OUTSIDE_ACCOUNT };
    const { uuid: id, id: reference, amountCents, commissionCents, holdId } = payment;
    const entries = paymentEntries(type, accounts, amountCents, commissionCents);
    if (type === "deposit") return ledger.transfer({ id, kind: "deposit", entries, atMs: nowMs, reference });
    if (holdId === null) throw new Error(`withdrawal ${reference} is processing without a hold`);
    return ledger.post(holdId, { id, kind: "withdrawal", entries, atMs: nowMs, reference });
  }

  #noteFailure(payment: UserPaymentRow, { kind, code }: Failure): void {
    const { statements, counters } = this.#parts;
    statements.noteAttempt.run({ id: payment.id, code });
    if (kind === "declined") counters.count("gateway_non_retryable_errors_total");
    else counters.count(code === "timeout" ? "gateway_timeouts_total" : "gateway_errors_total");
  }

  #fail(task: LeasedTask, payment: UserPaymentRow, error: string, nowMs: number): void {
    const { statements, counters, metrics, ledger, deadLetters, attempts } = this.#parts;
    if (payment.holdId !== null) ledger.release(payment.holdId, nowMs);
    statements.end.run({ id: payment.id, status: statusNumber("failed"), atMs: nowMs });
    deadLetters.put(deadLetterOf(payment, error, attempts.ofTask("userPayment", task)), nowMs);
    counters.count("payments_failed_total");
    counters.count("dlq_written_total");
    tellUserPayment(this.#events, payment, typeOf(payment.type), "failed", nowMs);
    metrics.increment("user_payments", "failed");
  }

  #paymentOf(task: LeasedTask): UserPaymentRow {
    const row = this.#parts.statements.findPayment.get({ id: task.subject });
    if (row === undefined) throw new Error(`task ${task.id} is about a payment that does not exist`);
    return row;
  }

  #accountOf(payment: UserPaymentRow): number {
    const row = this.#parts.statements.accountOf.get({ id: payment.userId });
    if (row === undefined) throw new Error(`payment ${payment.id} has no user`);
    return row.accountId;
  }
}

function deadLetterOf(payment: UserPaymentRow, code: string, history: readonly DeadAttempt[]): DeadLetter {
  return {
    source: "users",
    subject: String(payment.id),
    error: { name: "GatewayError", message: "The payment gateway did not charge the payment.", code },
    originalTopic: null,
    originalMessage: {
      payment_id: payment.id,
      user_id: payment.userId,
      amount: toAmount(payment.amountCents),
      commission: toAmount(payment.commissionCents),
      payment_type: typeOf(payment.type),
    } satisfies DeadPayment,
    attempts: payment.attempts + 1,
    history,
  };
}

/** CONTRACTS, section C: when a payment is sent again. */
export function gatewayRetryPolicy(settings: Settings): RetryPolicy {
  return {
    initialIntervalMs: settings.gatewayBackoffBaseSeconds * 1000,
    backoffCoefficient: 2,
    maximumIntervalMs: settings.gatewayBackoffMaxSeconds * 1000,
    maximumAttempts: settings.gatewayMaxAttempts,
    deadlineMs: Number.POSITIVE_INFINITY,
    jitterMs: settings.gatewayBackoffJitterSeconds * 1000,
  };
}
