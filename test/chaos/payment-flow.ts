import { wholeBetween } from "../e2e/seed.ts";
import { type Client, posting } from "./client.ts";
import { type Flow, pick } from "./workload.ts";

/** Payments that are sent once more although they were answered. */
const REPEAT_SHARE = 0.1;
/** Unanswered ones that their client sends again; the others are looked up at the end. */
const RETRY_SHARE = 0.6;
const RECENT_MAX = 500;

/**
 * Section A. The id is the client's: whether a payment without an answer was taken is asked at the end, and nothing may
 * be charged twice however often it was sent. Amounts differ, so that a mix-up shows in the sums.
 */
export class PaymentFlow implements Flow {
  readonly clients = 6;
  readonly pauseMs = 110;
  /** Cents by id: every payment that was ever sent. */
  readonly sent = new Map<string, number>();
  readonly acknowledged = new Set<string>();
  readonly #recent: string[] = [];
  readonly #client: Client;
  readonly #random: () => number;

  constructor(client: Client, random: () => number) {
    this.#client = client;
    this.#random = random;
  }

  async prepare(): Promise<void> {}

  async run(): Promise<void> {
    const isRepeat = this.#recent.length > 0 && this.#random() < REPEAT_SHARE;
    const id = isRepeat ? pick(this.#recent, this.#random) : this.#newPayment();
    while ((await this.#send(id)) === "unanswered" && this.#random() < RETRY_SHARE) {
      await this.#client.pause(`payment ${id} to be answered`);
    }
  }

  #newPayment(): string {
    const id = crypto.randomUUID();
    this.sent.set(id, wholeBetween(this.#random, 1, 100_000));
    this.#recent.push(id);
    if (this.#recent.length > RECENT_MAX) this.#recent.shift();
    return id;
  }

  async #send(id: string): Promise<"answered" | "unanswered"> {
    const cents = this.sent.get(id) ?? 0;
    const body = { correlationId: id, amount: cents / 100 };
    const answer = await this.#client.once("A", "/payments", posting(body, null));
    if (answer === null) return "unanswered";
    if (answer.status === 202 || answer.status === 200) this.acknowledged.add(id);
    else this.#client.surprise(`payment ${id}`, answer);
    return "answered";
  }
}
