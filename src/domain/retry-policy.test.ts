import { describe, expect, test } from "bun:test";
import { decideRetry, type RetryPolicy, retryDelayMs, UNCERTAIN_PAYMENT_RETRY } from "./retry-policy.ts";

const policy: RetryPolicy = {
  initialIntervalMs: 1_000,
  backoffCoefficient: 2,
  maximumIntervalMs: 30_000,
  maximumAttempts: 3,
  deadlineMs: 60_000,
  jitterMs: 500,
};
const none = (): number => 0;

describe("delay after an attempt", () => {
  test("doubles from the initial interval to the maximum", () => {
    const delays = [1, 2, 3, 5, 6, 50].map((attempts) => retryDelayMs(policy, attempts, none));
    expect(delays).toEqual([1_000, 2_000, 4_000, 16_000, 30_000, 30_000]);
  });

  test("jitter is added on top, also at the maximum, and never makes it shorter", () => {
    expect(retryDelayMs(policy, 1, () => 0.5)).toBe(1_250);
    expect(retryDelayMs(policy, 50, () => 0.999)).toBeCloseTo(30_499.5, 6);
  });

  test("stays finite after any number of attempts", () => {
    expect(retryDelayMs(policy, 1_000_000, none)).toBe(30_000);
  });
});

describe("decision", () => {
  test("retries while attempts and time are left", () => {
    expect(decideRetry(policy, 2, 0, none)).toEqual({ kind: "retry", delayMs: 2_000 });
  });

  test("gives up after the last attempt", () => {
    expect(decideRetry(policy, 3, 0, none)).toEqual({ kind: "give-up", reason: "maximum_attempts" });
  });

  test("gives up when the retry would begin after the deadline", () => {
    expect(decideRetry(policy, 1, 58_999, none).kind).toBe("retry");
    expect(decideRetry(policy, 1, 59_001, none)).toEqual({ kind: "give-up", reason: "deadline" });
  });

  test("an unknown outcome is asked about for ever", () => {
    expect(decideRetry(UNCERTAIN_PAYMENT_RETRY, 1e9, 1e15, none).kind).toBe("retry");
  });
});
