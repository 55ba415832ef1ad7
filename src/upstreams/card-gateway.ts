import type { AttemptOutcome } from "../domain/attempt-outcome.ts";
import type { Card } from "../domain/card.ts";
import type { TaskResult } from "../store/module.ts";
import { reportOf } from "./call-report.ts";
import type { HttpClient, HttpEndpoint } from "./http-client.ts";
import type { HttpAnswer, HttpNotSent, HttpResult } from "./http-result.ts";
import { readJsonObject } from "./processor-answer.ts";
import { parseRetryAfter } from "./retry-after.ts";

export interface CardCharge {
  /** The order's id: the gateway recognises a repeat by it and does not charge again. */
  readonly referenceId: string;
  readonly description: string;
  readonly amountCents: number;
}

export interface CardGatewayOptions {
  readonly token: string | null;
  /** Header `x-api-version`. */
  readonly apiVersion: string;
  readonly timeoutMs: number;
}

/** The card gateway of section B (CONTRACTS). */
export class CardGatewayClient {
  readonly #endpoint: HttpEndpoint;
  readonly #timeoutMs: number;
  readonly #token: string;

  /** @throws Error for an unusable URL */
  constructor(baseUrl: string, client: HttpClient, { token, apiVersion, timeoutMs }: CardGatewayOptions) {
    this.#timeoutMs = timeoutMs;
    this.#token = token ?? "";
    this.#endpoint = client.endpoint(baseUrl, {
      headers: {
        "Content-Type": "application/json",
        "x-api-version": apiVersion,
        ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      },
    });
  }

  /** Charges, or learns that an earlier call with the same reference did. */
  async charge(charge: CardCharge, card: Card): Promise<TaskResult> {
    return this.#send(charge, card);
  }

  /**
   * Asks what became of earlier calls: the same request without a card. A gateway that knows the reference answers
   * with what it did; one that does not cannot charge, and says so. That "not_charged" is about now: a call that is still on
   * its way may charge after it, so domain/order-attempt.ts decides when it is believed.
   */
  async inquire(charge: CardCharge): Promise<TaskResult> {
    const { outcome, call } = await this.#send(charge, null);
    const isUnknownThere = outcome.kind === "declined" && outcome.code.startsWith("http_4");
    return { outcome: isUnknownThere ? { kind: "declined", code: "not_charged" } : outcome, call };
  }

  async #send(charge: CardCharge, card: Card | null): Promise<TaskResult> {
    const result = await this.#endpoint.request({
      method: "POST",
      path: "/",
      body: JSON.stringify(bodyOf(charge, card)),
      timeoutMs: this.#timeoutMs,
    });
    const secrets = [this.#token, ...(card === null ? [] : secretsOf(card))];
    const call = reportOf(result, { isLookup: card === null, secrets });
    return { outcome: classifyResult(result, charge.referenceId), call };
  }
}

function classifyResult(result: HttpResult, referenceId: string): AttemptOutcome {
  if (result.kind === "unknown") return { kind: "unknown", code: result.code };
  if (result.kind === "not-sent") return outcomeOfNotSent(result);
  return classifyChargeAnswer(result, referenceId, Date.now());
}

/** What of a card a gateway may repeat. The month alone, one or two digits, tells nothing. */
function secretsOf({ number, securityCode, expYear, holder }: Card): string[] {
  return [number, securityCode, String(expYear), ...(holder === null ? [] : [holder])];
}

function bodyOf({ referenceId, description, amountCents }: CardCharge, card: Card | null) {
  return {
    reference_id: referenceId,
    description,
    amount: { value: amountCents, currency: "BRL" },
    payment_method: {
      type: "CREDIT_CARD",
      installments: 1,
      capture: false,
      ...(card === null ? {} : { card: cardOf(card) }),
    },
  };
}

function cardOf(card: Card) {
  return {
    number: card.number,
    exp_month: card.expMonth,
    exp_year: card.expYear,
    security_code: card.securityCode,
    ...(card.holder === null ? {} : { holder: { name: card.holder } }),
  };
}

/**
 * What an answer means. Only `status` = AUTHORIZED is a success. No piece of the body goes into a code: a gateway
 * may repeat the card in its messages.
 */
export function classifyChargeAnswer(answer: HttpAnswer, referenceId: string, nowMs: number): AttemptOutcome {
  const { status } = answer;
  const code = `http_${status}`;
  if (status < 300) return classifyStatus(readJsonObject(answer.body), referenceId, nowMs);
  // Redirects are not followed, and a wrong token or address charges nobody.
  if (status < 400) return { kind: "failed", code };
  switch (status) {
    case 401:
    case 403:
    case 405:
    case 407:
      return { kind: "failed", code };
    // The first call with this reference may still be running there, or have been cut off.
    case 408:
    case 409:
    case 425:
    // A proxy's: the gateway behind it may have the call.
    case 502:
    case 504:
      return { kind: "unknown", code };
    case 429: {
      const retryAfterMs = parseRetryAfter(answer.header("retry-after"), nowMs);
      return retryAfterMs === undefined ? { kind: "refused", code } : { kind: "refused", code, retryAfterMs };
    }
    default:
      return status < 500 ? { kind: "declined", code } : { kind: "failed", code };
  }
}

function classifyStatus(
  { status, reference_id: reference }: Readonly<Record<string, unknown>>,
  referenceId: string,
  nowMs: number,
): AttemptOutcome {
  if (typeof status !== "string" || (reference !== undefined && reference !== referenceId)) {
    return { kind: "unknown", code: "unreadable" };
  }
  switch (status) {
    case "AUTHORIZED":
      return { kind: "settled", requestedAtMs: nowMs };
    case "DECLINED":
    case "CANCELED":
      return { kind: "declined", code: `card_${status.toLowerCase()}` };
    // WAITING, IN_ANALYSIS and what a later version may add: not decided yet.
    default:
      return { kind: "unknown", code: "not_decided" };
  }
}

/** Our own bounds say nothing about the gateway: they mean busy, not broken. */
function outcomeOfNotSent({ code }: HttpNotSent): AttemptOutcome {
  switch (code) {
    case "pool_full":
    case "pool_timeout":
    case "client_closed":
      return { kind: "refused", code };
    default:
      return { kind: "failed", code };
  }
}
