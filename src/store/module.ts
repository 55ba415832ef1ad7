import type { Settings } from "../config/settings.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { OpenDatabase } from "./database.ts";
import type { TaskQueue } from "./task-queue.ts";

/** What the store thread gives to the `commands.ts` of every module. */
export interface StoreContext {
  readonly orm: OpenDatabase["orm"];
  readonly tasks: TaskQueue;
  readonly settings: Settings;
  readonly metrics: Metrics;
}

/** The answer to a command, as it goes back to main in JSON. */
export type CommandReply = { readonly kind: string } & Record<string, unknown>;

/**
 * A command runs inside the transaction of its batch. Outcomes that are expected are replies; a throw is
 * a bug: it undoes this command alone and answers 500.
 * @param input what main put into the frame: the module's own routes validated it
 */
export type CommandHandler = (input: never, nowMs: number) => CommandReply;

/** The writing side of a module. */
export interface StoreModule {
  readonly commands: Readonly<Record<string, CommandHandler>>;
  /** Writes what the module gathered over the batch, in the same transaction. */
  readonly beforeCommit?: () => void;
  /** The batch was rolled back and will run again: forget what was gathered. */
  readonly rolledBack?: () => void;
}
