import type { DeadLetterSourceName } from "../../domain/dead-letter.ts";

/*
 * A source is a module whose work can end badly for good: it puts a letter into the list in the transaction of
 * that end (DeadLetterWriter), and takes it back when an administrator requeues it (DeadLetterSource).
 */

/** One attempt that did not end well, for the history. */
export interface DeadAttempt {
  readonly atMs: number;
  readonly outcome: string;
  readonly code: string | null;
}

/** What a module knows of something that ended badly. Nothing here may be a card, a token or another secret. */
export interface DeadLetter {
  readonly source: DeadLetterSourceName;
  /** The id by which the outside world knows it; a second letter about the same subject reopens the first. */
  readonly subject: string;
  readonly error: { readonly name: string; readonly message: string; readonly code: string };
  /** The topic from which it was processed, if it came through one. */
  readonly originalTopic: string | null;
  /** JSON: what was to be done. */
  readonly originalMessage: unknown;
  /** Attempts so far, earlier lives included. */
  readonly attempts: number;
  /** The attempts since the last death, oldest first. */
  readonly history: readonly DeadAttempt[];
}

export type RequeueResult =
  | { readonly kind: "requeued" }
  /** Nothing was changed; `reason` is a sentence that says what to do. */
  | { readonly kind: "refused"; readonly reason: string };

/** What a module does to have its dead letters requeued. Runs in the store thread's transaction. */
export interface DeadLetterSource {
  readonly source: DeadLetterSourceName;
  /**
   * Gives the dead thing its attempts anew, exactly as if it had just been accepted, or refuses and changes nothing.
   * @param extra what the administrator's call brought along for this source (an order's sealed card), or null
   */
  readonly requeue: (subject: string, extra: unknown, nowMs: number) => RequeueResult;
}
