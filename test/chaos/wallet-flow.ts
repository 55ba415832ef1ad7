import { wholeBetween } from "../e2e/seed.ts";
import { type Client, codeOf, fieldsOf, posting, uuidIn } from "./client.ts";
import { type Flow, pick } from "./workload.ts";

export const WALLET_START_CENTS = 30_000;
const AMOUNT_CENTS_MAX = 8_000;
/** Runs that operate on one wallet of the second kind. */
const SINGLE_SHARE = 0.4;
const SYNC_SHARE = 0.5;

type OperationType = "DEPOSIT" | "WITHDRAW";

/**
 * Section E, as Jepsen's bank does it: money goes from one wallet of a ring to another, each half with a key and
 * repeated until it is answered, so the ring's total is constant and every operation is known. Beside them are wallets
 * with operations without a key, acknowledged from the intake log: one that was not answered may have happened or not.
 */
export class WalletFlow implements Flow {
  readonly clients = 6;
  readonly pauseMs = 150;
  readonly ring: string[] = [];
  readonly singles: string[] = [];
  /** Wallet by id of operation, for all that were acknowledged or refused. */
  readonly operations = new Map<string, string>();
  /** By wallet: operations without a key that were not answered. */
  readonly uncertain = new Map<string, number>();
  readonly #client: Client;
  readonly #random: () => number;

  constructor(client: Client, random: () => number) {
    this.#client = client;
    this.#random = random;
  }

  async prepare(): Promise<void> {
    for (const wallets of [this.ring, this.singles]) {
      for (let number = 0; number < 8; number++) {
        const request = posting({ initial_balance: WALLET_START_CENTS / 100 }, crypto.randomUUID());
        const { body } = await this.#client.answered("E", "/api/v1/wallets/", request);
        wallets.push(String(fieldsOf(body)["wallet_uuid"]));
      }
    }
  }

  async run(): Promise<void> {
    const amount = wholeBetween(this.#random, 1, AMOUNT_CENTS_MAX) / 100;
    if (this.#random() < SINGLE_SHARE) return this.#operateUnkeyed(amount);
    const from = pick(this.ring, this.#random);
    const to = pick(this.ring, this.#random);
    if (from === to || !(await this.#operate(from, "WITHDRAW", amount))) return;
    // A deposit cannot be refused: half a transfer is a finding, and the total would show it, too.
    if (!(await this.#operate(to, "DEPOSIT", amount)))
      this.#client.surprises.push(`a deposit to ${to} failed`);
  }

  /** @returns whether it was applied */
  async #operate(wallet: string, operationType: OperationType, amount: number): Promise<boolean> {
    const isSync = this.#random() < SYNC_SHARE;
    const path = `/api/v1/wallets/${wallet}/operation${isSync ? "?sync=true" : ""}`;
    const request = posting({ operationType, amount }, crypto.randomUUID());
    const answer = await this.#client.answered("E", path, request);
    const refusedId = codeOf(answer) === "INSUFFICIENT_FUNDS" ? uuidIn(answer) : null;
    const operationId = answer.status === 200 ? String(fieldsOf(answer.body)["operation_id"]) : refusedId;
    if (operationId === null) {
      this.#client.surprise(`${operationType} at ${wallet}`, answer);
      return false;
    }
    this.operations.set(operationId, wallet);
    return isSync ? answer.status === 200 : this.#isApplied(wallet, operationId);
  }

  async #isApplied(wallet: string, operationId: string): Promise<boolean> {
    for (;;) {
      const answer = await this.#client.once("E", `/api/v1/wallets/${wallet}/operations/${operationId}`);
      const status = answer?.status === 200 ? fieldsOf(answer.body)["status"] : undefined;
      if (status === "applied" || status === "rejected") return status === "applied";
      // With a key the commit was waited for: any replica sees it.
      if (answer?.status === 404) this.#client.surprise(`the acknowledged operation ${operationId}`, answer);
      await this.#client.pause(`operation ${operationId} to be decided`);
    }
  }

  async #operateUnkeyed(amount: number): Promise<void> {
    const wallet = pick(this.singles, this.#random);
    const operationType = this.#random() < 0.5 ? "DEPOSIT" : "WITHDRAW";
    const request = posting({ operationType, amount }, null);
    const answer = await this.#client.once("E", `/api/v1/wallets/${wallet}/operation`, request);
    if (answer === null) this.uncertain.set(wallet, (this.uncertain.get(wallet) ?? 0) + 1);
    else if (answer.status === 200)
      this.operations.set(String(fieldsOf(answer.body)["operation_id"]), wallet);
    else this.#client.surprise(`${operationType} at ${wallet}`, answer);
  }
}
