import { LIMITS } from "../config/limits.ts";
import type { ProcessorName } from "../domain/processor.ts";
import type { PaymentCommands } from "../modules/payments/commands.ts";
import { FRAME_KINDS, processorOf, readAttempt, readJson, readTaskMark } from "../ring/frames.ts";
import type { RingConsumer } from "../ring/ring-consumer.ts";
import type {
  CommandHandler,
  CommandReply,
  FrameHandler,
  StoreModule,
  TaskHandler,
} from "../store/module.ts";
import { LEASE_MS, type ReplicaLease } from "../store/replica-lease.ts";
import { isBelow, type TakeOver } from "../store/take-over.ts";
import type { TaskAttempts } from "../store/task-attempts.ts";
import { TASK_KIND_NAMES, type TaskKind } from "../store/task-kinds.ts";
import type { TaskQueue } from "../store/task-queue.ts";
import { type BatchEffects, forgetPayments, noEffects, type TaskCallOutcome } from "./batch-effects.ts";
import { readCommand, replyIdOf } from "./command-frame.ts";

export interface StoreBatchParts {
  readonly intake: RingConsumer;
  readonly outcomes: readonly RingConsumer[];
  readonly lease: ReplicaLease;
  readonly tasks: TaskQueue;
  readonly attempts: TaskAttempts;
  readonly payments: PaymentCommands;
  readonly modules: readonly StoreModule[];
  readonly replicaName: string;
  /** The processor that a fresh payment would be sent to at once. */
  readonly preferred: () => ProcessorName | null;
  readonly takeOver: TakeOver;
  /** Tells dispatch that whatever it has from before is void. @returns the number that the drop carries */
  readonly raiseFence: () => number;
  /** The last number that was raised: outcomes with an older one are about tasks that others may have by now. */
  readonly fence: () => number;
}

/**
 * A transaction takes in no more frames once it has lasted so long: others wait for the write lock meanwhile, and a
 * replica that is out of CPU time is stopped by the kernel with the lock in its hand.
 */
const TRANSACTION_MS_MAX = 4;
/** Looking at the clock costs about as much as a tenth of a frame. */
const CLOCK_EVERY_FRAMES = 8;
/** How often to look for tasks that other replicas have freed or have no room for. */
const LOOK_FOR_FREE_MS = 1000;
/** What a clock that is only being slewed never goes back by. */
const SET_BACK_MS = 500;

/** A frame by the position behind it. */
interface FramePlace {
  readonly ring: RingConsumer;
  readonly position: number;
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
  readonly #frameHandlers = new Map<number, FrameHandler>();
  readonly #taskHandlers = new Map<TaskKind, TaskHandler>();
  #purgeGeneration = -1;
  #lookForFreeAtMs = 0;
  /** The latest time that a transaction had. */
  #latestMs = 0;
  /** The frame that is being handled, and one that threw alone: it is left out when it comes again. */
  #current: FramePlace | null = null;
  #poison: FramePlace | null = null;
  /** Payments below it were purged before they were taken in; read anew in every transaction. */
  #purgePosition: number | null = null;

  constructor(parts: StoreBatchParts) {
    this.#parts = parts;
    for (const module of parts.modules) {
      for (const [name, handler] of Object.entries(module.commands)) this.#handlers.set(name, handler);
      for (const [kind, handler] of Object.entries(module.frames ?? {})) {
        this.#frameHandlers.set(Number(kind), handler);
      }
      for (const kind of TASK_KIND_NAMES) {
        const handler = module.tasks?.[kind];
        if (handler !== undefined) this.#taskHandlers.set(kind, handler);
      }
    }
  }

  /**
   * Runs inside the transaction.
   * @param framesMax how many frames to take in at most
   */
  run(framesMax: number, nowMs: number): BatchEffects {
    this.#current = null;
    const effects = noEffects(this.#purgeGeneration, nowMs + LEASE_MS);
    this.#verifyLease(effects, nowMs);
    this.#lookAtClock(nowMs);
    if (nowMs >= this.#lookForFreeAtMs) {
      this.#lookForFreeAtMs = nowMs + LOOK_FOR_FREE_MS;
      this.#parts.tasks.lookForFree();
    }
    this.#takeIn(effects, framesMax, nowMs);
    const last = this.#current;
    // What cannot be refilled is no frame's fault; what cannot be flushed may be the last one's.
    this.#current = null;
    this.#refill(effects, nowMs);
    this.#current = last;
    for (const module of this.#parts.modules) module.beforeCommit?.();
    this.#parts.lease.advance(this.#parts.intake.cursor, nowMs);
    return effects;
  }

  /** The clock was set back: what was planned by it would wait until it has caught up. */
  #lookAtClock(nowMs: number): void {
    if (nowMs < this.#latestMs - SET_BACK_MS) {
      this.#lookForFreeAtMs = 0;
      this.#parts.tasks.clockWasSetBack(nowMs);
      // Nothing is gathered yet: they forget when they wanted to look again, and no more.
      for (const module of this.#parts.modules) module.rolledBack?.();
      this.#latestMs = nowMs;
    }
    this.#latestMs = Math.max(this.#latestMs, nowMs);
  }

  /**
   * Does the work of replicas that are gone, in a transaction of its own: if it fails, it fails alone. Answers
   * that their clients waited for are nobody's.
   */
  takeOver(nowMs: number): BatchEffects {
    const { lease, takeOver, modules } = this.#parts;
    const effects = noEffects(this.#purgeGeneration, 0);
    const check = lease.verify();
    // Taken over from itself: the next batch notices and starts over.
    if (check.kind === "fenced") return effects;
    this.#noticePurge(effects, check.purgeGeneration);
    takeOver.run(nowMs, (ring, isPurged) => {
      if (isPurged && ring.kind === FRAME_KINDS.acceptPayment) return;
      this.#takeCommand(ring, effects, nowMs);
    });
    effects.replies.length = 0;
    for (const module of modules) module.beforeCommit?.();
    return effects;
  }

  /** The frame at which the last run threw is left out from now on. @returns false if it was not a frame's fault */
  leaveOutLast(): boolean {
    if (this.#current === null) return false;
    this.#poison = this.#current;
    return true;
  }

  /** Not simply the first frame of the next run: an outcome may have arrived before it meanwhile. */
  #isPoison(ring: RingConsumer): boolean {
    return this.#poison?.ring === ring && this.#poison.position === ring.cursor;
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
    const { lease, intake, outcomes, tasks, takeOver, modules } = this.#parts;
    this.#purgeGeneration = effects.purgeGeneration;
    lease.committed();
    takeOver.committed();
    intake.release();
    for (const ring of outcomes) ring.release();
    tasks.committed();
    for (const module of modules) module.committed?.();
  }

  /** Goes back to what was committed last. @param error what made the transaction fail */
  rolledBack(intakePosition: number, outcomePositions: readonly number[], error: unknown): void {
    const { lease, intake, outcomes, tasks, modules, takeOver } = this.#parts;
    lease.rolledBack();
    takeOver.rolledBack(error);
    intake.seek(intakePosition);
    for (const [index, ring] of outcomes.entries()) ring.seek(outcomePositions[index] ?? ring.cursor);
    tasks.rolledBack();
    for (const module of modules) module.rolledBack?.();
  }

  #verifyLease(effects: BatchEffects, nowMs: number): void {
    const { lease, intake, tasks, replicaName, raiseFence } = this.#parts;
    let check = lease.verify();
    if (check.kind === "fenced") {
      // This process slept longer than its lease: others have its tasks, and it starts over.
      lease.register(replicaName, nowMs);
      tasks.recount();
      effects.fence = raiseFence();
      check = lease.verify();
      if (check.kind === "fenced") throw new Error("the lease that was just registered is not held");
    }
    // Another replica may have taken in frames of this ring (a purge, a take-over).
    if (check.ringPosition !== intake.cursor) intake.seek(check.ringPosition);
    this.#purgePosition = check.purgePosition;
    this.#noticePurge(effects, check.purgeGeneration);
  }

  /** If another replica has purged, the tasks that dispatch here still has are gone. Before any is handed out. */
  #noticePurge(effects: BatchEffects, purgeGeneration: number): void {
    if (effects.purgeGeneration === purgeGeneration) return;
    effects.purged = effects.purgeGeneration !== -1;
    effects.purgeGeneration = purgeGeneration;
    if (effects.purged) this.#parts.tasks.recount();
  }

  #takeIn(effects: BatchEffects, framesMax: number, nowMs: number): void {
    const { intake, outcomes, lease } = this.#parts;
    const endAt = performance.now() + TRANSACTION_MS_MAX;
    const goOn = () =>
      effects.frames < framesMax && (effects.frames % CLOCK_EVERY_FRAMES !== 0 || performance.now() < endAt);
    for (const ring of outcomes) {
      while (goOn() && ring.next()) {
        effects.frames++;
        if (this.#isPoison(ring)) continue;
        this.#current = { ring, position: ring.cursor };
        this.#takeOutcome(ring, effects, nowMs);
      }
    }
    while (goOn() && intake.next()) {
      effects.frames++;
      if (this.#isPoison(intake)) {
        this.#refuse(intake, effects);
        continue;
      }
      this.#current = { ring: intake, position: intake.cursor };
      if (this.#isPurged(intake)) this.#leaveOut(intake, effects);
      else this.#takeCommand(intake, effects, nowMs);
    }
    effects.isCut = !goOn();
    if (this.#purgePosition !== null && ((intake.cursor - this.#purgePosition) | 0) >= 0) lease.purgePassed();
  }

  #isPurged(ring: RingConsumer): boolean {
    return ring.kind === FRAME_KINDS.acceptPayment && isBelow(ring.cursor, this.#purgePosition);
  }

  /** Another replica purged after this payment was acknowledged: it was taken, and is gone. */
  #leaveOut(ring: RingConsumer, effects: BatchEffects): void {
    const replyId = ring.view.getUint32(ring.offset + 32, true);
    if (replyId !== 0) effects.replies.push({ replyId, reply: { kind: "accepted" } });
  }

  #takeCommand(ring: RingConsumer, effects: BatchEffects, nowMs: number): void {
    if (ring.kind === FRAME_KINDS.acceptPayment) {
      this.#takePayment(ring, effects);
      return;
    }
    const take = this.#frameHandlers.get(ring.kind);
    if (take !== undefined) {
      take(ring, nowMs);
      return;
    }
    const { name, replyId, input } = readCommand(ring);
    const handler = this.#handlers.get(name);
    if (handler === undefined) throw new Error(`nobody handles the command ${name}`);
    // The route that wrote the frame and the handler belong to the same module and share its types.
    const reply = handler(input as never, nowMs);
    if (reply.kind === "purged") {
      this.#parts.takeOver.markPurged();
      for (const module of this.#parts.modules) module.purged?.();
      forgetPayments(effects);
    }
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
      case FRAME_KINDS.attempt: {
        const attempt = readAttempt(view, bytes, offset);
        if (this.#isCurrent(attempt)) payments.attempt(attempt, nowMs);
        return;
      }
      case FRAME_KINDS.assign: {
        const mark = readTaskMark(view, offset);
        const { taskId, upstream } = mark;
        const processor = processorOf(upstream);
        if (this.#isCurrent(mark) && tasks.assign(taskId, upstream) && processor !== null)
          effects.assigned.push({ taskId, processor });
        return;
      }
      case FRAME_KINDS.taskOutcome:
        this.#takeTaskOutcome(ring, nowMs);
        return;
      case FRAME_KINDS.giveBack: {
        const mark = readTaskMark(view, offset);
        if (this.#isCurrent(mark)) tasks.park(mark.taskId, mark.upstream, nowMs);
        return;
      }
      default:
        throw new Error(`an outcome frame of unknown kind ${ring.kind}`);
    }
  }

  /**
   * Whether an outcome is about a task as it is leased now. This replica may have the same task again, since its
   * lease was lost: what was sent for the earlier lease says nothing of what others have done meanwhile.
   */
  #isCurrent({ fence }: { readonly fence: number }): boolean {
    return fence === this.#parts.fence();
  }

  /** Leaves out a frame that throws, and says so to whoever waits for it. */
  #refuse(ring: RingConsumer, effects: BatchEffects): void {
    // Nobody waits for a module's own frames.
    if (this.#frameHandlers.has(ring.kind)) return;
    const replyId =
      ring.kind === FRAME_KINDS.acceptPayment ? ring.view.getUint32(ring.offset + 32, true) : replyIdOf(ring);
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
    const told = readJson(ring.bytes, ring.offset, ring.length) as TaskCallOutcome;
    if (!this.#isCurrent(told)) return;
    const { taskId, kind, outcome, call, latencyMs, data } = told;
    const { tasks, attempts } = this.#parts;
    const upstream = outcome.kind === "unknown" ? 1 : 0;
    const noted = tasks.noteAttempt(taskId, upstream);
    // Not leased to this replica any more: whoever has it decides.
    if (noted === null) return;
    const handler = this.#taskHandlers.get(kind);
    if (handler === undefined) throw new Error(`nobody handles tasks of kind ${kind}`);
    const task = { id: taskId, upstream, ...noted };
    attempts.note(kind, task, { outcome, call, latencyMs }, nowMs);
    const decision = handler.outcome(task, { outcome, data }, nowMs);
    if (decision.kind === "finish") tasks.finish(taskId);
    else tasks.park(taskId, upstream, decision.atMs);
  }
}

function isPending(ring: RingConsumer): boolean {
  return ring.cursor !== ring.readablePosition;
}
