import type { FoundPayment, PaymentFilter, PaymentSource } from "./payment-source.ts";

/**
 * How much later than its neighbours a payment may have been stored: what a replica left in its log when it died is
 * stored when another one takes it over. What comes later than that may be missing from a search by time.
 */
const DISORDER_MS = 10 * 60_000;

/** The part of a section that can hold what a filter's times ask for: low ≤ seq < below. */
export interface SeqWindow {
  readonly low: number;
  readonly below: number;
}

/** Finds that part by halving: numbers grow with time, but for a little disorder. Null: nothing can be there. */
export function windowOf(source: PaymentSource, { fromMs, toMs }: PaymentFilter): SeqWindow | null {
  const bounds = source.bounds();
  if (bounds === null) return null;
  const { first, last } = bounds;
  const low = fromMs === undefined ? first : firstCreatedAfter(source, fromMs - DISORDER_MS, first, last + 1);
  const below =
    toMs === undefined ? last + 1 : firstCreatedAfter(source, toMs + DISORDER_MS, first, last + 1);
  return low < below ? { low, below } : null;
}

/** The first number in [low, high] from which on payments were created after `ms`. */
function firstCreatedAfter(source: PaymentSource, ms: number, low: number, high: number): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const createdAtMs = source.createdFrom(middle);
    if (createdAtMs === null || createdAtMs > ms) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** A look at one section. */
export interface SectionPage {
  readonly found: readonly FoundPayment[];
  /** Where the next look begins; null: there is nothing more. */
  readonly next: number | null;
  /** How far back in time this look went; null: to the end. */
  readonly reachedMs: number | null;
}

/** Looks at the `rowsMax` youngest rows below `below`, at most `limit` of which it returns. */
export function searchSection(
  source: PaymentSource,
  filter: PaymentFilter,
  window: SeqWindow,
  below: number,
  limit: number,
  rowsMax: number,
): SectionPage {
  const from = Math.min(below, window.below);
  const low = Math.max(window.low, from - rowsMax);
  const found = low < from ? source.between(filter, low, from, limit) : [];
  const reached = found.length === limit ? (found.at(-1)?.seq ?? low) : low;
  const next = reached > window.low ? reached : null;
  return { found, next, reachedMs: next === null ? null : source.createdFrom(reached) };
}
