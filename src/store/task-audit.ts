import type { OpenDatabase } from "./database.ts";
import { TASK_KINDS } from "./task-kinds.ts";

/** Something whose tasks are not as many as they must be. */
export interface TaskDifference {
  readonly what: string;
  readonly subject: number;
  readonly tasks: number;
  /** Whether it is unfinished, and so needs a task. */
  readonly isOpen: boolean;
}

interface Subject {
  readonly what: string;
  readonly kind: number;
  readonly table: string;
  readonly key: string;
  /** True of a row that is not finished. */
  readonly open: string;
}

/** What tasks are about, payments of section A aside: they have rules of their own. */
const SUBJECTS: readonly Subject[] = [
  {
    what: "user's payment",
    kind: TASK_KINDS.userPayment.number,
    table: "user_payments",
    key: "id",
    open: "status IN (0, 1)",
  },
  { what: "order", kind: TASK_KINDS.order.number, table: "orders", key: "seq", open: "status IN (0, 1)" },
  {
    what: "account payment",
    kind: TASK_KINDS.accountPayment.number,
    table: "account_payments",
    key: "seq",
    open: "state = 0",
  },
];

export const TASK_RULES = SUBJECTS.length * 2;
const DIFFERENCES_MAX = 20;

/** Compares the durable queue with what it is about, in one snapshot. */
export function auditTasks({ sqlite }: OpenDatabase): TaskDifference[] {
  const inOneSnapshot = sqlite.transaction(() =>
    SUBJECTS.flatMap((subject) => differencesOf(sqlite, subject)),
  );
  return inOneSnapshot();
}

function differencesOf(
  sqlite: OpenDatabase["sqlite"],
  { what, kind, table, key, open }: Subject,
): TaskDifference[] {
  return sqlite
    .query<{ subject: number; tasks: number; is_open: number }, [number, number]>(
      `WITH queued AS (SELECT subject, count(*) AS tasks FROM tasks WHERE kind = ? GROUP BY subject),
            open AS (SELECT ${key} AS subject FROM ${table} WHERE ${open})
       SELECT coalesce(open.subject, queued.subject) AS subject, coalesce(queued.tasks, 0) AS tasks,
              open.subject IS NOT NULL AS is_open
         FROM open FULL JOIN queued ON queued.subject = open.subject
         WHERE open.subject IS NULL OR queued.tasks IS NOT 1 LIMIT ?`,
    )
    .all(kind, DIFFERENCES_MAX)
    .map(({ subject, tasks, is_open: isOpen }) => ({ what, subject, tasks, isOpen: isOpen === 1 }));
}
