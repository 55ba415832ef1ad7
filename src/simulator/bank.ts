import { parseInstant } from "../domain/timestamp.ts";
import { canonicalUuid } from "../domain/uuid.ts";
import { jsonAnswer, messageAnswer } from "./answers.ts";
import { parseJsonBody, readText } from "./json-body.ts";

export interface BankOptions {
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  /** Share of payments that it completes. */
  readonly approvalRate: number;
  /** ms since the epoch; default: Date.now. */
  readonly now?: () => number;
}

/** What the bank does with a payment, from the moment on at which it was created. */
export interface BankDraw {
  readonly delayMs: number;
  readonly isApproved: boolean;
}

/**
 * The simulated bank of section D.
 *
 *   POST /payments {paymentId, created, …}    202 {"state":"pending","askAgainInMs":4200}
 *                                             200 {"state":"completed","extPaymentDetails":"Payment processed in 7 seconds"}
 *                                             200 {"state":"rejected","extPaymentDetails":"Payment rejected after 7 seconds"}
 *
 * How long a payment takes and how it ends is drawn from its id: asked twice, or after a restart, the bank says the
 * same, and it has nothing to remember.
 */
export class BankSimulator {
  #options: BankOptions;

  constructor(options: BankOptions) {
    this.#options = options;
  }

  get options(): BankOptions {
    return this.#options;
  }

  /** Changes what it says from now on, also about payments that are pending. */
  configure(change: Partial<BankOptions>): void {
    this.#options = { ...this.#options, ...change };
  }

  async handle(request: Request, path: string): Promise<Response> {
    if (!/^\/payments\/?$/i.test(path)) return messageAnswer(404, "The bank has POST /payments only.");
    if (request.method !== "POST") return messageAnswer(405, "The bank has POST /payments only.");
    const body = parseJsonBody(request, await readText(request));
    if (body.kind === "refused") return messageAnswer(body.status, "The body must be a JSON object.");
    // Any object: what is not there is undefined.
    const { paymentId, created } = body.object as Record<string, unknown>;
    const id = typeof paymentId === "string" ? canonicalUuid(paymentId) : null;
    const instant = typeof created === "string" ? parseInstant(created) : null;
    if (id === null || instant?.ok !== true) {
      return messageAnswer(422, "paymentId must be a UUID and created a date-time.");
    }
    return this.#answer(drawPayment(id, this.#options), instant.floorMs);
  }

  #answer({ delayMs, isApproved }: BankDraw, createdAtMs: number): Response {
    const { now = Date.now } = this.#options;
    const askAgainInMs = createdAtMs + delayMs - now();
    if (askAgainInMs > 0) {
      return new Response(JSON.stringify({ state: "pending", askAgainInMs }), {
        status: 202,
        headers: { "content-type": "application/json" },
      });
    }
    const seconds = Math.round(delayMs / 1000);
    const state = isApproved ? "completed" : "rejected";
    const extPaymentDetails = `Payment ${isApproved ? "processed in" : "rejected after"} ${seconds} seconds`;
    return jsonAnswer(JSON.stringify({ state, extPaymentDetails }));
  }
}

/** What becomes of the payment `id`: the same whenever it is asked for. */
export function drawPayment(id: string, options: Omit<BankOptions, "now">): BankDraw {
  const digest = new Bun.CryptoHasher("sha256").update(id).digest();
  const { delayMinMs, delayMaxMs, approvalRate } = options;
  const [first, second] = [digest.readUInt32LE(0) / 2 ** 32, digest.readUInt32LE(4) / 2 ** 32];
  // A minimum above the maximum: the maximum was lowered, and holds.
  const span = Math.max(0, delayMaxMs - delayMinMs);
  return {
    delayMs: Math.floor(Math.min(delayMinMs, delayMaxMs) + first * span),
    isApproved: second < approvalRate,
  };
}
