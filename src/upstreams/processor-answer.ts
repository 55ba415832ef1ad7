import type { AttemptOutcome } from "../domain/attempt-outcome.ts";
import { parseAmount } from "../domain/money.ts";
import { parseInstant } from "../domain/timestamp.ts";
import type { HttpAnswer } from "./http-result.ts";
import { parseRetryAfter } from "./retry-after.ts";

/** A payment as a processor has it in its books. */
export interface RecordedPayment {
  readonly requestedAtMs: number;
  readonly amountCents: number;
}

/**
 * What an answer to `POST /payments` says: settled as sent, an outcome of its own, or that only
 * `GET /payments/{id}` can tell, and what is the case if the payment is not there or that call fails.
 */
export type PaymentAnswer =
  | { readonly kind: "recorded" }
  | { readonly kind: "ask"; readonly absentCode: string; readonly unansweredCode: string }
  | Exclude<AttemptOutcome, { kind: "settled" }>;

/**
 * Answers about the service, its address or the form of our requests. That form is the same for every payment, so
 * the next one would be answered alike: declining would put all of them on the dead-letter list within seconds.
 */
const SET_UP_WRONG: ReadonlySet<number> = new Set([
  401, 403, 404, 405, 406, 407, 410, 411, 412, 413, 414, 415, 417, 421, 425, 426, 428, 431,
]);

/**
 * The table "What an answer means" of the processors' description. 409 is not in it and means in most services what
 * 422 means here: that the payment is there already.
 */
export function classifyPaymentAnswer(answer: HttpAnswer, nowMs: number): PaymentAnswer {
  const { status } = answer;
  const code = `http_${status}`;
  if (status < 300) {
    return isEmptyOrObject(answer.body)
      ? { kind: "recorded" }
      : { kind: "ask", absentCode: "unreadable", unansweredCode: "unreadable" };
  }
  // Redirects are not followed: an address that moved is a service set up wrong, and nothing was processed.
  if (status < 400) return { kind: "failed", code };
  if (SET_UP_WRONG.has(status)) return { kind: "failed", code };
  switch (status) {
    case 408:
      return { kind: "unknown", code };
    case 409:
    case 422:
      // "Already exists". If it is not there after all, another call of ours may still be landing.
      return { kind: "ask", absentCode: `${code}_not_found`, unansweredCode: `${code}_unconfirmed` };
    case 429: {
      const retryAfterMs = parseRetryAfter(answer.header("retry-after"), nowMs);
      return retryAfterMs === undefined ? { kind: "refused", code } : { kind: "refused", code, retryAfterMs };
    }
    case 500:
      // Empty is the failure switch: not recorded. A message is the database, which may have recorded it;
      // an emptiness that only the end of the connection shows could be a message that was cut off.
      return answer.body.length === 0 && answer.bodyEndMarked
        ? { kind: "failed", code }
        : { kind: "ask", absentCode: "http_500_message", unansweredCode: "http_500_message" };
  }
  // Other 5xx are a proxy's, and it may have passed the payment on before it gave up (502, 503, 504).
  return status < 500 ? { kind: "declined", code } : { kind: "unknown", code };
}

/**
 * Reads the body of `GET /payments/{id}`. Its time has no zone (it is UTC) and up to 7 decimals, without
 * trailing zeros; it is cut to the milliseconds that we send.
 *
 * @returns null unless it is the payment that was asked for, complete
 */
export function readRecordedPayment(body: Uint8Array, correlationId: string): RecordedPayment | null {
  const value = readJsonObject(body);
  const { correlationId: recordedId, requestedAt, amount } = value;
  if (typeof recordedId !== "string" || recordedId.toLowerCase() !== correlationId.toLowerCase()) return null;
  if (typeof requestedAt !== "string") return null;
  const instant = parseInstant(requestedAt);
  const cents = parseAmount(amount, { allowZero: true });
  return instant.ok && cents.ok ? { requestedAtMs: instant.floorMs, amountCents: cents.cents } : null;
}

/** A JSON object; empty if the bytes are none. */
export function readJsonObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(UTF_8.decode(bytes));
    // The cast gives unknown members, which every reader has to check; arrays have none of the names.
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** A page of somebody else (a proxy, a portal) with status 200 is no receipt. */
function isEmptyOrObject(body: Uint8Array): boolean {
  if (body.length === 0) return true;
  try {
    const value: unknown = JSON.parse(UTF_8.decode(body));
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

const UTF_8 = new TextDecoder();
