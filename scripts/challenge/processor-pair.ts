import { PROCESSOR_NAMES, type ProcessorName } from "../../src/domain/processor.ts";
import { Processor } from "../../test/e2e/processors.ts";
import { forEachLimited } from "../../test/e2e/seed.ts";
import { type Schedule, stateAt } from "../../test/simulation/schedule.ts";

/** The two processors as whoever runs the challenge sees them: simulated here or its own. */
export class ProcessorPair {
  readonly default: Processor;
  readonly fallback: Processor;
  readonly #timers: Timer[] = [];

  constructor(urls: Readonly<Record<ProcessorName, string>>) {
    this.default = new Processor(urls.default);
    this.fallback = new Processor(urls.fallback);
  }

  /** Empties both books. */
  async purge(): Promise<void> {
    for (const name of PROCESSOR_NAMES) {
      const response = await fetch(`${this[name].url}/admin/purge-payments`, {
        method: "POST",
        headers: ADMIN,
      });
      if (!response.ok) throw new Error(`${name} answered ${response.status} to the purge`);
    }
  }

  /** The share of an amount that each charges. */
  async feeShares(): Promise<Record<ProcessorName, number>> {
    const shares = { default: 0, fallback: 0 };
    for (const name of PROCESSOR_NAMES) {
      const response = await fetch(`${this[name].url}/admin/payments-summary`, { headers: ADMIN });
      // The published shape of the answer.
      shares[name] = ((await response.json()) as { feePerTransaction: number }).feePerTransaction;
    }
    return shares;
  }

  /** Sets the state of the schedule's beginning, without waiting for its later stages. */
  async prepare(schedule: Schedule): Promise<void> {
    for (const name of PROCESSOR_NAMES) await this.#apply(name, stateAt(schedule[name], 0));
  }

  /** Plays the schedule from now on; `stop` ends it. */
  play(schedule: Schedule): void {
    for (const name of PROCESSOR_NAMES) {
      for (const segment of schedule[name]) {
        if (segment.fromMs === 0) continue;
        this.#timers.push(setTimeout(() => void this.#apply(name, segment), segment.fromMs));
      }
    }
  }

  /** Ends the schedule; both work and are quick from now on. */
  async heal(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const name of PROCESSOR_NAMES) await this.#apply(name, { delayMs: 0, failing: false });
  }

  /** How often each of the ids is in the two books together. */
  async charges(ids: Iterable<string>): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    await forEachLimited(ids, READS_AT_ONCE, async (id) => {
      const records = await Promise.all(PROCESSOR_NAMES.map((name) => this[name].find(id)));
      found.set(id, records.filter((record) => record !== null).length);
    });
    return found;
  }

  async #apply(
    name: ProcessorName,
    state: { readonly delayMs: number; readonly failing: boolean },
  ): Promise<void> {
    await Promise.all([this[name].setDelay(Math.round(state.delayMs)), this[name].setFailure(state.failing)]);
  }
}

const ADMIN = { "x-rinha-token": "123" };
const READS_AT_ONCE = 32;
