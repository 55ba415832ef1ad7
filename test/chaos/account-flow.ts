import { wholeBetween } from "../e2e/seed.ts";
import { type Client, fieldsOf, posting } from "./client.ts";
import type { Flow } from "./workload.ts";

/** Payments with a key wait for their commit, those without are acknowledged from the intake log. */
const KEYED_SHARE = 0.5;

/** Section D: a payment, and a long poll until it is final. */
export class AccountFlow implements Flow {
  readonly clients = 12;
  readonly pauseMs = 400;
  /** What each acknowledged payment's first final answer said; null until there is one. */
  readonly results = new Map<string, string | null>();
  /** Sent without a key and not answered: each may or may not be there. */
  uncertain = 0;
  readonly #client: Client;
  readonly #random: () => number;

  constructor(client: Client, random: () => number) {
    this.#client = client;
    this.#random = random;
  }

  async prepare(): Promise<void> {}

  async run(): Promise<void> {
    const paymentId = await this.#create();
    if (paymentId === null) return;
    this.results.set(paymentId, null);
    for (;;) {
      const answer = await this.#client.once("D", `/payments/lp/${paymentId}`);
      if (answer?.status === 200) {
        this.results.set(paymentId, answer.text);
        return;
      }
      // 408: not yet. 404: acknowledged by a replica that is down, and in its intake log alone until another takes over.
      if (answer !== null && answer.status !== 408 && answer.status !== 404) {
        this.#client.surprise(`the long poll of ${paymentId}`, answer);
        return;
      }
      await this.#client.pause(`payment ${paymentId} to be final`);
    }
  }

  /** @returns its id, null if it was not acknowledged */
  async #create(): Promise<string | null> {
    const body = {
      userId: crypto.randomUUID(),
      accountNumber: `BR-${wholeBetween(this.#random, 1, 999_999)}`,
      amount: wholeBetween(this.#random, 1, 50_000) / 100,
    };
    const isKeyed = this.#random() < KEYED_SHARE;
    const request = posting(body, isKeyed ? crypto.randomUUID() : null);
    const answer = isKeyed
      ? await this.#client.answered("D", "/payments", request)
      : await this.#client.once("D", "/payments", request);
    if (answer === null) {
      this.uncertain++;
      return null;
    }
    if (answer.status === 201) return String(fieldsOf(answer.body)["paymentId"]);
    this.#client.surprise("an account payment", answer);
    return null;
  }
}
