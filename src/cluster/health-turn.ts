import type { ProcessorName } from "../domain/processor.ts";
import type { SharedState } from "../engine/shared-state.ts";
import type { Doorbell } from "../ring/doorbell.ts";

/**
 * Dispatch's side of the turns at a processor's health (store/health-turns.ts): wants one, waits for the store
 * thread to get it from the database, uses it once.
 */
const LOOK_MS = 50;
/** Then the poll asks again; a grant that arrives in between is still good. */
const PATIENCE_MS = 900;

export class HealthTurn {
  readonly #name: ProcessorName;
  readonly #state: SharedState;
  readonly #storeBell: Doorbell;
  #usedUntilMs = 0;

  constructor(name: ProcessorName, state: SharedState, storeBell: Doorbell) {
    this.#name = name;
    this.#state = state;
    this.#storeBell = storeBell;
  }

  /** Whether this replica may call now: at most once per grant. */
  async take(): Promise<boolean> {
    this.#state.setPollWanted(this.#name, true);
    this.#storeBell.ring();
    // Not of the wall clock, which may be set back meanwhile.
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const untilMs = this.#state.pollGrantUntilMs(this.#name);
      const isGranted = untilMs !== this.#usedUntilMs && Date.now() < untilMs;
      if (isGranted || performance.now() > deadlineMs) {
        this.#state.setPollWanted(this.#name, false);
        if (isGranted) this.#usedUntilMs = untilMs;
        return isGranted;
      }
      await Bun.sleep(LOOK_MS);
    }
  }

  /** The call has ended, with or without an answer: the next one, by whomever, counts from here. */
  end(): void {
    this.#state.setPollEnded(this.#name, Date.now());
    this.#storeBell.ring();
  }
}
