import type { ProcessorName } from "../domain/processor.ts";
import type { PaymentTaskFrame } from "../ring/frames.ts";
import type { CommandReply, TaskResult } from "../store/module.ts";
import type { TaskKind } from "../store/task-kinds.ts";

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
  /** As in AttemptFrame. */
  readonly fence: number;
  /** From the start of the runner to its end. */
  readonly latencyMs: number;
}

/** What may leave the store thread once the batch is committed. */
export interface BatchEffects {
  readonly tasks: PaymentTaskFrame[];
  /** Tasks of every other kind. */
  readonly calls: TaskCall[];
  readonly assigned: { readonly taskId: number; readonly processor: ProcessorName }[];
  readonly replies: { readonly replyId: number; readonly reply: CommandReply }[];
  frames: number;
  /** The batch ended because of its bounds: more is waiting than a pause would gather. */
  isCut: boolean;
  /** Dispatch must forget its tasks: payments were purged. */
  purged: boolean;
  /** The lease was lost: dispatch must forget everything. The number of that drop, 0 when it was not. */
  fence: number;
  /** Until when the lease holds once this is committed, ms since the epoch. */
  leaseUntilMs: number;
  /** How often payments have been purged when the transaction ends. */
  purgeGeneration: number;
}

/** Nothing leaves yet. */
export function noEffects(purgeGeneration: number, leaseUntilMs: number): BatchEffects {
  const lists = { tasks: [], calls: [], assigned: [], replies: [] };
  return { ...lists, frames: 0, isCut: false, purged: false, fence: 0, leaseUntilMs, purgeGeneration };
}

/** What was to leave is purged, too; what the batch accepts from here on is not. */
export function forgetPayments(effects: BatchEffects): void {
  effects.tasks.length = 0;
  effects.assigned.length = 0;
  effects.purged = true;
  effects.purgeGeneration++;
}
