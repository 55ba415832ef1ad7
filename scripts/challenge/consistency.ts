import { PROCESSOR_NAMES } from "../../src/domain/processor.ts";
import { summaryOf } from "../../test/e2e/client.ts";
import type { ProcessorPair } from "./processor-pair.ts";
import type { VirtualUsers } from "./virtual-users.ts";

const EVERY_MS = 10_000;
/** The window of a check, before now. */
const FROM_MS = 15_000;
const TO_MS = 1_500;

/**
 * The challenge's consistency check: every ten seconds the gateway's summary of a window is compared with both
 * processors' own. As in the final, differences of the two do not cancel each other.
 */
export class ConsistencyCheck {
  /** One sentence per difference. */
  readonly inconsistencies: string[] = [];
  checks = 0;
  readonly #url: string;
  readonly #processors: ProcessorPair;
  readonly #users: VirtualUsers;
  readonly #timer: Timer;
  #last: Promise<void> = Promise.resolve();

  /** Begins at once. The gateway's answers are requests of the test and noted among `users`' own. */
  constructor(url: string, processors: ProcessorPair, users: VirtualUsers) {
    this.#url = url;
    this.#processors = processors;
    this.#users = users;
    this.#timer = setInterval(() => {
      this.#last = this.#check();
    }, EVERY_MS);
  }

  /** Ends it, after the check that runs. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#last;
  }

  async #check(): Promise<void> {
    const nowMs = Date.now();
    const window = {
      from: new Date(nowMs - FROM_MS).toISOString(),
      to: new Date(nowMs - TO_MS).toISOString(),
    };
    this.checks++;
    const startedAt = performance.now();
    const asked = summaryOf(this.#url, window)
      .catch((error: unknown) => String(error))
      .finally(() => this.#users.note(performance.now() - startedAt, null));
    // All three at once: what is recorded between two answers would be a difference that is nobody's fault.
    const theirs = await Promise.all(PROCESSOR_NAMES.map((name) => this.#processors[name].summary(window)));
    const ours = await asked;
    if (typeof ours === "string") {
      this.inconsistencies.push(`no summary: ${ours}`);
      return;
    }
    for (const [index, name] of PROCESSOR_NAMES.entries()) {
      const booked = theirs[index];
      if (booked?.count === ours[name].count && booked.cents === ours[name].cents) continue;
      this.inconsistencies.push(
        `${name} from ${window.from} to ${window.to}: ours ${ours[name].count}, the processor's ${booked?.count}`,
      );
    }
  }
}
