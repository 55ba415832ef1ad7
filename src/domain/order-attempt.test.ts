import { describe, expect, test } from "bun:test";
import type { AttemptOutcome } from "./attempt-outcome.ts";
import {
  decideOrderAttempt,
  ORDER_ATTEMPTS_MAX,
  type OrderAttempt,
  orderRetryPolicy,
} from "./order-attempt.ts";

const policy = orderRetryPolicy(1000);
const DECLINED: AttemptOutcome = { kind: "declined", code: "card_declined" };
const FAILED: AttemptOutcome = { kind: "failed", code: "http_500" };
const UNKNOWN: AttemptOutcome = { kind: "unknown", code: "timeout" };
const SETTLED: AttemptOutcome = { kind: "settled", requestedAtMs: 1 };

function decide(outcome: AttemptOutcome, attempt: Partial<OrderAttempt> = {}, random = () => 0) {
  const given = { attempts: 1, wasUncertain: false, isCardGone: false, ...attempt };
  return decideOrderAttempt({ outcome, ...given }, policy, random);
}

test("an authorized order is authorized, whatever was before", () => {
  expect(decide(SETTLED, { attempts: 9, wasUncertain: true, isCardGone: true })).toEqual({
    kind: "authorized",
  });
});

describe("four waits that grow, then the end", () => {
  test("each wait is longer than the one before, at every draw of the jitter", () => {
    const waits = [1, 2, 3, 4].map((attempts) =>
      [0, 0.999].map((draw) => {
        const decision = decide(DECLINED, { attempts }, () => draw);
        return decision.kind === "retry" ? decision.delayMs : Number.NaN;
      }),
    );
    expect(waits.map(([shortest]) => shortest)).toEqual([1000, 2000, 4000, 8000]);
    for (const [index, [shortest]] of waits.entries()) {
      const longestBefore = waits[index - 1]?.[1] ?? 0;
      expect(shortest).toBeGreaterThan(longestBefore);
    }
  });

  test("the fifth no is final, and its code is the reason", () => {
    expect(decide(DECLINED, { attempts: ORDER_ATTEMPTS_MAX })).toEqual({
      kind: "failed",
      code: "card_declined",
    });
    expect(decide(FAILED, { attempts: ORDER_ATTEMPTS_MAX })).toEqual({ kind: "failed", code: "http_500" });
  });

  test("a gateway that names a time is not asked before it", () => {
    const refused: AttemptOutcome = { kind: "refused", code: "http_429", retryAfterMs: 60_000 };
    expect(decide(refused)).toEqual({ kind: "retry", delayMs: 60_000, isUncertain: false });
  });
});

describe("an outcome that is unknown", () => {
  test("never fails an order, however many attempts there were", () => {
    expect(decide(UNKNOWN, { attempts: 50 })).toMatchObject({ kind: "retry", isUncertain: true });
  });

  test("stays unknown when a later call fails or is refused: that says nothing about the earlier one", () => {
    const later: AttemptOutcome[] = [FAILED, { kind: "refused", code: "http_429" }];
    for (const outcome of later) {
      const decision = decide(outcome, { attempts: 7, wasUncertain: true });
      expect(decision).toMatchObject({ kind: "retry", isUncertain: true });
    }
  });

  test("is settled by an answer about the reference", () => {
    expect(decide(DECLINED, { wasUncertain: true })).toMatchObject({ kind: "retry", isUncertain: false });
    expect(decide(DECLINED, { attempts: 5, wasUncertain: true })).toMatchObject({ kind: "failed" });
  });

  test("is asked about at least every half minute", () => {
    expect(decide(UNKNOWN, { attempts: 50 })).toMatchObject({ delayMs: 30_000 });
  });
});

describe("a card that is gone", () => {
  test("fails an order that certainly was not charged, at once", () => {
    const lost = { kind: "declined", code: "card_lost" } as const;
    expect(decide(lost, { isCardGone: true })).toEqual({ kind: "failed", code: "card_lost" });
  });

  test("keeps one open that may have been charged, until the gateway says", () => {
    const uncertain = { isCardGone: true, wasUncertain: true };
    expect(decide(FAILED, uncertain)).toMatchObject({ kind: "retry", isUncertain: true });
    expect(decide({ kind: "declined", code: "not_charged" }, uncertain)).toEqual({
      kind: "failed",
      code: "card_lost",
    });
  });
});
