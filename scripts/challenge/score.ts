import { PROCESSOR_NAMES, type ProcessorName } from "../../src/domain/processor.ts";

/** What was processed by one processor, in cents. */
export interface Processed {
  readonly count: number;
  readonly cents: number;
}

export interface Outcome {
  readonly accepted: number;
  readonly processed: Readonly<Record<ProcessorName, Processed>>;
  readonly feeShares: Readonly<Record<ProcessorName, number>>;
  readonly inconsistencies: number;
  readonly durationsMs: readonly number[];
}

export interface Score {
  readonly p99Ms: number;
  /** Accepted and not processed when the totals were read; negative: more processed than accepted. */
  readonly lag: number;
  /** Currency units, as all below: what was processed, less fees. */
  readonly profit: number;
  readonly fine: number;
  readonly bonus: number;
  readonly total: number;
  /** More processed than accepted. */
  readonly isDisqualified: boolean;
}

/** Rules of the Rinha de Backend 2025. */
const FINE_SHARE = 0.35;
const BONUS_PER_MS = 0.02;
const BONUS_BELOW_MS = 11;

/** Scores a run: profit, a fine if anything ever differed, a bonus for every ms of p99 below eleven. */
export function scoreOf(outcome: Outcome): Score {
  const profit = PROCESSOR_NAMES.reduce(
    (sum, name) => sum + (outcome.processed[name].cents / 100) * (1 - outcome.feeShares[name]),
    0,
  );
  const count = PROCESSOR_NAMES.reduce((sum, name) => sum + outcome.processed[name].count, 0);
  const p99Ms = percentile(outcome.durationsMs, 0.99);
  const fine = outcome.inconsistencies > 0 ? profit * FINE_SHARE : 0;
  const bonus = profit * Math.max(0, (BONUS_BELOW_MS - p99Ms) * BONUS_PER_MS);
  const lag = outcome.accepted - count;
  return { p99Ms, lag, profit, fine, bonus, total: profit - fine + bonus, isDisqualified: lag < 0 };
}

/** The smallest value that `share` of all do not exceed; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
