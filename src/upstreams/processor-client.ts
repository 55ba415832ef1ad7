import type { AttemptOutcome, CallReport } from "../domain/attempt-outcome.ts";
import { toAmount } from "../domain/money.ts";
import type { ProcessorName } from "../domain/processor.ts";
import { formatTimestamp } from "../domain/timestamp.ts";
import { reportOf } from "./call-report.ts";
import type { HttpClient, HttpEndpoint } from "./http-client.ts";
import type { HttpAnswer, HttpNotSent } from "./http-result.ts";
import {
  classifyPaymentAnswer,
  type PaymentAnswer,
  type RecordedPayment,
  readRecordedPayment,
} from "./processor-answer.ts";

export interface ProcessorPayment {
  /** A UUID. */
  readonly correlationId: string;
  readonly amountCents: number;
  /** The time under which it shall be recorded, ms since the epoch. */
  readonly requestedAtMs: number;
}

type Settled = Extract<AttemptOutcome, { kind: "settled" }>;

/** An `AttemptOutcome` that also says so when the books of the processor show another amount than ours. */
export type PaymentOutcome =
  | (Exclude<AttemptOutcome, Settled> & {
      /** The answer that decided it; missing if there was none. */
      readonly call?: CallReport;
    })
  | (Settled & {
      /** Only if it differs from what was to be paid; the processor's sums contain this one. */
      readonly recordedAmountCents?: number;
      /** The answer to a question about it; missing if it was recorded as it was sent. */
      readonly call?: CallReport;
    });

export type LookupOutcome =
  | ({ readonly kind: "found"; readonly call?: CallReport } & RecordedPayment)
  /** No proof that it never will be there: a delayed call may still land. */
  | { readonly kind: "not-found"; readonly call?: CallReport }
  | { readonly kind: "unavailable"; readonly code: string; readonly call?: CallReport };

const ABSENT = "not_found";
const JSON_HEADERS = { "Content-Type": "application/json" };

/** One of the two payment processors, with connections of its own. */
export class ProcessorClient {
  readonly name: ProcessorName;
  readonly #endpoint: HttpEndpoint;
  readonly #timeoutMs: number;

  /**
   * @param timeoutMs per HTTP call, after which its outcome is unknown; `pay` makes at most two
   * @throws Error for an unusable URL
   */
  constructor(name: ProcessorName, baseUrl: string, client: HttpClient, timeoutMs: number) {
    this.name = name;
    this.#endpoint = client.endpoint(baseUrl);
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Makes one attempt to pay. After `unknown` the same payment may be sent here again, never to the other
   * processor: if this one has it, it says so, and the outcome is `settled` under the recorded time.
   */
  async pay(payment: ProcessorPayment): Promise<PaymentOutcome> {
    const { correlationId, amountCents, requestedAtMs } = payment;
    const result = await this.#endpoint.request({
      method: "POST",
      path: "/payments",
      headers: JSON_HEADERS,
      body: `{"correlationId":${JSON.stringify(correlationId)},"amount":${toAmount(amountCents)},"requestedAt":"${formatTimestamp(requestedAtMs)}"}`,
      timeoutMs: this.#timeoutMs,
    });
    if (result.kind === "unknown") return { kind: "unknown", code: result.code };
    if (result.kind === "not-sent") return outcomeOfNotSent(result);
    const meaning = classifyPaymentAnswer(result, Date.now());
    if (meaning.kind === "recorded") return { kind: "settled", requestedAtMs };
    if (meaning.kind !== "ask") return { ...meaning, call: reportOf(result) };
    const confirmed = await this.#confirm(payment, meaning);
    // The first answer is the one that raises questions.
    return confirmed.kind === "settled" ? confirmed : { ...confirmed, call: reportOf(result) };
  }

  /**
   * Goes on with a payment whose earlier call had an unknown outcome: asks for it first, because a processor
   * that is slower than our patience would leave the same call unknown for ever, and sends it again if it
   * is not there.
   */
  async resume(payment: ProcessorPayment): Promise<PaymentOutcome> {
    const found = await this.#confirm(payment, {
      kind: "ask",
      absentCode: ABSENT,
      unansweredCode: "unanswered",
    });
    return found.kind === "unknown" && found.code === ABSENT ? this.pay(payment) : found;
  }

  /** Asks whether the processor has a payment, and under which time and amount. */
  async lookup(correlationId: string): Promise<LookupOutcome> {
    const result = await this.#endpoint.request({
      method: "GET",
      path: `/payments/${encodeURIComponent(correlationId)}`,
      timeoutMs: this.#timeoutMs,
    });
    if (result.kind !== "answer") return { kind: "unavailable", code: result.code };
    if (result.status === 404) return { kind: "not-found", call: lookupReport(result) };
    const recorded = result.status === 200 ? readRecordedPayment(result.body, correlationId) : null;
    if (recorded !== null) return { kind: "found", ...recorded, call: lookupReport(result) };
    const code = result.status === 200 ? "unreadable" : `http_${result.status}`;
    return { kind: "unavailable", code, call: lookupReport(result) };
  }

  async #confirm(
    { correlationId, amountCents }: ProcessorPayment,
    { absentCode, unansweredCode }: Extract<PaymentAnswer, { kind: "ask" }>,
  ): Promise<PaymentOutcome> {
    const found = await this.lookup(correlationId);
    switch (found.kind) {
      case "found":
        return settledAsFound(found, amountCents);
      case "not-found":
        return {
          kind: "unknown",
          code: absentCode,
          ...(found.call === undefined ? {} : { call: found.call }),
        };
      case "unavailable":
        return {
          kind: "unknown",
          code: unansweredCode,
          ...(found.call === undefined ? {} : { call: found.call }),
        };
    }
  }
}

/** A payment is settled as the processor's books have it. @param amountCents what was to be paid */
export function settledAsFound(
  { requestedAtMs, amountCents: recordedAmountCents, call }: Extract<LookupOutcome, { kind: "found" }>,
  amountCents: number,
): PaymentOutcome {
  return {
    kind: "settled",
    requestedAtMs,
    ...(recordedAmountCents === amountCents ? {} : { recordedAmountCents }),
    ...(call === undefined ? {} : { call }),
  };
}

function lookupReport(answer: HttpAnswer): CallReport {
  return reportOf(answer, { isLookup: true });
}

/** Our own bounds say nothing about the processor's health: they mean busy, not broken. */
function outcomeOfNotSent({ code }: HttpNotSent): PaymentOutcome {
  switch (code) {
    case "pool_full":
    case "pool_timeout":
    case "client_closed":
      return { kind: "refused", code };
    default:
      return { kind: "failed", code };
  }
}
