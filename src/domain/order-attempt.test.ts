import { describe, expect, test } from "bun:test";
import type { AttemptOutcome } from "./attempt-outcome.ts";
import {
  callEndsAfterMs,
  decideOrderAttempt,
  ORDER_ATTEMPTS_MAX,
  type OrderAttempt,
  orderRetryPolicy,
} from "./order-attempt.ts";

const CALL_ENDS_AFTER_MS = callEndsAfterMs(10_000);
const PATIENCE = { retries: orderRetryPolicy(1000), callEndsAfterMs: CALL_ENDS_AFTER_MS };
const NOW_MS = 1_000_000;
/** An unanswered call that is just, and one that is not quite, old enough to be over. */
const LONG_AGO_MS = NOW_MS - CALL_ENDS_AFTER_MS;
const LATELY_MS = LONG_AGO_MS + 1;
const DECLINED: AttemptOutcome = { kind: "declined", code: "card_declined" };
const FAILED: AttemptOutcome = { kind: "failed", code: "http_500" };
const UNKNOWN: AttemptOutcome = { kind: "unknown", code: "timeout" };
const SETTLED: AttemptOutcome = { kind: "settled", requestedAtMs: 1 };

function decide(outcome: AttemptOutcome, attempt: Partial<OrderAttempt> = {}, random = () => 0) {
  const given = { attempts: 1, calledAtMs: NOW_MS, uncertainAtMs: null, isCardGone: false, ...attempt };
  return decideOrderAttempt({ outcome, ...given }, PATIENCE, random);
}

test("an authorized order is authorized, whatever was before", () => {
  expect(decide(SETTLED, { attempts: 9, uncertainAtMs: LATELY_MS, isCardGone: true })).toEqual({
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
      const decision = decide(outcome, { attempts: 7, uncertainAtMs: 0 });
      expect(decision).toMatchObject({ kind: "retry", isUncertain: true });
    }
  });

  test("is settled by an answer about the reference, once no call can be on its way any more", () => {
    const uncertainAtMs = LONG_AGO_MS;
    expect(decide(DECLINED, { uncertainAtMs })).toMatchObject({ kind: "retry", isUncertain: false });
    expect(decide(DECLINED, { attempts: 5, uncertainAtMs })).toMatchObject({ kind: "failed" });
  });

  test("is not settled by a no that was asked for while the call may still land", () => {
    for (const attempts of [1, 5, 50]) {
      const decision = decide(DECLINED, { attempts, uncertainAtMs: LATELY_MS });
      expect(decision).toMatchObject({ kind: "retry", isUncertain: true });
    }
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
    const uncertain = { isCardGone: true, uncertainAtMs: LONG_AGO_MS };
    expect(decide(FAILED, uncertain)).toMatchObject({ kind: "retry", isUncertain: true });
    expect(decide({ kind: "declined", code: "not_charged" }, uncertain)).toEqual({
      kind: "failed",
      code: "card_lost",
    });
  });

  test("is asked about again when the answer will count, not before", () => {
    const no = { kind: "declined", code: "not_charged" } as const;
    const sinceMs = NOW_MS - 3_000;
    const decision = decide(no, { isCardGone: true, uncertainAtMs: sinceMs });
    const restMs = CALL_ENDS_AFTER_MS - 3_000;
    expect(decision).toEqual({ kind: "retry", delayMs: restMs, isUncertain: true });
    const later = { isCardGone: true, uncertainAtMs: sinceMs, calledAtMs: NOW_MS + restMs };
    expect(decide(no, later)).toEqual({ kind: "failed", code: "card_lost" });
  });

  test("a clock that was set back believes later, never earlier", () => {
    const no = { kind: "declined", code: "not_charged" } as const;
    const attempt = { isCardGone: true, uncertainAtMs: NOW_MS + 60_000 };
    expect(decide(no, attempt)).toMatchObject({ kind: "retry", delayMs: CALL_ENDS_AFTER_MS + 60_000 });
  });
});

test("a call is given its time-out to be sent and as long again to arrive, a second at least", () => {
  expect([100, 1_000, 10_000].map(callEndsAfterMs)).toEqual([1_100, 2_000, 20_000]);
});
