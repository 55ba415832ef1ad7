import { and, eq, sql } from "drizzle-orm";
import { feeOf, parseShare, type Share } from "../../domain/fee.ts";
import { toCents } from "../../domain/money.ts";
import { callsEndAfterMs } from "../../domain/payment-inquiries.ts";
import type { ProcessorName } from "../../domain/processor.ts";
import { UUID_BYTES, uuidBytes } from "../../domain/uuid.ts";
import {
  type AttemptFrame,
  EITHER_PROCESSOR,
  type PaymentTaskFrame,
  processorNumber,
  processorOf,
} from "../../ring/frames.ts";
import { compile } from "../../store/compiled-statement.ts";
import { NO_EVENTS } from "../../store/event-sink.ts";
import type { StoreContext, StoreModule } from "../../store/module.ts";
import { state } from "../../store/tables.ts";
import type { LeasedTask } from "../../store/task-queue.ts";
import type { DeadLetterSource } from "../dead-letters/sources.ts";
import type { DeadLetterWriter } from "../dead-letters/writer.ts";
import { CounterOutbox } from "./counter-writer.ts";
import { DeadPayments } from "./dead-payment-commands.ts";
import { EventTeller } from "./event-queries.ts";
import { EventWriter, type PaymentEvent } from "./event-writer.ts";
import { RollupWriter } from "./rollup-writer.ts";
import {
  AMOUNT_DIFFERS,
  PAYMENT_STATUS,
  type PaymentStatusName,
  paymentEvents,
  paymentRollups,
  payments,
  statusName,
} from "./table.ts";

export interface AcceptedPayment {
  /** Where the UUID's 16 bytes are: in the intake log, unchanged until the batch is committed and handed out. */
  readonly idBytes: Uint8Array;
  readonly idAt: number;
  readonly amountCents: number;
  readonly acceptedAtMs: number;
}

/** The same as a command, for a request that waits for the commit (one with an Idempotency-Key). */
export interface AcceptPayment {
  readonly correlationId: string;
  readonly amountCents: number;
  readonly acceptedAtMs: number;
}

export type AcceptReply =
  | { readonly kind: "accepted" | "conflict"; readonly correlationId: string }
  | { readonly kind: "repeated"; readonly correlationId: string; readonly status: PaymentStatusName };

export type AcceptResult =
  | { readonly kind: "accepted"; readonly task: PaymentTaskFrame | null }
  | RepeatResult;

type RepeatResult = { readonly kind: "repeated" | "conflict" };

/**
 * Section A's writes. A payment's way through `payments.status`:
 *
 *   (accept) ──► pending ──► settled     the processor has it
 *                   └──────► dead        the processor said a final no; an administrator's requeue makes it pending again
 *
 * Each arrow is one UPDATE with `WHERE status = pending`, in the transaction that also ends the task.
 */
export class PaymentCommands implements StoreModule {
  readonly #context: StoreContext;
  readonly #rollups: RollupWriter;
  readonly #counters: CounterOutbox;
  readonly #events: EventWriter;
  readonly #teller: EventTeller;
  readonly #dead: DeadPayments;
  readonly #statements;
  /** The id being stored: SQLite reads it during the call, so one buffer serves all. */
  readonly #id = Buffer.alloc(UUID_BYTES);
  readonly #feeShares: Readonly<Record<ProcessorName, Share>>;

  constructor(context: StoreContext, deadLetters: DeadLetterWriter) {
    this.#context = context;
    this.#feeShares = {
      default: shareOf(context.settings.processorFeeDefault),
      fallback: shareOf(context.settings.processorFeeFallback),
    };
    this.#rollups = new RollupWriter(context.orm);
    this.#counters = new CounterOutbox(context.orm);
    this.#events = new EventWriter(context.orm);
    this.#teller = new EventTeller(context.orm, context.events ?? NO_EVENTS);
    this.#dead = new DeadPayments(context, deadLetters, this.#events);
    this.#statements = prepareStatements(context.orm);
  }

  readonly commands = {
    "payments.accept": (input: AcceptPayment) => this.#acceptCommand(input),
    "payments.purge": () => this.#purge(),
  };

  /**
   * Stores an accepted payment with its task, unless its id is known.
   * @param upstream the processor that a fresh payment would be sent to at once, or null
   */
  accept(payment: AcceptedPayment, upstream: ProcessorName | null): AcceptResult {
    const { tasks, metrics } = this.#context;
    const id = this.#id;
    for (let i = 0; i < id.length; i++) id[i] = payment.idBytes[payment.idAt + i] ?? 0;
    this.#context.knownIds?.add(id);
    const inserted = this.#statements.insert.run(id, payment.amountCents, payment.acceptedAtMs);
    if (inserted.changes === 0) return this.#repeat(id, payment);
    metrics.increment("payments_accepted");
    this.#teller.accepted(payment.idBytes, payment.idAt, payment.amountCents, payment.acceptedAtMs);
    const number = processorNumber(upstream);
    const task = tasks.add("payment", Number(inserted.lastInsertRowid), number, payment.acceptedAtMs);
    if (!task.leased) return { kind: "accepted", task: null };
    return {
      kind: "accepted",
      task: {
        taskId: task.id,
        idBytes: payment.idBytes,
        idAt: payment.idAt,
        amountCents: payment.amountCents,
        acceptedAtMs: payment.acceptedAtMs,
        attempts: 0,
        assigned: upstream,
        uncertain: false,
      },
    };
  }

  #acceptCommand({ correlationId, amountCents, acceptedAtMs }: AcceptPayment): AcceptReply {
    const { tasks, metrics } = this.#context;
    const id = Buffer.from(uuidBytes(correlationId));
    this.#context.knownIds?.add(id);
    const inserted = this.#statements.insert.run(id, amountCents, acceptedAtMs);
    if (inserted.changes > 0) {
      metrics.increment("payments_accepted");
      this.#teller.accepted(id, 0, amountCents, acceptedAtMs);
      // Due now: the refill at the end of this very batch hands it to dispatch.
      tasks.schedule("payment", Number(inserted.lastInsertRowid), acceptedAtMs);
      return { kind: "accepted", correlationId };
    }
    const { kind } = this.#repeat(id, { amountCents, acceptedAtMs });
    if (kind !== "repeated") return { kind, correlationId };
    const status = statusName(this.#statements.find.get({ id })?.status ?? PAYMENT_STATUS.pending);
    return { kind, correlationId, status };
  }

  /** Its side of the dead-letter list. */
  get deadLetterSource(): DeadLetterSource {
    return this.#dead;
  }

  /** Notes what a call came to. */
  attempt(frame: AttemptFrame, nowMs: number): void {
    switch (frame.kind) {
      case "settled":
        this.#settle(frame, nowMs);
        return;
      case "declined":
        this.#decline(frame, nowMs);
        return;
      case "refused":
      case "failed":
      case "unknown":
        this.#noteAttempt(frame, nowMs);
        return;
    }
  }

  /**
   * What dispatch needs to know of tasks that were leased from the database. A task that has an upstream
   * written down was in some dispatch thread's memory when that ended: it may have been called. One that has both is
   * uncertain without being assigned.
   */
  describe(leased: readonly LeasedTask[]): PaymentTaskFrame[] {
    return leased.flatMap((task) => {
      const row = this.#statements.describe.get({ seq: task.subject });
      if (row === undefined) throw new Error(`task ${task.id} is about a payment that does not exist`);
      const assigned = processorOf(task.upstream);
      return {
        taskId: task.id,
        idBytes: row.id,
        idAt: 0,
        amountCents: row.amountCents,
        acceptedAtMs: row.acceptedAtMs,
        attempts: task.attempts,
        assigned,
        uncertain: task.upstream !== 0,
      };
    });
  }

  /**
   * Since the backup any unfinished payment may have been called at the one processor, refused there and charged at
   * the other: both are asked, when the calls of the gateway that made the backup have ended for certain.
   */
  restored(nowMs: number): void {
    const { tasks, settings } = this.#context;
    tasks.doubtKind(
      "payment",
      EITHER_PROCESSOR,
      nowMs + callsEndAfterMs(settings.processorTimeoutSeconds * 1000),
    );
  }

  beforeCommit(): void {
    this.#rollups.flush();
    this.#counters.flush(Date.now());
  }

  rolledBack(): void {
    this.#rollups.discard();
    this.#counters.discard();
  }

  #repeat(id: Buffer, payment: Pick<AcceptedPayment, "amountCents" | "acceptedAtMs">): RepeatResult {
    const known = this.#statements.find.get({ id });
    if (known === undefined) throw new Error("a payment conflicts with one that does not exist");
    const same = known.amountCents === payment.amountCents;
    this.#events.add({
      paymentSeq: known.seq,
      atMs: payment.acceptedAtMs,
      event: same ? "repeated" : "conflict",
      amountCents: payment.amountCents,
    });
    return { kind: same ? "repeated" : "conflict" };
  }

  #settle(frame: AttemptFrame, nowMs: number): void {
    const { tasks, metrics } = this.#context;
    const seq = tasks.finish(frame.taskId);
    if (seq === null) return;
    const feeCents = feeOf(toCents(frame.amountCents), this.#feeShares[frame.processor]);
    const processor = processorNumber(frame.processor);
    const { settle, settleOther } = this.#statements;
    const { requestedAtMs, amountCents } = frame;
    const isAsAsked = settle.run(seq, processor, requestedAtMs, nowMs, feeCents, amountCents).changes > 0;
    if (!isAsAsked && settleOther.run(seq, processor, requestedAtMs, nowMs, feeCents).changes === 0) return;
    // Nothing more is written of most: their row tells it.
    if (frame.call !== undefined) this.#events.addLast(attemptEvent(seq, frame, nowMs));
    if (!isAsAsked) {
      this.#events.addLast({ paymentSeq: seq, atMs: nowMs, event: AMOUNT_DIFFERS, processor, amountCents });
    }
    this.#rollups.add(frame.processor, frame.requestedAtMs, frame.amountCents);
    this.#counters.add(frame.processor, frame.requestedAtMs, frame.amountCents);
    metrics.increment("payments_settled", frame.processor);
    this.#teller.settled(seq, frame, feeCents, nowMs);
  }

  #decline(frame: AttemptFrame, nowMs: number): void {
    const { tasks, metrics } = this.#context;
    const seq = tasks.finish(frame.taskId);
    if (seq === null) return;
    this.#statements.kill.run({ seq, code: frame.code });
    this.#events.add(attemptEvent(seq, frame, nowMs));
    this.#dead.put(seq, frame.code, nowMs);
    metrics.increment("payments_dead");
    this.#teller.dead(seq, frame, nowMs);
  }

  #noteAttempt(frame: AttemptFrame, nowMs: number): void {
    const task = this.#context.tasks.noteAttempt(frame.taskId, processorNumber(frame.upstream));
    if (task === null) return;
    this.#statements.noteError.run({ seq: task.subject, code: frame.code });
    this.#events.add(attemptEvent(task.subject, frame, nowMs));
    this.#teller.attempted(task.subject, frame, nowMs);
  }

  /** Forgets every payment, queued ones included, and nothing else. */
  #purge() {
    const { orm, tasks } = this.#context;
    this.#teller.purged(Date.now());
    this.#rollups.discard();
    this.#counters.purge();
    this.#dead.forget();
    tasks.deleteKind("payment");
    orm.delete(payments).run();
    orm.delete(paymentEvents).run();
    orm.delete(paymentRollups).run();
    orm
      .update(state)
      .set({ purgeGeneration: sql`${state.purgeGeneration} + 1` })
      .run();
    return { kind: "purged" };
  }
}

function attemptEvent(seq: number, frame: AttemptFrame, nowMs: number): PaymentEvent {
  return {
    paymentSeq: seq,
    atMs: nowMs,
    event: "attempt",
    processor: processorNumber(frame.processor),
    outcome: frame.kind,
    ...(frame.code === "" ? {} : { code: frame.code }),
    latencyMs: frame.latencyMs,
    call: frame.call,
  };
}

function shareOf(setting: number): Share {
  const parsed = parseShare(setting);
  if (!parsed.ok) throw new Error(`a processor's fee ${parsed.problem}`);
  return parsed.share;
}

function prepareStatements(orm: StoreContext["orm"]) {
  const seq = sql.placeholder("seq");
  const pending = and(eq(payments.seq, seq), eq(payments.status, PAYMENT_STATUS.pending));
  const attempts = sql`${payments.attempts} + 1`;
  const settlement = () =>
    orm.update(payments).set({
      status: PAYMENT_STATUS.settled,
      processor: sql`${sql.placeholder("processor")}`,
      requestedAtMs: sql`${sql.placeholder("requestedAt")}`,
      settledAtMs: sql`${sql.placeholder("settledAt")}`,
      feeCents: sql`${sql.placeholder("fee")}`,
      attempts,
    });
  const settlementNames = ["seq", "processor", "requestedAt", "settledAt", "fee"];
  return {
    insert: compile(
      orm,
      orm
        .insert(payments)
        .values({
          correlationId: sql.placeholder("id"),
          amountCents: sql.placeholder("cents"),
          acceptedAtMs: sql.placeholder("at"),
        })
        .onConflictDoNothing(),
      ["id", "cents", "at"],
    ),
    find: orm
      .select({ seq: payments.seq, amountCents: payments.amountCents, status: payments.status })
      .from(payments)
      .where(eq(payments.correlationId, sql.placeholder("id")))
      .prepare(),
    describe: orm
      .select({
        id: payments.correlationId,
        amountCents: payments.amountCents,
        acceptedAtMs: payments.acceptedAtMs,
      })
      .from(payments)
      .where(eq(payments.seq, seq))
      .prepare(),
    settle: compile(
      orm,
      settlement().where(and(pending, eq(payments.amountCents, sql.placeholder("cents")))),
      [...settlementNames, "cents"],
    ),
    /** Under another amount than ours, which stays: it is what the client asked for. */
    settleOther: compile(orm, settlement().where(pending), settlementNames),
    kill: orm
      .update(payments)
      .set({ status: PAYMENT_STATUS.dead, lastError: sql`${sql.placeholder("code")}`, attempts })
      .where(pending)
      .prepare(),
    noteError: orm
      .update(payments)
      .set({ lastError: sql`${sql.placeholder("code")}`, attempts })
      .where(eq(payments.seq, seq))
      .prepare(),
  };
}
