import { sql } from "drizzle-orm";
import type { OpenDatabase } from "../../store/database.ts";

export type LedgerRule = keyof typeof CHECKS;

export interface BrokenRule {
  readonly rule: LedgerRule;
  readonly subject: number | null;
  readonly expected: number;
  readonly found: number;
}

/** What breaks the ledger's rules, at most `limit` for each rule, all seen in one snapshot. */
export function findBrokenRules({ orm }: OpenDatabase, limit: number): BrokenRule[] {
  const rules = Object.keys(CHECKS) as LedgerRule[]; // keys of a const object
  return orm.transaction((snapshot) =>
    rules.flatMap((rule) =>
      snapshot
        .all<Omit<BrokenRule, "rule">>(sql`${sql.raw(CHECKS[rule])} LIMIT ${limit}`)
        .map((row) => ({ rule, ...row })),
    ),
  );
}

/** Each selects the differences that break its rule. */
const CHECKS = {
  sum_of_all_is_zero: `
    SELECT NULL AS subject, 0 AS expected, total AS found
    FROM (SELECT coalesce(sum(balance_cents), 0) AS total FROM ledger_accounts) WHERE total <> 0`,
  balance_is_sum_of_entries: `
    SELECT a.id AS subject, coalesce(e.total, 0) AS expected, a.balance_cents AS found
    FROM ledger_accounts a
    LEFT JOIN (SELECT account_id, sum(cents) AS total FROM ledger_entries GROUP BY account_id) e
      ON e.account_id = a.id
    WHERE a.balance_cents <> coalesce(e.total, 0)`,
  // The second half finds transfers that have no entries at all.
  transfer_is_balanced: `
    SELECT transfer_seq AS subject, 0 AS expected, sum(cents) AS found
    FROM ledger_entries GROUP BY transfer_seq
    HAVING sum(cents) <> 0 OR count(*) < 2
      OR NOT EXISTS (SELECT 1 FROM ledger_transfers t WHERE t.seq = transfer_seq)
    UNION ALL
    SELECT seq, 0, 0 FROM ledger_transfers
    WHERE seq NOT IN (SELECT transfer_seq FROM ledger_entries)`,
  history_adds_up: `
    SELECT account_id AS subject, expected, balance_after_cents AS found
    FROM (SELECT account_id, balance_after_cents,
                 sum(cents) OVER (PARTITION BY account_id ORDER BY transfer_seq) AS expected
          FROM ledger_entries)
    WHERE balance_after_cents <> expected`,
  held_is_sum_of_open_holds: `
    SELECT a.id AS subject, coalesce(h.total, 0) AS expected, a.held_cents AS found
    FROM ledger_accounts a
    LEFT JOIN (SELECT account_id, sum(cents) AS total FROM ledger_holds WHERE status = 0 GROUP BY account_id) h
      ON h.account_id = a.id
    WHERE a.held_cents <> coalesce(h.total, 0)`,
  available_is_not_negative: `
    SELECT id AS subject, 0 AS expected, balance_cents - held_cents AS found
    FROM ledger_accounts WHERE kind <> 1 AND balance_cents < held_cents`,
} as const;

export const LEDGER_RULES = Object.keys(CHECKS).length;
