/** What one comparison at the end came to. */
export interface BookEntry {
  /** The promises it is about (the reliability page of the documentation). */
  readonly rules: string;
  /** What should hold, as a short sentence. */
  readonly claim: string;
  /** How many things were compared. */
  readonly compared: number;
  /** One sentence for each that differs; none is good. */
  readonly differences: readonly string[];
  /** What is worth knowing and no difference. */
  readonly note?: string;
}

/** Collects the differences of one claim. */
export class Comparison {
  readonly #rules: string;
  readonly #claim: string;
  readonly #differences: string[] = [];
  #compared = 0;

  constructor(rules: string, claim: string) {
    this.#rules = rules;
    this.#claim = claim;
  }

  /** @param difference what is said if it does not hold */
  expect(holds: boolean, difference: () => string): void {
    this.#compared++;
    if (!holds) this.#differences.push(difference());
  }

  /** @param what names the two values in the sentence */
  same(what: string, ours: unknown, theirs: unknown): void {
    this.expect(ours === theirs, () => `${what}: ${ours}, not ${theirs}`);
  }

  add(compared: number, differences: readonly string[]): void {
    this.#compared += compared;
    this.#differences.push(...differences);
  }

  entry(note?: string): BookEntry {
    const differences = this.#differences;
    const entry = { rules: this.#rules, claim: this.#claim, compared: this.#compared, differences };
    return note === undefined ? entry : { ...entry, note };
  }
}
