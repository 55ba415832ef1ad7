import { Connection } from "./connection.ts";

/**
 * The load of the challenge: virtual users ramp evenly from 1 to `users` over the time of the test. Each posts one
 * payment with a fresh id, waits for the answer (at most 1.5 s), sleeps a second, and begins again until the time
 * is over.
 */
export interface LoadPlan {
  readonly users: number;
  readonly seconds: number;
  readonly amountCents: number;
}

const TIMEOUT_MS = 1_500;
const SLEEP_MS = 1_000;

export class VirtualUsers {
  /** Every id that was sent. */
  readonly sent: string[] = [];
  /** Ids that were answered 2xx, with the time since the start, ms. */
  readonly acceptedAtMs = new Map<string, number>();
  /** Durations of all requests, answered or not, ms. */
  readonly durationsMs: number[] = [];
  /** Requests that were not answered 2xx, by status or reason. */
  readonly failures = new Map<string, number>();
  readonly #plan: LoadPlan;
  readonly #url: string;
  #startedAt = 0;

  constructor(url: string, plan: LoadPlan) {
    this.#url = url;
    this.#plan = plan;
  }

  get failed(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Ends when the last user has slept after its last payment. */
  async run(): Promise<void> {
    const { users, seconds } = this.#plan;
    this.#startedAt = performance.now();
    const stepMs = (seconds * 1_000) / Math.max(1, users);
    await Promise.all(Array.from({ length: users }, (_, index) => this.#user(index * stepMs)));
  }

  /** Notes a request of the test that is not a payment. */
  note(durationMs: number, failure: string | null): void {
    this.durationsMs.push(durationMs);
    if (failure !== null) this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1);
  }

  async #user(beginMs: number): Promise<void> {
    await Bun.sleep(beginMs);
    const connection = new Connection(this.#url, TIMEOUT_MS);
    const endAt = this.#startedAt + this.#plan.seconds * 1_000;
    while (performance.now() < endAt) {
      await this.#pay(connection);
      await Bun.sleep(SLEEP_MS);
    }
    connection.close();
  }

  async #pay(connection: Connection): Promise<void> {
    const id = crypto.randomUUID();
    this.sent.push(id);
    const amount = this.#plan.amountCents / 100;
    const body = `{"correlationId":"${id}","amount":${amount}}`;
    const reply = await connection.request("POST", "/payments", body);
    const isAccepted = reply.kind === "answer" && reply.status >= 200 && reply.status < 300;
    if (isAccepted) this.acceptedAtMs.set(id, performance.now() - this.#startedAt);
    this.note(
      reply.durationMs,
      isAccepted ? null : reply.kind === "answer" ? String(reply.status) : reply.reason,
    );
  }
}
