import { wholeBetween } from "../e2e/seed.ts";
import { type Client, codeOf, fieldsOf, posting } from "./client.ts";
import { type Flow, pick } from "./workload.ts";

const USERS = 12;
/** Little enough that some withdrawals are refused. */
export const USER_START_CENTS = 50_000;
const AMOUNT_CENTS_MAX = 20_000;
const DEPOSIT_SHARE = 0.55;

/** Section C: deposits and withdrawals, each with a key of its own. */
export class UserFlow implements Flow {
  readonly clients = 4;
  readonly pauseMs = 250;
  readonly users: number[] = [];
  /** Payments that were accepted. */
  readonly accepted = new Set<number>();
  /** Withdrawals that were refused: stored, and failed. */
  readonly refused = new Set<number>();
  readonly #client: Client;
  readonly #random: () => number;

  constructor(client: Client, random: () => number) {
    this.#client = client;
    this.#random = random;
  }

  async prepare(): Promise<void> {
    for (let number = 0; number < USERS; number++) {
      const request = posting({ balance: USER_START_CENTS / 100 }, crypto.randomUUID());
      const { body } = await this.#client.answered("C", "/api/v1/users", request);
      this.users.push(Number(fieldsOf(body)["id"]));
    }
  }

  async run(): Promise<void> {
    const userId = pick(this.users, this.#random);
    const amount = wholeBetween(this.#random, 1, AMOUNT_CENTS_MAX) / 100;
    const isDeposit = this.#random() < DEPOSIT_SHARE;
    const path = `/api/v1/payments/${isDeposit ? "deposit" : "withdraw"}`;
    const body = isDeposit ? { user_id: userId, deposit: amount } : { user_id: userId, amount };
    const answer = await this.#client.answered("C", path, posting(body, crypto.randomUUID()));
    if (answer.status === 200) {
      this.accepted.add(Number(fieldsOf(answer.body)["payment_id"]));
      return;
    }
    // The contract: the sentence names the payment.
    const paymentId = /payment_id (\d+)/.exec(answer.text)?.[1];
    if (codeOf(answer) === "INSUFFICIENT_FUNDS" && paymentId !== undefined)
      this.refused.add(Number(paymentId));
    else this.#client.surprise(`${path} of user ${userId}`, answer);
  }
}
