/**
 * Whether something that is done every so often on the wall clock is due: also when that clock was set back, because
 * nothing is ever put off further than by its own interval. All in ms since the epoch.
 *
 * @example if (isDue(nowMs, this.#trimAtMs, TRIM_MS)) this.#trimAtMs = nowMs + TRIM_MS;
 */
export function isDue(nowMs: number, dueAtMs: number, everyMs: number): boolean {
  return nowMs >= dueAtMs || nowMs < dueAtMs - everyMs;
}
