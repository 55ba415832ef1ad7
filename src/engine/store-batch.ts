import { LIMITS } from "../config/limits.ts";
import type { ProcessorName } from "../domain/processor.ts";
import type { PaymentCommands } from "../modules/payments/commands.ts";
import { FRAME_KINDS, type PaymentTaskFrame, processorOf, readAttempt, readJson } from "../ring/frames.ts";
import type { RingConsumer } from "../ring/ring-consumer.ts";
import type { CommandHandler, CommandReply, StoreModule, TaskHandler, TaskResult } from "../store/module.ts";
import type { ReplicaLease } from "../store/replica-lease.ts";
import { TASK_KIND_NAMES, type TaskKind } from "../store/task-kinds.ts";
import type { TaskQueue } from "../store/task-queue.ts";

/** A task of any kind but a payment, as dispatch gets it. */
export interface TaskCall {
  readonly taskId: number;
  readonly kind: TaskKind;
  /** Calls made before this one. */
  readonly attempts: number;
  /** A call may have been made whose outcome is unknown. */
  readonly uncertain: boolean;
  readonly payload: unknown;
}

/** What dispatch says of it. */
export interface TaskCallOutcome extends TaskResult {
  readonly taskId: number;
  readonly kind: TaskKind;
}

/** What may leave the store thread once the batch is committed. */
export interface BatchEffects {
  readonly tasks: PaymentTaskFrame[];
  /** Tasks of every other kind. */
  readonly calls: TaskCall[];
  readonly assigned: { readonly taskId: number; readonly processor: ProcessorName }[];
  readonly replies: { readonly replyId: number; readonly reply: CommandReply }[];
  frames: number;
  /** Dispatch must forget its tasks: payments were purged. */
  purged: boolean;
  /** The lease was lost: dispatch must forget everything. */
  fenced: boolean;
  /** How often payments have been purged when the transaction ends. */
  purgeGeneration: number;
}

export interface StoreBatchParts {
  readonly intake: RingConsumer;
  readonly outcomes: readonly RingConsumer[];
  readonly lease: ReplicaLease;
  readonly tasks: TaskQueue;
  readonly payments: PaymentCommands;
  readonly modules: readonly StoreModule[];
  readonly replicaName: string;
  /** The processor that a fresh payment would be sent to at once. */
  readonly preferred: () => ProcessorName | null;
}

/** The reply to a command that threw, or to a frame that nobody knows. */
const BUG_REPLY: CommandReply = { kind: "bug" };

/**
 * The work of one transaction: takes in what main and dispatch have written, refills dispatch with tasks
 * that waited in the database, and commits to the ring's position with all of that. Runs again from the
 * start after a rollback, so it keeps nothing between two runs.
 */
export class StoreBatch {
  readonly #parts: StoreBatchParts;
  readonly #handlers = new Map<string, CommandHandler>();
  readonly #taskHandlers = new Map<TaskKind, TaskHandler>();
  #purgeGeneration = -1;

  constructor(parts: StoreBatchParts) {
    this.#parts = parts;
    for (const module of parts.modules) {
      for (const [name, handler] of Object.entries(module.commands)) this.#handlers.set(name, handler);
      for (const kind of TASK_KIND_NAMES) {
        const handler = module.tasks?.[kind];
        if (handler !== undefined) this.#taskHandlers.set(kind, handler);
      }
    }
  }

  /**
   * Runs inside the transaction.
   * @param framesMax how many frames to take in at most
   * @param skipPoison leave out the first frame: it threw alone
   */
  run(framesMax: number, skipPoison: boolean, nowMs: number): BatchEffects {
    const effects: BatchEffects = {
      tasks: [],
      calls: [],
      assigned: [],
      replies: [],
      frames: 0,
      purged: false,
      fenced: false,
      purgeGeneration: this.#purgeGeneration,
    };
    this.#verifyLease(effects, nowMs);
    this.#takeIn(effects, framesMax, skipPoison, nowMs);
    this.#refill(effects, nowMs);
    for (const module of this.#parts.modules) module.beforeCommit?.();
    this.#parts.lease.advance(this.#parts.intake.cursor, nowMs);
    return effects;
  }

  /** Whether frames wait to be taken in. */
  hasFrames(): boolean {
    const { intake, outcomes } = this.#parts;
    return isPending(intake) || outcomes.some(isPending);
  }

  /** Whether tasks that wait in the database may go to dispatch now. */
  hasDue(nowMs: number): boolean {
    const { tasks } = this.#parts;
    if (tasks.hasDue("payment", nowMs)) return true;
    for (const kind of this.#taskHandlers.keys()) if (tasks.hasDue(kind, nowMs)) return true;
    return false;
  }

  /** Dispatch is stopping: what is accepted from now on waits in the database. */
  close(): void {
    this.#parts.tasks.close();
  }

  committed(effects: BatchEffects): void {
    const { intake, outcomes, tasks } = this.#parts;
    this.#purgeGeneration = effects.purgeGeneration;
    intake.release();
    for (const ring of outcomes) ring.release();
    tasks.committed();
  }

  /** Goes back to what was committed last. */
  rolledBack(intakePosition: number, outcomePositions: readonly number[]): void {
    const { intake, outcomes, tasks, modules } = this.#parts;
    intake.seek(intakePosition);
    for (const [index, ring] of outcomes.entries()) ring.seek(outcomePositions[index] ?? ring.cursor);
    tasks.rolledBack();
    for (const module of modules) module.rolledBack?.();
  }

  #verifyLease(effects: BatchEffects, nowMs: number): void {
    const { lease, intake, tasks, replicaName } = this.#parts;
    let check = lease.verify();
    if (check.kind === "fenced") {
      // This process slept longer than its lease: others have its tasks, and it starts over.
      lease.register(replicaName, nowMs);
      tasks.recount();
      effects.fenced = true;
      check = lease.verify();
      if (check.kind === "fenced") throw new Error("the lease that was just registered is not held");
    }
    // Another replica may have taken in frames of this ring (a purge, a take-over).
    if (check.ringPosition !== intake.cursor) intake.seek(check.ringPosition);
    if (effects.purgeGeneration !== check.purgeGeneration) {
      // Another replica purged: the tasks that dispatch here still has are gone.
      effects.purged = effects.purgeGeneration !== -1;
      effects.purgeGeneration = check.purgeGeneration;
      if (effects.purged) tasks.recount();
    }
  }

  #takeIn(effects: BatchEffects, framesMax: number, skipPoison: boolean, nowMs: number): void {
    const { intake, outcomes } = this.#parts;
    let skip = skipPoison;
    for (const ring of outcomes) {
      while (effects.frames < framesMax && ring.next()) {
        effects.frames++;
        if (!skip) this.#takeOutcome(ring, effects, nowMs);
        skip = false;
      }
    }
    while (effects.frames < framesMax && intake.next()) {
      effects.frames++;
      if (skip) this.#refuse(intake, effects);
      else this.#takeCommand(intake, effects, nowMs);
      skip = false;
    }
  }

  #takeCommand(ring: RingConsumer, effects: BatchEffects, nowMs: number): void {
    if (ring.kind === FRAME_KINDS.acceptPayment) {
      this.#takePayment(ring, effects);
      return;
    }
    const { name, replyId, input } = readCommand(ring);
    const handler = this.#handlers.get(name);
    if (handler === undefined) throw new Error(`nobody handles the command ${name}`);
    // The route that wrote the frame and the handler belong to the same module and share its types.
    const reply = handler(input as never, nowMs);
    if (reply.kind === "purged") forgetPayments(effects);
    if (replyId !== 0) effects.replies.push({ replyId, reply });
  }

  #takePayment(ring: RingConsumer, effects: BatchEffects): void {
    const { view, bytes, offset } = ring;
    const result = this.#parts.payments.accept(
      {
        idBytes: bytes,
        idAt: offset,
        amountCents: view.getFloat64(offset + 16, true),
        acceptedAtMs: view.getFloat64(offset + 24, true),
      },
      this.#parts.preferred(),
    );
    if (result.kind === "accepted" && result.task !== null) effects.tasks.push(result.task);
    const replyId = view.getUint32(offset + 32, true);
    if (replyId !== 0) effects.replies.push({ replyId, reply: { kind: result.kind } });
  }

  #takeOutcome(ring: RingConsumer, effects: BatchEffects, nowMs: number): void {
    const { view, bytes, offset } = ring;
    const { payments, tasks } = this.#parts;
    switch (ring.kind) {
      case FRAME_KINDS.attempt:
        payments.attempt(readAttempt(view, bytes, offset), nowMs);
        return;
      case FRAME_KINDS.assign: {
        const taskId = view.getFloat64(offset, true);
        const upstream = view.getUint8(offset + 8);
        const processor = processorOf(upstream);
        if (tasks.assign(taskId, upstream) && processor !== null)
          effects.assigned.push({ taskId, processor });
        return;
      }
      case FRAME_KINDS.taskOutcome:
        this.#takeTaskOutcome(ring, nowMs);
        return;
      case FRAME_KINDS.giveBack:
        tasks.park(view.getFloat64(offset, true), view.getUint8(offset + 8), nowMs);
        return;
      default:
        throw new Error(`an outcome frame of unknown kind ${ring.kind}`);
    }
  }

  /** Leaves out a frame that throws, and says so to whoever waits for it. */
  #refuse(ring: RingConsumer, effects: BatchEffects): void {
    const replyId =
      ring.kind === FRAME_KINDS.acceptPayment
        ? ring.view.getUint32(ring.offset + 32, true)
        : readCommand(ring).replyId;
    if (replyId !== 0) effects.replies.push({ replyId, reply: BUG_REPLY });
  }

  #refill(effects: BatchEffects, nowMs: number): void {
    const { tasks, payments } = this.#parts;
    const leased = tasks.leaseDue("payment", nowMs, LIMITS.leaseBatchMax.value);
    if (leased.length > 0) effects.tasks.push(...payments.describe(leased));
    for (const [kind, handler] of this.#taskHandlers) {
      for (const task of tasks.leaseDue(kind, nowMs, LIMITS.leaseBatchMax.value)) {
        const brief = handler.describe(task, nowMs);
        if (brief === null) {
          tasks.finish(task.id);
          continue;
        }
        const { id: taskId, attempts, upstream } = task;
        effects.calls.push({ taskId, kind, attempts, uncertain: upstream !== 0, payload: brief.payload });
      }
    }
  }

  #takeTaskOutcome(ring: RingConsumer, nowMs: number): void {
    // dispatch-tasks.ts wrote the frame with this shape
    const { taskId, kind, outcome, data } = readJson(ring.bytes, ring.offset, ring.length) as TaskCallOutcome;
    const { tasks } = this.#parts;
    const upstream = outcome.kind === "unknown" ? 1 : 0;
    const noted = tasks.noteAttempt(taskId, upstream);
    // Not leased to this replica any more: whoever has it decides.
    if (noted === null) return;
    const handler = this.#taskHandlers.get(kind);
    if (handler === undefined) throw new Error(`nobody handles tasks of kind ${kind}`);
    const decision = handler.outcome({ id: taskId, upstream, ...noted }, { outcome, data }, nowMs);
    if (decision.kind === "finish") tasks.finish(taskId);
    else tasks.park(taskId, upstream, decision.atMs);
  }
}

/** What was to leave is purged, too; what the batch accepts from here on is not. */
function forgetPayments(effects: BatchEffects): void {
  effects.tasks.length = 0;
  effects.assigned.length = 0;
  effects.purged = true;
  effects.purgeGeneration++;
}

function isPending(ring: RingConsumer): boolean {
  return ring.cursor !== ring.readablePosition;
}

function readCommand(ring: RingConsumer): { name: string; replyId: number; input: unknown } {
  // main wrote the frame with the same shape, see command-client.ts
  return readJson(ring.bytes, ring.offset, ring.length) as { name: string; replyId: number; input: unknown };
}
