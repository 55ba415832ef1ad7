import { type Client, GaveUp } from "./client.ts";

/** What the clients of one section do, and what they were told. */
export interface Flow {
  /** Clients that run it at the same time. */
  readonly clients: number;
  /** Mean pause of a client between two runs, ms. */
  readonly pauseMs: number;
  /** Makes what the section works with; before the faults begin. */
  prepare(): Promise<void>;
  /** One run, to its end: what was begun is not left half done because of a fault. */
  run(): Promise<void>;
}

/** Clients that run the flows without end, each one run after the other. */
export class Workload {
  readonly #client: Client;
  readonly #random: () => number;
  readonly #flows: readonly Flow[];
  #clients: readonly Promise<void>[] = [];
  #isRunning = true;

  constructor(client: Client, random: () => number, flows: readonly Flow[]) {
    this.#client = client;
    this.#random = random;
    this.#flows = flows;
  }

  async start(): Promise<void> {
    for (const flow of this.#flows) await flow.prepare();
    this.#client.beginLoad();
    this.#clients = this.#flows.flatMap((flow) =>
      Array.from({ length: flow.clients }, () => this.#runClient(flow)),
    );
  }

  /** No new runs: those that have begun go on until they end. */
  stop(): void {
    this.#isRunning = false;
    this.#client.endLoad();
  }

  /** Resolves when every run has ended; after `withinMs` the last ones give up. @returns how long it took, ms */
  async ended(withinMs: number): Promise<number> {
    const startedAt = performance.now();
    this.#client.giveUpAt = startedAt + withinMs;
    await Promise.all(this.#clients);
    return performance.now() - startedAt;
  }

  async #runClient(flow: Flow): Promise<void> {
    while (this.#isRunning) {
      try {
        await flow.run();
      } catch (error) {
        // The client has noted it; anything else is a mistake in a flow.
        if (!(error instanceof GaveUp)) throw error;
      }
      await Bun.sleep(this.#random() * 2 * flow.pauseMs);
    }
  }
}

/** One of them. */
export function pick<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("there is nothing to pick from");
  return item;
}
