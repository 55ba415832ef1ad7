/**
 * Values over time, in memory of a fixed size: one row of numbers per step, the oldest overwritten.
 *
 *   step      … 41   42   43 │ 4    5   …       step modulo capacity is the row
 *   values    NaN: nothing is known of that step
 */
export class Series<Name extends string> {
  readonly names: readonly Name[];
  readonly stepSeconds: number;
  readonly capacity: number;
  readonly #values: Float32Array;
  /** Which step a row is about: rows of an earlier lap are not to be read. */
  readonly #steps: Float64Array;
  #lastStep = -1;

  constructor(names: readonly Name[], stepSeconds: number, capacity: number) {
    this.names = names;
    this.stepSeconds = stepSeconds;
    this.capacity = capacity;
    this.#values = new Float32Array(names.length * capacity);
    this.#steps = new Float64Array(capacity).fill(-1);
  }

  /** The step that a moment belongs to. @param ms since the epoch */
  stepOf(ms: number): number {
    return Math.floor(ms / (this.stepSeconds * 1000));
  }

  /** The youngest step that was written; -1: none was. */
  get lastStep(): number {
    return this.#lastStep;
  }

  /** Writes a step's row; what is missing in it is unknown. */
  write(step: number, row: Readonly<Partial<Record<Name, number | null>>>): void {
    const at = step % this.capacity;
    this.#steps[at] = step;
    // The clock may be set back: then the steps after this one are still to come.
    this.#lastStep = step;
    for (const [index, name] of this.names.entries()) {
      this.#values[at * this.names.length + index] = row[name] ?? Number.NaN;
    }
  }

  /** Writes a row for a step and for all that were passed over since the last one: it is about them, too. */
  writeThrough(step: number, row: Readonly<Partial<Record<Name, number | null>>>): void {
    const oldest = step - this.capacity + 1;
    const first = this.#lastStep < 0 ? step : Math.max(this.#lastStep + 1, oldest);
    for (let passed = first; passed < step; passed++) this.write(passed, row);
    this.write(step, row);
  }

  /** The last `points` steps up to `lastStep`, oldest first, as columns. */
  read(lastStep: number, points: number): { times: number[]; series: Record<Name, (number | null)[]> } {
    const first = lastStep - Math.min(points, this.capacity) + 1;
    const steps = Array.from({ length: lastStep - first + 1 }, (_, index) => first + index);
    const columns = this.names.map((name, index) => [name, steps.map((step) => this.#value(step, index))]);
    return {
      times: steps.map((step) => step * this.stepSeconds),
      // One column per name of the list.
      series: Object.fromEntries(columns) as Record<Name, (number | null)[]>,
    };
  }

  #value(step: number, index: number): number | null {
    const at = step % this.capacity;
    if (this.#steps[at] !== step) return null;
    const value = this.#values[at * this.names.length + index] ?? Number.NaN;
    // Three decimals of what float32 holds are what anybody looks at.
    return Number.isNaN(value) ? null : Math.round(value * 1000) / 1000;
  }
}
