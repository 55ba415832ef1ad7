import { type CallResult, call } from "../../call.ts";

/** An account payment as the service shows it. */
export interface AccountPayment {
  readonly paymentId: string;
  readonly userId: string;
  readonly created: string;
  readonly processed: string | null;
  readonly state: "pending" | "completed" | "rejected";
  readonly accountNumber: string;
  readonly amount: number;
  readonly description: string | null;
  readonly extPaymentDetails: string | null;
}

export interface NewPayment {
  readonly userId: string;
  readonly accountNumber: string;
  readonly amount: string;
  readonly description?: string;
}

/** Sends a payment; the same key again never pays twice. */
export function sendPayment(payment: NewPayment, idempotencyKey: string) {
  const headers = { "idempotency-key": idempotencyKey };
  return call<AccountPayment>("/payments", { method: "POST", body: payment, headers });
}

export function findPayment(paymentId: string, signal: AbortSignal) {
  return call<AccountPayment>(`/payments/${paymentId}`, { signal });
}

/** A little less than the service waits (10 s unless set otherwise): browsers log its 408 as an error. */
const WAIT_MS = 9000;

/** Asks and waits until the payment is final, or for a while. */
export async function awaitPayment(
  paymentId: string,
  signal: AbortSignal,
): Promise<CallResult<AccountPayment> | { readonly kind: "pending" }> {
  const patience = AbortSignal.timeout(WAIT_MS);
  const result = await call<AccountPayment>(`/payments/lp/${paymentId}`, {
    signal: AbortSignal.any([signal, patience]),
  });
  if (result.kind === "ok") return result;
  const isPending = patience.aborted || (result.kind === "refused" && result.status === 408);
  return isPending ? { kind: "pending" } : result;
}
