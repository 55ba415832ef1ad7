import { auditLedger, type LedgerDifference } from "../modules/ledger/audit.ts";
import { LEDGER_RULES } from "../modules/ledger/audit-queries.ts";
import { auditPayments, PAYMENT_RULES, type PaymentAuditQueries } from "../modules/payments/audit-queries.ts";
import type { OpenDatabase } from "../store/database.ts";
import { auditTasks, TASK_RULES } from "../store/task-audit.ts";
import { type AuditFinding, type AuditPart, auditPart } from "./audit-report.ts";

/**
 * The books of the database against each other. Each part is read in one snapshot, so a gateway that goes on changes
 * nothing about what is found.
 */
const KEEP = "Stop the gateway and copy the data directory before you change anything.";

/** The double-entry ledger of users and wallets (R9). */
export function auditLedgerPart(database: OpenDatabase): AuditPart {
  return auditPart("ledger", {
    compared: [`${LEDGER_RULES} rules over all accounts, transfers and holds of the database`],
    findings: auditLedger(database).map(ledgerFinding),
  });
}

const LEDGER_WORDS: Readonly<Record<LedgerDifference["rule"], readonly [what: string, subject: string]>> = {
  sum_of_all_is_zero: ["money was made or lost: all balances together are not zero", "the whole ledger"],
  balance_is_sum_of_entries: ["a balance is not the sum of its entries", "account"],
  transfer_is_balanced: ["the entries of a transfer do not add up to zero", "transfer"],
  history_adds_up: ["a balance in the history is not the sum of the entries before it", "account"],
  held_is_sum_of_open_holds: ["what is held is not the sum of the open holds", "account"],
  available_is_not_negative: ["more is held or taken than there is", "account"],
};

function ledgerFinding({ rule, subject, expectedCents, foundCents }: LedgerDifference): AuditFinding {
  const [what, noun] = LEDGER_WORDS[rule];
  return {
    what: `${what} (${rule})`,
    where: subject === null ? noun : `${noun} ${subject}`,
    expected: money(expectedCents),
    found: money(foundCents),
    advice:
      `${KEEP} Somebody changed rows by hand, or this is a defect: compare with the newest backup in which the audit finds ` +
      "nothing, and with the owner's own records.",
  };
}

function money(cents: number): string {
  return (cents / 100).toFixed(2);
}

/** Payments of section A, their tasks and the sums from which summaries are answered. */
export function auditPaymentsPart(database: OpenDatabase, queries: PaymentAuditQueries): AuditPart {
  const { pending, settled, dead, otherAmount } = queries.counts();
  const findings = auditPayments(database).map(({ rule, count, examples }) => ({
    what: `broken: ${rule}`,
    where: examples.join(", ") + (count > examples.length ? ` and ${count - examples.length} more` : ""),
    expected: "no place where it is broken",
    found: `${count} ${count === 1 ? "place" : "places"}`,
    advice: rule.includes("rollup")
      ? `${KEEP} Summaries of windows over these places are wrong; the payments themselves are right if nothing else is found.`
      : `${KEEP} These payments may never be charged, or never end: look at GET /payments/{id} of each.`,
  }));
  return auditPart("payments", {
    compared: [
      `${PAYMENT_RULES} rules over ${settled} settled, ${pending} pending and ${dead} dead payments, their tasks and rollups`,
      ...(otherAmount === 0
        ? []
        : [
            `${otherAmount} of the settled ones with the amount that their processor has recorded, which is not what was ` +
              "asked for: GET /payments/{id} shows both",
          ]),
    ],
    findings,
  });
}

/** Whatever is unfinished in the other sections has exactly one task that will end it, and nothing else has. */
export function auditTasksPart(database: OpenDatabase): AuditPart {
  const findings = auditTasks(database).map(({ what, subject, tasks, isOpen }) => ({
    what: isOpen ? `an unfinished ${what} will never end, or end twice` : `a finished ${what} has a task`,
    where: `${what} ${subject}`,
    expected: isOpen ? "1 task" : "0 tasks",
    found: `${tasks} ${tasks === 1 ? "task" : "tasks"}`,
    advice: `${KEEP} Then report it with the row of the table tasks.`,
  }));
  return auditPart("tasks", {
    compared: [`${TASK_RULES} rules over users' payments, orders and account payments`],
    findings,
  });
}
