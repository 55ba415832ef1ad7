/**
 * When to try again: one type for every kind of task, in Temporal's vocabulary, one value per kind.
 *
 *   delay after attempt n = min(initialIntervalMs × backoffCoefficient^(n − 1), maximumIntervalMs)
 *                           + uniform(0, jitterMs)
 *
 * The jitter is added, not multiplied: callers that failed together come back spread out even when the
 * interval is at its maximum, and no attempt is ever made earlier than the policy says.
 */
export interface RetryPolicy {
  readonly initialIntervalMs: number;
  readonly backoffCoefficient: number;
  readonly maximumIntervalMs: number;
  /** Attempts in all, the first one included; Infinity is "for ever". */
  readonly maximumAttempts: number;
  /**
   * Time from the first attempt (or the acceptance) after which nothing is tried again; Infinity is "never".
   */
  readonly deadlineMs: number;
  readonly jitterMs: number;
}

export type RetryDecision =
  | { readonly kind: "retry"; readonly delayMs: number }
  | { readonly kind: "give-up"; readonly reason: "maximum_attempts" | "deadline" };

/**
 * Milliseconds to wait after attempt `attempts` (1 is the first) failed. `random` gives numbers in [0, 1).
 *
 *   retryDelayMs(policy, 3, Math.random)
 */
export function retryDelayMs(policy: RetryPolicy, attempts: number, random: () => number): number {
  // The exponent is capped so that a task that is asked for ever does not overflow to Infinity × 0.
  const exponent = Math.min(Math.max(attempts, 1) - 1, 64);
  const interval = policy.initialIntervalMs * policy.backoffCoefficient ** exponent;
  return Math.min(interval, policy.maximumIntervalMs) + random() * policy.jitterMs;
}

/**
 * Decides what follows a failed attempt: another one after `delayMs`, or the end. A retry that would start
 * after the deadline is not begun: it could not end in time either.
 */
export function decideRetry(
  policy: RetryPolicy,
  attempts: number,
  elapsedMs: number,
  random: () => number,
): RetryDecision {
  if (attempts >= policy.maximumAttempts) return { kind: "give-up", reason: "maximum_attempts" };
  const delayMs = retryDelayMs(policy, attempts, random);
  if (elapsedMs + delayMs > policy.deadlineMs) return { kind: "give-up", reason: "deadline" };
  return { kind: "retry", delayMs };
}

/**
 * Asking a processor about a call whose outcome is unknown: for ever, because giving up would mean either
 * a payment charged twice or one lost. The maximum is longer than the longest delay the processors are known
 * to have (5 s), so a call that is merely late has landed before the questions become rare.
 */
export const UNCERTAIN_PAYMENT_RETRY: RetryPolicy = {
  initialIntervalMs: 100,
  backoffCoefficient: 2,
  maximumIntervalMs: 6_000,
  maximumAttempts: Number.POSITIVE_INFINITY,
  deadlineMs: Number.POSITIVE_INFINITY,
  jitterMs: 100,
};

/**
 * A payment that a processor certainly did not take. While the processor is down its circuit breaker decides
 * when it is called; this policy only keeps one payment that fails again and again among others that succeed
 * from being the head of the queue at every turn.
 */
export const UNPROCESSED_PAYMENT_RETRY: RetryPolicy = {
  initialIntervalMs: 5,
  backoffCoefficient: 2,
  maximumIntervalMs: 1_000,
  maximumAttempts: Number.POSITIVE_INFINITY,
  deadlineMs: Number.POSITIVE_INFINITY,
  jitterMs: 5,
};
