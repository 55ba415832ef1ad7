/**
 * Steps one after the other, with a pause after each. The pause is one of a clock that never goes back: on the wall
 * clock it would last as much longer as that is set back, an hour perhaps.
 */
export class Pace {
  readonly #steadyMs: () => number;
  #isBusy = false;
  #dueAtMs = Number.NEGATIVE_INFINITY;

  /** @param steadyMs tells the time of such a clock, ms */
  constructor(steadyMs: () => number = () => performance.now()) {
    this.#steadyMs = steadyMs;
  }

  /** Whether no step is running, and the pause is over. */
  get isDue(): boolean {
    return !this.#isBusy && this.#steadyMs() >= this.#dueAtMs;
  }

  /** @param step never rejects @param pauseMs asked for when it has ended */
  async run(step: () => Promise<void>, pauseMs: () => number): Promise<void> {
    this.#isBusy = true;
    await step();
    this.#isBusy = false;
    this.#dueAtMs = this.#steadyMs() + pauseMs();
  }
}
