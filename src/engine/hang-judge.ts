/**
 * Judges from looks in a row whether a thread hangs. A process that was itself stopped and woken finds all beats old
 * at once; so only looks count that the judge's own thread made on time.
 */
export const LOOK_MS = 1000;
/** Looks in a row that must find a thread hanging; with the bound on a beat's age, about 10 s. */
const LOOKS = 7;

export class HangJudge {
  #looks = 0;
  #lookedAtMs: number;

  /** @param nowMs of a clock that is not set, as in `look` */
  constructor(nowMs: number) {
    this.#lookedAtMs = nowMs;
  }

  /**
   * To be called every `LOOK_MS`.
   * @param isLate whether the thread's last beat is older than it may be
   * @returns "suspect" at the first such look, "hangs" when there were enough of them, once
   */
  look(isLate: boolean, nowMs: number): "suspect" | "hangs" | null {
    const slept = nowMs - this.#lookedAtMs > LOOK_MS * 3;
    this.#lookedAtMs = nowMs;
    if (!isLate || slept) {
      this.#looks = 0;
      return null;
    }
    this.#looks++;
    if (this.#looks === 1) return "suspect";
    return this.#looks === LOOKS ? "hangs" : null;
  }
}
