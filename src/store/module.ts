import type { Settings } from "../config/settings.ts";
import type { AttemptOutcome, CallReport } from "../domain/attempt-outcome.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { PresenceFilter } from "../ring/presence-filter.ts";
import type { OpenDatabase } from "./database.ts";
import type { EventSink } from "./event-sink.ts";
import type { TaskAttempts } from "./task-attempts.ts";
import type { TaskKind } from "./task-kinds.ts";
import type { LeasedTask, TaskQueue } from "./task-queue.ts";

/** What the store thread gives to the `commands.ts` of every module. */
export interface StoreContext {
  readonly orm: OpenDatabase["orm"];
  readonly tasks: TaskQueue;
  /** What was called for which task so far. */
  readonly attempts: TaskAttempts;
  readonly settings: Settings;
  readonly metrics: Metrics;
  /** Learns the id of every payment before it is committed; missing where there is no filter. */
  readonly knownIds?: PresenceFilter;
  /** For who looks on live; missing where nobody can. */
  readonly events?: EventSink;
}

/** The answer to a command, as it goes back to main in JSON. */
export type CommandReply = { readonly kind: string } & Record<string, unknown>;

/**
 * A command runs inside the transaction of its batch. Outcomes that are expected are replies; a throw is
 * a bug: it undoes this command alone and answers 500.
 * @param input what main put into the frame: the module's own routes validated it
 */
export type CommandHandler = (input: never, nowMs: number) => CommandReply;

/** A frame of the intake log, where it lies. */
export interface IntakeFrame {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** Where its payload begins in both. */
  readonly offset: number;
}

/** A command in a binary frame of the module's own; nobody waits for a reply. Runs like any other command. */
export type FrameHandler = (frame: IntakeFrame, nowMs: number) => void;

/** What dispatch is to do for a task: JSON that its runner understands. */
export interface TaskBrief {
  readonly payload: unknown;
}

/** What a task's call came to, with what else the runner brings back. */
export interface TaskResult {
  readonly outcome: AttemptOutcome;
  /** Missing if no call was made. */
  readonly call?: CallReport | undefined;
  readonly data?: unknown;
}

export type TaskDecision = { readonly kind: "finish" } | { readonly kind: "retry"; readonly atMs: number };

/** A module's side of the durable queue, for one kind of task. Runs in the store thread's transaction. */
export interface TaskHandler {
  /** What to do for `task`; null if nothing is to be done any more, which ends it. */
  readonly describe: (task: LeasedTask, nowMs: number) => TaskBrief | null;
  /**
   * Writes what the call came to, and decides whether there is another. `attempts` counts this one, and it is noted
   * among the task's attempts already.
   */
  readonly outcome: (task: LeasedTask, result: TaskResult, nowMs: number) => TaskDecision;
}

/** The writing side of a module. */
export interface StoreModule {
  readonly commands: Readonly<Record<string, CommandHandler>>;
  /** The kinds of intake frames that are this module's, see FRAME_KINDS. */
  readonly frames?: Readonly<Record<number, FrameHandler>>;
  /** The kinds of tasks that are this module's. Payments of section A have frames and a way of their own. */
  readonly tasks?: Readonly<Partial<Record<TaskKind, TaskHandler>>>;
  /** Writes what the module gathered over the batch, in the same transaction. */
  readonly beforeCommit?: () => void;
  /** The batch was rolled back and will run again: forget what was gathered. */
  readonly rolledBack?: () => void;
  /**
   * Once, before anything else, on a database that was a backup: upstreams may know more of what is unfinished than it
   * does, by calls that were made after the backup.
   */
  readonly restored?: (nowMs: number) => void;
  /** All payments of section A were purged by this very transaction. */
  readonly purged?: () => void;
  /** The batch was committed: what it tells may leave. */
  readonly committed?: () => void;
}
