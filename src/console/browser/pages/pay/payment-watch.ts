import { type AccountPayment, awaitPayment, findPayment } from "./account-payment.ts";

/** A browser opens about six connections to a host, and other pages of the console need some of them. */
const WAITING_AT_ONCE = 3;
const PAUSE_AFTER_FAILURE_MS = 2000;

/**
 * Follows payments until they are final, a few at a time: each waits at the service (`/payments/lp/…`) until its
 * payment is final, or for ten seconds, and goes to the end of the line then.
 */
export class PaymentWatch {
  readonly #line: string[] = [];
  readonly #stop = new AbortController();
  readonly #show: (payment: AccountPayment) => void;
  #waiting = 0;

  constructor(show: (payment: AccountPayment) => void) {
    this.#show = show;
  }

  /** Reads a payment's state now, and follows it if it is not final. */
  async read(paymentId: string): Promise<void> {
    const result = await findPayment(paymentId, this.#stop.signal);
    if (result.kind === "ok") {
      this.#show(result.data);
      if (result.data.state === "pending") this.follow(paymentId);
    }
    if (result.kind === "offline" && !this.#stop.signal.aborted) this.follow(paymentId);
  }

  follow(paymentId: string): void {
    this.#line.push(paymentId);
    this.#next();
  }

  stop(): void {
    this.#line.length = 0;
    this.#stop.abort();
  }

  #next(): void {
    if (this.#waiting >= WAITING_AT_ONCE) return;
    const paymentId = this.#line.shift();
    if (paymentId === undefined) return;
    this.#waiting++;
    void this.#await(paymentId).finally(() => {
      this.#waiting--;
      this.#next();
    });
    this.#next();
  }

  async #await(paymentId: string): Promise<void> {
    const { signal } = this.#stop;
    const result = await awaitPayment(paymentId, signal);
    if (signal.aborted) return;
    if (result.kind === "ok") {
      this.#show(result.data);
      if (result.data.state !== "pending") return;
    }
    const isGone = result.kind === "absent" || (result.kind === "refused" && result.status === 404);
    if (isGone) return;
    if (result.kind !== "pending")
      await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_FAILURE_MS));
    if (!signal.aborted) this.#line.push(paymentId);
  }
}
