import { and, eq, sql } from "drizzle-orm";
import { toAmount } from "../../domain/money.ts";
import { type RetryPolicy, retryDelayMs } from "../../domain/retry-policy.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { formatUuid, uuidBytes } from "../../domain/uuid.ts";
import { type EventSink, NO_EVENTS } from "../../store/event-sink.ts";
import type {
  CommandReply,
  StoreContext,
  StoreModule,
  TaskBrief,
  TaskDecision,
  TaskResult,
} from "../../store/module.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import type { LeasedTask } from "../../store/task-queue.ts";
import type { BankAnswer, BankPayment } from "../../upstreams/bank.ts";
import type { TopicWriter } from "../topics/topic-writer.ts";
import { type NewAccountPayment, viewOfNew } from "./model.ts";
import { type AccountPaymentRow, accountPayments, stateNumber, stateOf } from "./table.ts";
import { viewOfRow } from "./view.ts";

export type AccountPaymentReply = { readonly kind: "created"; readonly payment: NewAccountPayment };

const FINISH: TaskDecision = { kind: "finish" };

/** A bank that cannot be reached is asked until it answers: only it knows whether it has paid. */
const RETRY_POLICY: RetryPolicy = {
  initialIntervalMs: 250,
  backoffCoefficient: 2,
  maximumIntervalMs: 10_000,
  maximumAttempts: Number.POSITIVE_INFINITY,
  deadlineMs: Number.POSITIVE_INFINITY,
  jitterMs: 250,
};

/**
 * Section D's writes.
 *
 *   create ──► pending, task due now ──► bank is asked ──► "not yet": task parked until the bank knows
 *                                             │                           │ asked again
 *                                             ▼                           ▼
 *                                        completed or rejected: UPDATE … WHERE state = pending, task ends
 *
 * While the bank takes its time, a payment is a row and a task, and nothing in memory: any number may be pending.
 */
export class AccountPaymentCommands implements StoreModule {
  readonly #context: StoreContext;
  readonly #topics: TopicWriter;
  readonly #events: EventSink;
  readonly #statements;

  constructor(context: StoreContext, topics: TopicWriter) {
    this.#context = context;
    this.#topics = topics;
    this.#events = context.events ?? NO_EVENTS;
    this.#statements = onFirstUse(() => prepareStatements(context.orm));
  }

  readonly commands = {
    "accountPayments.create": (input: NewAccountPayment, nowMs: number) => this.#create(input, nowMs),
  };

  readonly tasks = {
    accountPayment: {
      describe: (task: LeasedTask) => this.#describe(task),
      outcome: (task: LeasedTask, result: TaskResult, nowMs: number) => this.#outcome(task, result, nowMs),
    },
  };

  #create(payment: NewAccountPayment, nowMs: number): CommandReply {
    const { id, userId, accountNumber, amountCents, description, createdAtMs } = payment;
    const { seq } = this.#statements.insert.get({
      id: uuidBytes(id),
      userId: uuidBytes(userId),
      accountNumber,
      amountCents,
      description,
      createdAtMs,
    });
    this.#context.tasks.schedule("accountPayment", seq, nowMs);
    this.#topics.append("payments", id, viewOfNew(payment), {}, nowMs);
    if (this.#events.wants("accountPayment.created")) {
      this.#events.emit("accountPayment.created", { id, amount: toAmount(amountCents) }, createdAtMs);
    }
    return { kind: "created", payment } satisfies AccountPaymentReply;
  }

  #describe(task: LeasedTask): TaskBrief | null {
    const row = this.#rowOf(task);
    if (stateOf(row.state) !== "pending") return null;
    return {
      payload: {
        paymentId: formatUuid(row.id, 0),
        userId: formatUuid(row.userId, 0),
        accountNumber: row.accountNumber,
        amount: toAmount(row.amountCents),
        created: formatTimestamp(row.createdAtMs),
      } satisfies BankPayment,
    };
  }

  #outcome(task: LeasedTask, { outcome, data }: TaskResult, nowMs: number): TaskDecision {
    const row = this.#rowOf(task);
    // upstreams/bank.ts made it; a call that failed has none.
    const answer = data as BankAnswer | undefined;
    switch (answer?.kind) {
      case "decided":
        this.#decide(row, answer, nowMs);
        return FINISH;
      case "notYet":
        this.#statements.note.run({ seq: row.seq, lastError: null });
        return { kind: "retry", atMs: Math.ceil(nowMs + answer.askAgainInMs) };
      case undefined: {
        const code = outcome.kind === "settled" ? "unreadable" : outcome.code;
        this.#statements.note.run({ seq: row.seq, lastError: code });
        return {
          kind: "retry",
          atMs: Math.ceil(nowMs + retryDelayMs(RETRY_POLICY, task.attempts, Math.random)),
        };
      }
    }
  }

  #decide(row: AccountPaymentRow, { state, details }: BankAnswer & { kind: "decided" }, nowMs: number): void {
    const decided = this.#statements.decide.get({
      seq: row.seq,
      state: stateNumber(state),
      details,
      processedAtMs: nowMs,
    });
    // drizzle types the row of a RETURNING as always there; it was final already, and stays what it was.
    if ((decided as AccountPaymentRow | undefined) === undefined) return;
    const id = formatUuid(row.id, 0);
    this.#topics.append("paymentsResults", id, viewOfRow(decided), {}, nowMs);
    this.#events.resultReady();
    if (this.#events.wants("accountPayment.final")) {
      this.#events.emit("accountPayment.final", { id, state, amount: toAmount(row.amountCents) }, nowMs);
    }
  }

  #rowOf(task: LeasedTask): AccountPaymentRow {
    const row = this.#statements.find.get({ seq: task.subject });
    if (row === undefined) throw new Error(`task ${task.id} is about an account payment that does not exist`);
    return row;
  }
}

function prepareStatements(orm: StoreContext["orm"]) {
  const bySeq = eq(accountPayments.seq, sql.placeholder("seq"));
  const calls = sql`${accountPayments.calls} + 1`;
  return {
    insert: orm
      .insert(accountPayments)
      .values({
        id: sql.placeholder("id"),
        userId: sql.placeholder("userId"),
        accountNumber: sql.placeholder("accountNumber"),
        amountCents: sql.placeholder("amountCents"),
        description: sql.placeholder("description"),
        createdAtMs: sql.placeholder("createdAtMs"),
      })
      .returning({ seq: accountPayments.seq })
      .prepare(),
    find: orm.select().from(accountPayments).where(bySeq).prepare(),
    note: orm
      .update(accountPayments)
      .set({ calls, lastError: sql`${sql.placeholder("lastError")}` })
      .where(bySeq)
      .prepare(),
    decide: orm
      .update(accountPayments)
      .set({
        state: sql`${sql.placeholder("state")}`,
        details: sql`${sql.placeholder("details")}`,
        processedAtMs: sql`${sql.placeholder("processedAtMs")}`,
        calls,
        lastError: null,
        finalSeq: sql`(SELECT coalesce(max(final_seq), 0) + 1 FROM account_payments WHERE final_seq IS NOT NULL)`,
      })
      .where(and(bySeq, eq(accountPayments.state, stateNumber("pending"))))
      .returning()
      .prepare(),
  };
}
