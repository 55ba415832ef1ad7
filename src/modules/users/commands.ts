import { feeOf, parsePercent, type Share } from "../../domain/fee.ts";
import { exceedsBalanceLimit } from "../../domain/ledger.ts";
import { toCents } from "../../domain/money.ts";
import type { UserPaymentType } from "../../domain/user-payment.ts";
import { uuidBytes } from "../../domain/uuid.ts";
import { NO_EVENTS } from "../../store/event-sink.ts";
import type { StoreContext, StoreModule, TaskHandler } from "../../store/module.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import type { DeadLetterSource, RequeueResult } from "../dead-letters/sources.ts";
import type { DeadLetterWriter } from "../dead-letters/writer.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { OUTSIDE_ACCOUNT } from "../ledger/system-accounts.ts";
import { CounterWriter } from "./counter-writer.ts";
import { tellUserPayment } from "./event-queries.ts";
import { GatewayTasks } from "./gateway-tasks.ts";
import { prepareStatements } from "./statements.ts";
import { statusNumber, typeNumber, typeOf } from "./table.ts";

export interface CreateUser {
  readonly balanceCents: number;
  /** A UUID made for this call: the id of the opening transfer. */
  readonly uuid: string;
}

export interface RequestPayment {
  readonly userId: number;
  readonly amountCents: number;
  /** A UUID made for this call: the payment's key at the gateway and its transfer's id. */
  readonly uuid: string;
}

export type UserReply =
  | { readonly kind: "created"; readonly userId: number; readonly balanceCents: number }
  | { readonly kind: "balance_limit" }
  | { readonly kind: "unknown_user" }
  | {
      readonly kind: "accepted";
      readonly paymentId: number;
      readonly userId: number;
      readonly amountCents: number;
    }
  | { readonly kind: "insufficient_funds"; readonly paymentId: number; readonly neededCents: number };

/** Section C's writes; see domain/user-payment.ts for the way of a payment. */
export class UserCommands implements StoreModule, DeadLetterSource {
  readonly source = "users";
  readonly #context: StoreContext;
  readonly #ledger: Ledger;
  readonly #statements;
  readonly #counters: CounterWriter;
  readonly #feeShare: Share;
  readonly tasks: { readonly userPayment: TaskHandler };

  constructor(context: StoreContext, ledger: Ledger, deadLetters: DeadLetterWriter) {
    this.#context = context;
    this.#ledger = ledger;
    this.#statements = onFirstUse(() => prepareStatements(context.orm));
    this.#counters = new CounterWriter(context.orm);
    this.#feeShare = transactionFee(context.settings.transactionFee);
    const { settings, metrics, attempts } = context;
    this.tasks = {
      userPayment: new GatewayTasks({
        statements: this.#statements,
        counters: this.#counters,
        ledger,
        deadLetters,
        attempts,
        settings,
        metrics,
        events: context.events,
      }),
    };
  }

  readonly commands = {
    "users.create": (input: CreateUser, nowMs: number) => this.#create(input, nowMs),
    "users.deposit": (input: RequestPayment, nowMs: number) => this.#deposit(input, nowMs),
    "users.withdraw": (input: RequestPayment, nowMs: number) => this.#withdraw(input, nowMs),
  };

  beforeCommit(): void {
    this.#counters.flush();
  }

  rolledBack(): void {
    this.#counters.discard();
  }

  /** Gives a dead payment its attempts anew. A withdrawal holds its money again, or stays dead. */
  requeue(subject: string, _extra: unknown, nowMs: number): RequeueResult {
    const payment = this.#statements.findPayment.get({ id: Number(subject) });
    const accountId = payment === undefined ? null : this.#accountOf(payment.userId);
    if (payment === undefined || accountId === null) throw new Error("a dead letter without its payment");
    let holdId: number | null = null;
    if (typeOf(payment.type) === "withdraw") {
      const held = this.#ledger.hold(accountId, payment.amountCents + payment.commissionCents, nowMs);
      if (held.kind === "refused")
        return { kind: "refused", reason: "The user has too little money by now." };
      holdId = held.holdId;
    }
    this.#statements.reopen.run({ id: payment.id, holdId });
    this.#schedule(payment.id, nowMs);
    return { kind: "requeued" };
  }

  /** A repeat with an Idempotency-Key was answered: it is a request, too. */
  countReplay(command: string): void {
    if (!command.startsWith("users.")) return;
    this.#counters.count("idempotency_hits_total");
    if (command === "users.deposit") this.#counters.count("payments_deposit_requests_total");
    if (command === "users.withdraw") this.#counters.count("payments_withdraw_requests_total");
  }

  #create({ balanceCents, uuid }: CreateUser, nowMs: number): UserReply {
    const accountId = this.#ledger.open("user");
    if (balanceCents > 0) {
      const opened = this.#ledger.transfer({
        id: uuidBytes(uuid),
        kind: "opening",
        atMs: nowMs,
        entries: [
          { accountId, cents: balanceCents },
          { accountId: OUTSIDE_ACCOUNT, cents: -balanceCents },
        ],
      });
      // The new account has taken no money: it stays behind empty and unused.
      if (opened.kind !== "done") return { kind: "balance_limit" };
    }
    const { id } = this.#statements.addUser.get({ accountId, atMs: nowMs });
    return { kind: "created", userId: id, balanceCents };
  }

  #deposit(request: RequestPayment, nowMs: number): UserReply {
    this.#counters.count("payments_deposit_requests_total");
    const accountId = this.#accountOf(request.userId);
    if (accountId === null) return { kind: "unknown_user" };
    const commissionCents = this.#feeOf(request.amountCents);
    const account = this.#ledger.account(accountId);
    if (exceedsBalanceLimit(account, request.amountCents - commissionCents)) return { kind: "balance_limit" };
    return this.#accept("deposit", request, commissionCents, null, nowMs);
  }

  #withdraw(request: RequestPayment, nowMs: number): UserReply {
    this.#counters.count("payments_withdraw_requests_total");
    const accountId = this.#accountOf(request.userId);
    if (accountId === null) return { kind: "unknown_user" };
    const commissionCents = this.#feeOf(request.amountCents);
    const neededCents = request.amountCents + commissionCents;
    const held = this.#ledger.hold(accountId, neededCents, nowMs);
    if (held.kind === "held") return this.#accept("withdraw", request, commissionCents, held.holdId, nowMs);
    const { id: paymentId } = this.#statements.addPayment.get({
      ...this.#paymentRow("withdraw", request, commissionCents, nowMs),
      status: statusNumber("failed"),
      lastError: "insufficient_funds",
      endedAtMs: nowMs,
    });
    this.#counters.count("payments_failed_total");
    this.#context.metrics.increment("user_payments", "failed");
    return { kind: "insufficient_funds", paymentId, neededCents };
  }

  #accept(
    type: UserPaymentType,
    request: RequestPayment,
    commissionCents: number,
    holdId: number | null,
    nowMs: number,
  ): UserReply {
    const row = this.#paymentRow(type, request, commissionCents, nowMs);
    const { id: paymentId } = this.#statements.addPayment.get({ ...row, holdId });
    tellUserPayment(this.#context.events ?? NO_EVENTS, { ...request, id: paymentId }, type, "new", nowMs);
    this.#schedule(paymentId, nowMs);
    return {
      kind: "accepted",
      paymentId,
      userId: request.userId,
      amountCents: request.amountCents,
    };
  }

  #schedule(paymentId: number, nowMs: number): void {
    this.#context.tasks.schedule("userPayment", paymentId, nowMs);
    this.#counters.count("payments_task_enqueued_total");
  }

  #paymentRow(type: UserPaymentType, request: RequestPayment, commissionCents: number, nowMs: number) {
    return {
      uuid: uuidBytes(request.uuid),
      userId: request.userId,
      type: typeNumber(type),
      amountCents: request.amountCents,
      commissionCents,
      status: statusNumber("new"),
      holdId: null,
      lastError: null,
      atMs: nowMs,
      endedAtMs: null,
    };
  }

  #accountOf(userId: number): number | null {
    return this.#statements.accountOf.get({ id: userId })?.accountId ?? null;
  }

  #feeOf(amountCents: number): number {
    return feeOf(toCents(amountCents), this.#feeShare);
  }
}

function transactionFee(setting: number): Share {
  const parsed = parsePercent(setting);
  if (!parsed.ok) throw new Error(`TRANSACTION_FEE ${parsed.problem}`);
  return parsed.share;
}
