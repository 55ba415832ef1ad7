import type { OpenDatabase } from "../../store/database.ts";
import { findBrokenRules, type LedgerRule } from "./audit-queries.ts";

/** One thing that must not be, in numbers of cents. */
export interface LedgerDifference {
  readonly rule: LedgerRule;
  /** The account or transfer that it is about; null: the whole ledger. */
  readonly subject: number | null;
  readonly expectedCents: number;
  readonly foundCents: number;
}

/** So many are told per rule; one is enough to know, and a broken ledger would give millions. */
const DIFFERENCES_MAX = 20;

/**
 * Checks the whole ledger in one snapshot, on a connection of its own: work grows with its history. An empty
 * list means that every cent is where the history says.
 */
export function auditLedger(database: OpenDatabase): LedgerDifference[] {
  return findBrokenRules(database, DIFFERENCES_MAX).map(({ rule, subject, expected, found }) => ({
    rule,
    subject,
    expectedCents: expected,
    foundCents: found,
  }));
}
