import { LIMITS } from "../config/limits.ts";

/**
 * What a task can be about: the numbers in `tasks.kind`, never reused. Each kind has room of its own in the
 * memory of dispatch, so that a crowd of one kind never keeps another waiting.
 */
export const TASK_KINDS = {
  payment: { number: 1, inDispatchMax: LIMITS.tasksInDispatchMax.value },
  userPayment: { number: 2, inDispatchMax: LIMITS.otherTasksInDispatchMax.value },
  order: { number: 3, inDispatchMax: LIMITS.otherTasksInDispatchMax.value },
  accountPayment: { number: 4, inDispatchMax: LIMITS.otherTasksInDispatchMax.value },
} as const satisfies Record<string, { readonly number: number; readonly inDispatchMax: number }>;

export type TaskKind = keyof typeof TASK_KINDS;

export const TASK_KIND_NAMES = Object.keys(TASK_KINDS) as TaskKind[]; // keys of a const object

/** The kind of a row. @throws Error for a number that no kind has: a row of another version */
export function taskKindOf(number: number): TaskKind {
  const kind = TASK_KIND_NAMES.find((name) => TASK_KINDS[name].number === number);
  if (kind === undefined) throw new Error(`there is no task kind ${number}`);
  return kind;
}
