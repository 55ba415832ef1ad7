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
  /** Before this attempt: an earlier call may have charged it. */
  readonly wasUncertain: boolean;
  /** The card cannot be read any more: nothing can be charged, only asked. */
  readonly isCardGone: boolean;
}

export type OrderDecision =
  | { readonly kind: "authorized" }
  | { readonly kind: "retry"; readonly delayMs: number; readonly isUncertain: boolean }
  | { readonly kind: "failed"; readonly code: string };

/**
 * What follows an attempt. An order fails only when it certainly has not been charged: while an earlier call's
 * outcome is unknown the gateway is asked with the same reference, however often that takes. Only an answer about
 * the reference itself makes it certain (`settled`, `declined`); that a later call was refused or failed does not.
 */
export function decideOrderAttempt(
  attempt: OrderAttempt,
  policy: RetryPolicy,
  random: () => number,
): OrderDecision {
  const { outcome, attempts, wasUncertain, isCardGone } = attempt;
  if (outcome.kind === "settled") return { kind: "authorized" };
  const isUncertain = outcome.kind === "unknown" || (wasUncertain && outcome.kind !== "declined");
  if (!isUncertain && isCardGone) return { kind: "failed", code: "card_lost" };
  if (!isUncertain && attempts >= policy.maximumAttempts) return { kind: "failed", code: outcome.code };
  const delayMs = retryDelayMs(policy, attempts, random);
  const askedForMs = outcome.kind === "refused" ? (outcome.retryAfterMs ?? 0) : 0;
  return { kind: "retry", delayMs: Math.max(delayMs, askedForMs), isUncertain };
}
