/** What a benchmark measures and shows: plain data, because docs/benchmarks.json keeps it. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** One per round. */
  readonly values: readonly number[];
  /** What is compared with in the same run, in the same unit; null where nothing can be. */
  readonly yardstick: Yardstick | null;
  readonly goal: Goal | null;
  readonly note: string;
}

export interface Yardstick {
  readonly name: string;
  readonly values: readonly number[];
}

export interface Goal {
  readonly sign: "≤" | "≥";
  readonly value: number;
}

/** Rows that are shown as they are. */
export interface Table {
  readonly title: string;
  /** A sentence or two above it. */
  readonly about: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const atMost = (value: number): Goal => ({ sign: "≤", value });
export const atLeast = (value: number): Goal => ({ sign: "≥", value });

export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((one, other) => one - other),
    0.5,
  );
}

/** The value at a share of sorted values, between two of them in proportion; NaN of none. */
export function percentile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** Round by round: what `values` are in terms of `others`. */
export function ratios(values: readonly number[], others: readonly number[]): number[] {
  return values.map((value, round) => value / (others[round] ?? Number.NaN));
}

/** Null if there is no goal. A figure that could not be measured (NaN) misses its goal. */
export function isMet({ values, goal }: Figure): boolean | null {
  if (goal === null) return null;
  const value = median(values);
  return goal.sign === "≤" ? value <= goal.value : value >= goal.value;
}

/** Three significant digits, thousands apart. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value === 0 ? "0" : Number(value.toPrecision(3)).toString();
}

/** Median, and smallest to largest where there are several. */
export function spread(values: readonly number[]): string {
  if (values.length < 2) return shown(median(values));
  return `${shown(median(values))} (${shown(Math.min(...values))} to ${shown(Math.max(...values))})`;
}
