import type { AttemptOutcome } from "../domain/attempt-outcome.ts";
import { toAmount } from "../domain/money.ts";
import type { UserPaymentType } from "../domain/user-payment.ts";
import type { TaskResult } from "../store/module.ts";
import { reportOf } from "./call-report.ts";
import type { HttpClient, HttpEndpoint } from "./http-client.ts";
import type { HttpResult } from "./http-result.ts";

/** What the payment gateway is to charge. */
export interface GatewayPayment {
  /** The same for every attempt: the gateway charges once per key. */
  readonly key: string;
  readonly paymentId: number;
  readonly userId: number;
  readonly amountCents: number;
  readonly commissionCents: number;
  readonly type: UserPaymentType;
}

/** The payment gateway of section C. */
export class PaymentGatewayClient {
  readonly #endpoint: HttpEndpoint;
  readonly #timeoutMs: number;

  /**
   * @param timeoutMs per call, after which its outcome is unknown
   * @throws Error for an unusable URL
   */
  constructor(baseUrl: string, client: HttpClient, timeoutMs: number) {
    this.#endpoint = client.endpoint(baseUrl);
    this.#timeoutMs = timeoutMs;
  }

  /** Makes one attempt to charge. */
  async pay(payment: GatewayPayment): Promise<TaskResult> {
    const result = await this.#endpoint.request({
      method: "POST",
      path: "/pay",
      headers: { "Content-Type": "application/json", "Idempotency-Key": payment.key },
      body: JSON.stringify({
        payment_id: payment.paymentId,
        user_id: payment.userId,
        amount: toAmount(payment.amountCents),
        commission: toAmount(payment.commissionCents),
        type: payment.type,
      }),
      timeoutMs: this.#timeoutMs,
    });
    return { outcome: classifyGatewayResult(result, Date.now()), call: reportOf(result) };
  }
}

/**
 * CONTRACTS, section C: 2xx is success; timeouts, network errors, 5xx and 429 are tried again, anything else is
 * final. A gateway behind a proxy may have charged before a 5xx came back; the key makes the repeat harmless.
 */
export function classifyGatewayResult(result: HttpResult, nowMs: number): AttemptOutcome {
  switch (result.kind) {
    case "unknown":
      return { kind: "unknown", code: result.code };
    case "not-sent":
      return { kind: "failed", code: TIMEOUTS.has(result.code) ? "timeout" : result.code };
    case "answer": {
      const { status } = result;
      const code = `gateway_error_${status}`;
      if (status < 300) return { kind: "settled", requestedAtMs: nowMs };
      if (status === 429) return { kind: "refused", code };
      return { kind: status >= 500 ? "unknown" : "declined", code };
    }
  }
}

/** Whoever waits for the gateway wants to know that it was too slow, not in which phase. */
const TIMEOUTS: ReadonlySet<string> = new Set(["connect_timeout", "pool_timeout"]);
