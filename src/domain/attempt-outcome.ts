/**
 * What one call to an upstream came to. Every attempt ends in exactly one of five classes; the class
 * alone decides what may happen next:
 *
 *   settled   recorded at this upstream                     → done
 *   declined  a final no about this payment                 → dead letter
 *   refused   certainly not processed, upstream is busy     → later, anywhere
 *   failed    certainly not processed, upstream is broken   → later, anywhere
 *   unknown   may or may not have been processed            → ask the same upstream until it is certain
 *
 * `code` is stable, lower_snake and short ("timeout", "http_500"): it goes to `lastError`, to the history
 * and to metrics, and never carries a piece of the answer's body.
 */
export type AttemptOutcome =
  | {
      readonly kind: "settled";
      /** The time under which the upstream recorded it, ms since the epoch. */
      readonly requestedAtMs: number;
    }
  | { readonly kind: "declined"; readonly code: string }
  | { readonly kind: "refused"; readonly code: string; readonly retryAfterMs?: number }
  | { readonly kind: "failed"; readonly code: string }
  | { readonly kind: "unknown"; readonly code: string };

/** What else was seen of a call: for people who look at it later, nothing is decided by it. */
export interface CallReport {
  /** It could change nothing: the upstream was only asked. */
  readonly isLookup: boolean;
  /** HTTP status of the answer; null: there was none. */
  readonly status: number | null;
  /** The beginning of the answer's body, made by domain/answer-excerpt.ts. */
  readonly excerpt: string | null;
}

export type OutcomeKind = AttemptOutcome["kind"];
