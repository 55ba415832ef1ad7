import { LIMITS } from "../../config/limits.ts";
import type { FoundPayment, PaymentFilter, PaymentSource, SourceName } from "./payment-source.ts";
import { type SectionPage, searchSection, windowOf } from "./section-search.ts";

/** Where a search goes on, per section: below this number. Sections that are through are not in it. */
export type SearchPosition = ReadonlyMap<SourceName, number>;

export interface SearchResult {
  readonly items: readonly { readonly source: SourceName; readonly payment: FoundPayment }[];
  /** Null: there is nothing more. */
  readonly next: SearchPosition | null;
  /** How far back in time this look went; null: to the end. */
  readonly searchedToMs: number | null;
}

interface Section extends SectionPage {
  readonly source: PaymentSource;
  readonly below: number;
  /** How many of `found` were taken. */
  taken: number;
}

/**
 * Searches several sections at once, youngest first. One call looks at a bounded number of rows, so a page may
 * have few items or none although there is a next one: whoever asks decides how far back to go.
 *
 *   section A   ■ ■   ■         │◄ reached        Items older than what some section has reached wait for a later
 *   section C     ■      ■  ■       ■ ┄ ┄         page: something between could still come from that section.
 */
export function searchPayments(
  sources: readonly PaymentSource[],
  filter: PaymentFilter,
  after: SearchPosition | null,
  limit: number,
): SearchResult {
  const rowsMax = LIMITS.searchRowsMax.value;
  const sections = sources.flatMap((source): Section[] => {
    const window = windowOf(source, filter);
    const below = after === null ? Number.POSITIVE_INFINITY : after.get(source.name);
    if (window === null || below === undefined) return [];
    const page = searchSection(source, filter, window, below, limit, rowsMax);
    return [{ ...page, source, below, taken: 0 }];
  });
  const items: { source: SourceName; payment: FoundPayment }[] = [];
  while (items.length < limit) {
    const section = youngestOf(sections);
    const payment = section?.found[section.taken];
    if (section === undefined || payment === undefined || isAhead(section, payment, sections)) break;
    items.push({ source: section.source.name, payment });
    section.taken++;
  }
  return { items, next: positionBehind(sections), searchedToMs: reachedBy(sections) };
}

/** The section whose next payment is the youngest. */
function youngestOf(sections: readonly Section[]): Section | undefined {
  let youngest: Section | undefined;
  for (const section of sections) {
    const payment = section.found[section.taken];
    if (payment === undefined) continue;
    const best = youngest?.found[youngest.taken];
    if (best === undefined || payment.createdAtMs > best.createdAtMs) youngest = section;
  }
  return youngest;
}

/** Whether another section, all of whose findings were taken, may have something younger that it has not reached. */
function isAhead(section: Section, payment: FoundPayment, sections: readonly Section[]): boolean {
  return sections.some(
    (other) =>
      other !== section &&
      other.reachedMs !== null &&
      other.taken === other.found.length &&
      payment.createdAtMs < other.reachedMs,
  );
}

function positionBehind(sections: readonly Section[]): SearchPosition | null {
  const position = new Map<SourceName, number>();
  for (const { source, found, taken, below, next } of sections) {
    const lastTaken = found[taken - 1];
    if (taken === found.length) {
      if (next !== null) position.set(source.name, next);
    } else {
      position.set(source.name, lastTaken?.seq ?? below);
    }
  }
  return position.size === 0 ? null : position;
}

function reachedBy(sections: readonly Section[]): number | null {
  let reached: number | null = null;
  for (const { reachedMs } of sections) {
    if (reachedMs !== null) reached = Math.max(reached ?? reachedMs, reachedMs);
  }
  return reached;
}
