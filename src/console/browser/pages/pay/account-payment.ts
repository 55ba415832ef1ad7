import { call } from "../../call.ts";

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

/** Asks and waits; 408 means that it is still pending. */
export function awaitPayment(paymentId: string, signal: AbortSignal) {
  return call<AccountPayment>(`/payments/lp/${paymentId}`, { signal });
}
