import type { OpenDatabase } from "../../store/database.ts";
import { TASK_KINDS } from "../../store/task-kinds.ts";
import { PAYMENT_STATUS } from "./table.ts";

/** What the books of section A contradict each other in; empty when they are sound. */
export interface PaymentDifference {
  /** What should hold, as a sentence. */
  readonly rule: string;
  /** How often, or by how much, it does not. */
  readonly found: string;
}

const { pending, settled } = PAYMENT_STATUS;
const KIND = TASK_KINDS.payment.number;

/** Each rule counts what breaks it. */
const RULES: Readonly<Record<string, string>> = {
  "every pending payment has exactly one task": `
    SELECT count(*) AS broken FROM payments p WHERE p.status = ${pending}
      AND (SELECT count(*) FROM tasks t WHERE t.kind = ${KIND} AND t.subject = p.seq) <> 1`,
  "no task is about a payment that is not pending": `
    SELECT count(*) AS broken FROM tasks t LEFT JOIN payments p ON p.seq = t.subject
      WHERE t.kind = ${KIND} AND (p.seq IS NULL OR p.status <> ${pending})`,
  "every settled payment has a processor, a time and a fee": `
    SELECT count(*) AS broken FROM payments WHERE status = ${settled}
      AND (processor NOT IN (1, 2) OR requested_at_ms IS NULL OR settled_at_ms IS NULL OR fee_cents IS NULL)`,
  "the rollups of every level count the settled payments, and their cents": `
    WITH books AS (
      SELECT coalesce(sum(processor = 1), 0) AS a, coalesce(sum(iif(processor = 1, amount_cents, 0)), 0) AS b,
             coalesce(sum(processor = 2), 0) AS c, coalesce(sum(iif(processor = 2, amount_cents, 0)), 0) AS d
        FROM payments WHERE status = ${settled}),
    levels AS (
      SELECT level, sum(default_count) AS a, sum(default_cents) AS b, sum(fallback_count) AS c, sum(fallback_cents) AS d
        FROM payment_rollups GROUP BY level)
    SELECT count(*) AS broken FROM levels, books
      WHERE levels.a <> books.a OR levels.b <> books.b OR levels.c <> books.c OR levels.d <> books.d`,
};

/** Compares payments, tasks and rollups in one snapshot. */
export function auditPayments({ sqlite }: OpenDatabase): PaymentDifference[] {
  const inOneSnapshot = sqlite.transaction(() =>
    Object.entries(RULES).flatMap(([rule, query]) => {
      const broken = sqlite.query<{ broken: number }, []>(query).get()?.broken ?? 0;
      return broken === 0 ? [] : [{ rule, found: `broken ${broken} times` }];
    }),
  );
  return inOneSnapshot();
}
