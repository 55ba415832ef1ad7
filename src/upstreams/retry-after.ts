/** More than this is not believed: a typing mistake in a proxy must not stop work for a day. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/**
 * Reads a `Retry-After` header (RFC 9110, 10.2.3): seconds or an HTTP date.
 *
 * @param nowMs the wall clock, ms since the epoch
 * @returns milliseconds from now, 0 to an hour; undefined if the header is missing or makes no sense
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1000, RETRY_AFTER_MAX_MS);
  // Only the form that the RFC requires senders to use; Date.parse alone would take "-5" for a year.
  const dateMs = value.endsWith(" GMT") ? Date.parse(value) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.min(Math.max(0, dateMs - nowMs), RETRY_AFTER_MAX_MS);
}
