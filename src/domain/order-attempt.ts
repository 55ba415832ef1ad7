import type { AttemptOutcome } from "./attempt-outcome.ts";
import { type RetryPolicy, retryDelayMs } from "./retry-policy.ts";

/** Calls that may charge an order, the first one included (CONTRACTS, section B). */
export const ORDER_ATTEMPTS_MAX = 5;

/**
 * The waits between an order's attempts: base, 2 base, 4 base, … each longer by up to half a base. So every wait
 * is longer than the one before it.
 */
export function orderRetryPolicy(baseMs: number): RetryPolicy {
  return {
    initialIntervalMs: baseMs,
    backoffCoefficient: 2,
    maximumIntervalMs: Math.max(ORDER_WAIT_MAX_MS, baseMs * 2 ** (ORDER_ATTEMPTS_MAX - 2)),
    maximumAttempts: ORDER_ATTEMPTS_MAX,
    deadlineMs: Number.POSITIVE_INFINITY,
    jitterMs: baseMs / 2,
  };
}
/** Bounds how long a gateway that is well again is not asked about an uncertain charge. */
const ORDER_WAIT_MAX_MS = 30_000;

export interface OrderAttempt {
  readonly outcome: AttemptOutcome;
  /** Attempts since the order was accepted or requeued, this one included. */
  readonly attempts: number;
  /** When this attempt was written down, before it was made, ms. */
  readonly calledAtMs: number;
  /** The same of the last earlier call that may have charged and was not answered, ms; null: there is none. */
  readonly uncertainAtMs: number | null;
  /** The card cannot be read any more: nothing can be charged, only asked. */
  readonly isCardGone: boolean;
}

export type OrderDecision =
  | { readonly kind: "authorized" }
  | { readonly kind: "retry"; readonly delayMs: number; readonly isUncertain: boolean }
  | { readonly kind: "failed"; readonly code: string };

export interface OrderPatience {
  readonly retries: RetryPolicy;
  /** How long a call that nobody answered may still be on its way to the gateway, ms. */
  readonly callEndsAfterMs: number;
}

/**
 * How long a call may be on its way that nobody hears of any more: its process gives up after `timeoutMs`, and what it
 * had sent by then is given as long again to arrive, a second at least.
 */
export function callEndsAfterMs(timeoutMs: number): number {
  return timeoutMs + Math.max(timeoutMs, CALL_MARGIN_MS);
}
const CALL_MARGIN_MS = 1_000;

/**
 * What follows an attempt. An order fails only when it certainly has not been charged: while an earlier call's
 * outcome is unknown the gateway is asked with the same reference, however often that takes. Only an answer about
 * the reference itself makes it certain (`settled`, `declined`); that a later call was refused or failed does not.
 *
 *   unanswered call written down ──────────── callEndsAfterMs ───────────► no call is on its way any more
 *     "not charged" asked for in here: the call may still land             asked for from here on: believed
 */
export function decideOrderAttempt(
  attempt: OrderAttempt,
  { retries, callEndsAfterMs }: OrderPatience,
  random: () => number,
): OrderDecision {
  const { outcome, attempts, calledAtMs, uncertainAtMs, isCardGone } = attempt;
  if (outcome.kind === "settled") return { kind: "authorized" };
  // Counted from when this call was written down, not from its answer: the gateway may have looked at once.
  const unsureMs = uncertainAtMs === null ? 0 : Math.max(0, uncertainAtMs + callEndsAfterMs - calledAtMs);
  const isDoubtOver = uncertainAtMs === null || (outcome.kind === "declined" && unsureMs === 0);
  const isUncertain = outcome.kind === "unknown" || !isDoubtOver;
  const isLastCall = isCardGone || attempts >= retries.maximumAttempts;
  if (!isUncertain && isCardGone) return { kind: "failed", code: "card_lost" };
  if (!isUncertain && isLastCall) return { kind: "failed", code: outcome.code };
  const delayMs = retryDelayMs(retries, attempts, random);
  const askedForMs = outcome.kind === "refused" ? (outcome.retryAfterMs ?? 0) : 0;
  // Nothing but to ask is left, and the same no would not be believed before.
  const uselessMs = outcome.kind === "declined" && isLastCall ? unsureMs : 0;
  return { kind: "retry", delayMs: Math.max(delayMs, askedForMs, uselessMs), isUncertain };
}
