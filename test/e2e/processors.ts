import type { FaultSettings } from "../../src/simulator/processor-faults.ts";
import type { Exit, Program } from "./program.ts";

export const PROCESSORS = ["default", "fallback"] as const;
export type ProcessorName = (typeof PROCESSORS)[number];

/** What was recorded, in cents, so that sums compare exactly. */
export interface Total {
  readonly count: number;
  readonly cents: number;
}

export interface RecordedPayment {
  readonly cents: number;
  readonly requestedAtMs: number;
}

/** One running processor, as its administrator and its books see it. */
export class Processor {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  setDelay(delayMs: number): Promise<void> {
    return this.#configure("delay", { delay: delayMs });
  }
  setFailure(failure: boolean): Promise<void> {
    return this.#configure("failure", { failure });
  }
  /** Shares that are not named are 0. */
  setFaults(faults: Partial<FaultSettings>): Promise<void> {
    return this.#configure("faults", faults);
  }

  /** What it took; both bounds or none, inclusive. */
  async summary(window?: { readonly from: string; readonly to: string }): Promise<Total> {
    const query = window === undefined ? "" : `?${new URLSearchParams(window)}`;
    const response = await fetch(`${this.url}/admin/payments-summary${query}`, { headers: ADMIN });
    if (response.status !== 200) throw new Error(`the processor's summary answered ${response.status}`);
    // The published shape of the answer.
    const body = (await response.json()) as { totalRequests: number; totalAmount: number };
    return { count: body.totalRequests, cents: Math.round(body.totalAmount * 100) };
  }

  /** What it has recorded under this id, or null. */
  async find(correlationId: string): Promise<RecordedPayment | null> {
    const response = await fetch(`${this.url}/payments/${correlationId}`);
    if (response.status === 404) return null;
    if (response.status !== 200) throw new Error(`the processor answered ${response.status} for a payment`);
    // The published shape; the time has no zone and is UTC.
    const body = (await response.json()) as { amount: number; requestedAt: string };
    return { cents: Math.round(body.amount * 100), requestedAtMs: Date.parse(`${body.requestedAt}Z`) };
  }

  async #configure(what: "delay" | "failure" | "faults", body: object): Promise<void> {
    const response = await fetch(`${this.url}/admin/configurations/${what}`, {
      method: "PUT",
      headers: { ...ADMIN, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.status !== 200) throw new Error(`${what} was answered ${response.status}`);
  }
}

const ADMIN = { "x-rinha-token": "123" };

/** Both processors, and the environment that makes a gateway use them. */
export class ProcessorPair {
  readonly default: Processor;
  readonly fallback: Processor;
  readonly #program: Program;

  constructor(program: Program, servers: readonly { readonly name: string; readonly url: string }[]) {
    this.#program = program;
    const urlOf = (name: ProcessorName) => {
      const server = servers.find((candidate) => candidate.name === `processor-${name}`);
      if (server === undefined) throw new Error(`catraca simulate started no ${name} processor`);
      return server.url;
    };
    this.default = new Processor(urlOf("default"));
    this.fallback = new Processor(urlOf("fallback"));
  }

  get env(): Readonly<Record<string, string>> {
    return { PAYMENT_PROCESSOR_DEFAULT: this.default.url, PAYMENT_PROCESSOR_FALLBACK: this.fallback.url };
  }

  /** No delay, no failure, no faults. */
  async heal(): Promise<void> {
    for (const name of PROCESSORS) {
      await this[name].setFaults({});
      await this[name].setDelay(0);
      await this[name].setFailure(false);
    }
  }

  stop(): Promise<Exit> {
    return this.#program.end("SIGTERM");
  }
}
