/**
 * A fingerprint of everything that happened in a run, in order: two runs of one seed have the same, or the run is
 * not replayed but merely repeated.
 */
export class Trace {
  steps = 0;
  readonly #last: { readonly timeMs: number; readonly who: string; readonly what: string }[] = [];
  readonly #linesMax: number;
  readonly #print: ((line: string) => void) | null;
  #hash = 0x811c9dc5;

  /** @param print hears every line as it happens, for one seed that is looked at closely */
  constructor(linesMax: number, print: ((line: string) => void) | null = null) {
    this.#linesMax = linesMax;
    this.#print = print;
  }

  note(timeMs: number, who: string, what: string): void {
    this.steps++;
    this.#mix(Math.round(timeMs * 1000) | 0);
    for (let i = 0; i < who.length; i++) this.#mix(who.charCodeAt(i));
    for (let i = 0; i < what.length; i++) this.#mix(what.charCodeAt(i));
    if (this.#linesMax === 0) return;
    const noted = { timeMs, who, what };
    this.#print?.(lineOf(noted));
    this.#last.push(noted);
    if (this.#last.length > 2 * this.#linesMax) this.#last.splice(0, this.#linesMax);
  }

  /** The last lines, for whoever looks at a failure. */
  get lines(): string[] {
    return this.#last.map(lineOf);
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  /** FNV-1a, a word at a time. */
  #mix(word: number): void {
    this.#hash = Math.imul(this.#hash ^ word, 0x01000193);
  }
}

function lineOf({ timeMs, who, what }: { timeMs: number; who: string; what: string }): string {
  return `${(timeMs / 1000).toFixed(6).padStart(12)}  ${who.padEnd(12)} ${what}`;
}
