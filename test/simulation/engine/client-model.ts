/**
 * What the clients know: what they asked for, and what they were answered. The invariants hold the books to it.
 * "asked" alone promises nothing: a client that heard nothing cannot say whether it was done.
 */
export interface AskedPayment {
  readonly amountCents: number;
  readonly askedAtMs: number;
  /** When the last 202 for it was given; null while none was. */
  acknowledgedAtMs: number | null;
}

export interface AskedOperation {
  readonly walletUuid: string;
  readonly type: "DEPOSIT" | "WITHDRAW";
  readonly amountCents: number;
  isAcknowledged: boolean;
}

export interface AskedUserPayment {
  readonly userId: number;
  readonly amountCents: number;
  readonly type: "deposit" | "withdraw";
  isAcknowledged: boolean;
}

export class ClientModel {
  /** Section A, by id. */
  readonly payments = new Map<string, AskedPayment>();
  /** Section E: wallets that were created, and operations, by id. */
  readonly wallets = new Map<string, { readonly accountId: number; readonly openingCents: number }>();
  readonly operations = new Map<string, AskedOperation>();
  /** Section C: users that were created, and payments that were accepted, by the gateway's key. */
  readonly users = new Map<number, { readonly openingCents: number }>();
  readonly userPayments = new Map<string, AskedUserPayment>();
  /** Section B: reservations and orders that were accepted, by id. */
  readonly reservations = new Map<string, { readonly productId: number; readonly quantity: number }>();
  readonly orders = new Set<string>();
  /** Section D: accepted account payments, by id. */
  readonly accountPayments = new Set<string>();
  /** What an administrator has asked to be tried again, by the names of FinalStates. */
  readonly requeued = new Set<string>();
  /** Purges that were seen in the database, and when the last one was. */
  purgedAtMs = Number.NEGATIVE_INFINITY;
  purgeGeneration = 0;
  acknowledged = 0;

  acknowledgePayment(id: string, nowMs: number): void {
    const payment = this.payments.get(id);
    if (payment === undefined) throw new Error("a payment was acknowledged that nobody asked for");
    payment.acknowledgedAtMs = nowMs;
    this.acknowledged++;
  }
}
