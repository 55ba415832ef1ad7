import type { BankDecision } from "../domain/account-payment.ts";
import type { AttemptOutcome } from "../domain/attempt-outcome.ts";
import type { TaskResult } from "../store/module.ts";
import { reportOf } from "./call-report.ts";
import type { HttpClient, HttpEndpoint } from "./http-client.ts";
import type { HttpResult } from "./http-result.ts";

/** What the bank is to pay. */
export interface BankPayment {
  readonly paymentId: string;
  readonly userId: string;
  readonly accountNumber: string;
  readonly amount: number;
  readonly created: string;
}

/** What the bank says of a payment. */
export type BankAnswer =
  | ({ readonly kind: "decided" } & BankDecision)
  | { readonly kind: "notYet"; readonly askAgainInMs: number };

/** Per call: the bank answers at once, if only that it does not know yet. */
const TIMEOUT_MS = 5_000;
/** Calls are short: a few connections serve thousands of pending payments. */
const CONNECTIONS_MAX = 32;
/** A bank that names no time, or an absurd one, is asked again within these. */
const ASK_AGAIN_MS = { min: 10, max: 60_000, default: 1_000 };

/**
 * The bank of section D. A payment is handed over and asked about with the same call, because the bank knows it by
 * its id: the first call starts it, every later one answers how far it is. So none is ever paid twice, however
 * often the answer gets lost.
 */
export class BankClient {
  readonly #endpoint: HttpEndpoint;

  /** @throws Error for an unusable URL */
  constructor(baseUrl: string, client: HttpClient) {
    this.#endpoint = client.endpoint(baseUrl, { connectionsMax: CONNECTIONS_MAX });
  }

  /** Hands a payment over, or asks how far it is. The result's `data` is a BankAnswer if the bank gave one. */
  async pay(payment: BankPayment): Promise<TaskResult> {
    const result = await this.#endpoint.request({
      method: "POST",
      path: "/payments",
      headers: { "Content-Type": "application/json", "Idempotency-Key": payment.paymentId },
      body: JSON.stringify(payment),
      timeoutMs: TIMEOUT_MS,
    });
    // The console shows an account number only in part.
    const call = reportOf(result, { secrets: [payment.accountNumber] });
    return { ...classifyBankResult(result, Date.now()), call };
  }
}

/** What a call came to. @param nowMs ms since the epoch */
export function classifyBankResult(result: HttpResult, nowMs: number): TaskResult {
  if (result.kind !== "answer") {
    const kind = result.kind === "not-sent" ? "failed" : "unknown";
    return { outcome: { kind, code: result.code } };
  }
  const answer = result.status < 300 ? readAnswer(result.body) : null;
  if (answer === null) {
    const code = result.status < 300 ? "unreadable" : `http_${result.status}`;
    return { outcome: { kind: "unknown", code } };
  }
  return { outcome: outcomeOf(answer, nowMs), data: answer };
}

function outcomeOf(answer: BankAnswer, nowMs: number): AttemptOutcome {
  if (answer.kind === "notYet") return { kind: "unknown", code: "pending" };
  if (answer.state === "completed") return { kind: "settled", requestedAtMs: nowMs };
  return { kind: "declined", code: "rejected" };
}

/** `{state, extPaymentDetails?, askAgainInMs?}`; null for anything else. */
function readAnswer(body: Uint8Array): BankAnswer | null {
  const parsed = parseJson(body);
  if (typeof parsed !== "object" || parsed === null) return null;
  // Any object: what is not there is undefined.
  const { state, extPaymentDetails, askAgainInMs } = parsed as Record<string, unknown>;
  if (state === "completed" || state === "rejected") {
    const details = typeof extPaymentDetails === "string" ? extPaymentDetails : "";
    return { kind: "decided", state, details };
  }
  if (state !== "pending") return null;
  const asked = typeof askAgainInMs === "number" && askAgainInMs > 0 ? askAgainInMs : ASK_AGAIN_MS.default;
  return {
    kind: "notYet",
    askAgainInMs: Math.min(Math.max(asked, ASK_AGAIN_MS.min), ASK_AGAIN_MS.max),
  };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
