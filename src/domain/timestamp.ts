/**
 * Moments in ISO-8601, as `from` and `to` of queries and as `requestedAt` of the processors. Everything here is
 * milliseconds since the epoch, UTC.
 *
 *   2025-07-15                            midnight UTC
 *   2025-07-15T12:34[:56[.1 to 9 digits]] [Z | ±hh:mm]   without a zone: UTC
 *
 * The date is checked against the calendar (no 30 February, no second 60), the year is 0001 to 9999. `T` and `Z`
 * may be small, and `T` may be a space (RFC 3339, 5.6). A space is also taken for the `+` of a zone: that is what
 * becomes of a `+` that the caller forgot to escape in a query string.
 */
export type InstantResult =
  | {
      readonly ok: true;
      /** The last millisecond that is not after the moment. */
      readonly floorMs: number;
      /** The first millisecond that is not before the moment; differs only if the fraction is finer than 1 ms. */
      readonly ceilMs: number;
    }
  | { readonly ok: false };

const NOT_A_MOMENT: InstantResult = { ok: false };
const PATTERN =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:[Zz]|([+\- ])(\d\d):(\d\d))?)?$/;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Reads a moment; `{ ok: false }` if the text is not one of the forms above. */
export function parseInstant(text: string): InstantResult {
  const match = PATTERN.exec(text);
  if (match === null) return NOT_A_MOMENT;
  const field = (index: number): number => Number(match[index] ?? 0);
  const year = field(1);
  const month = field(2);
  const day = field(3);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return NOT_A_MOMENT;
  const [hour, minute, second] = [field(4), field(5), field(6)];
  const [zoneHour, zoneMinute] = [field(9), field(10)];
  if (hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) return NOT_A_MOMENT;

  const nanoseconds = Number((match[7] ?? "").padEnd(9, "0"));
  const fractionMs = Math.floor(nanoseconds / 1_000_000);
  const zoneSign = match[8] === "-" ? -1 : 1;
  const floorMs =
    daysSinceEpoch(year, month, day) * DAY_MS +
    (hour - zoneSign * zoneHour) * HOUR_MS +
    (minute - zoneSign * zoneMinute) * MINUTE_MS +
    second * 1000 +
    fractionMs;
  return { ok: true, floorMs, ceilMs: fractionMs * 1_000_000 === nanoseconds ? floorMs : floorMs + 1 };
}

/**
 * The first millisecond inside a window that starts at `text`, inclusive; null if it is no moment. Payments
 * carry whole milliseconds, so rounding the bound up excludes exactly what lies before it.
 */
export function parseFrom(text: string): number | null {
  const instant = parseInstant(text);
  return instant.ok ? instant.ceilMs : null;
}

/** The last millisecond inside a window that ends at `text`, inclusive; null if it is no moment. */
export function parseTo(text: string): number | null {
  const instant = parseInstant(text);
  return instant.ok ? instant.floorMs : null;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/**
 * Days from 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March so that the
 * leap day comes last (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil).
 * `Date.UTC` would take the years 0 to 99 for 1900 to 1999.
 */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

const TWO_DIGITS = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));
const THREE_DIGITS = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, "0"));

// Moments that are written in a row nearly always share their minute, so its text is kept.
let cachedMinute = Number.NaN;
let cachedMinuteText = "";

/**
 * `2025-07-15T12:34:56.123Z`, the same text as `Date.prototype.toISOString` at a fraction of its cost.
 * `ms` must be a whole number of milliseconds that a Date can hold; otherwise a RangeError is thrown.
 */
export function formatTimestamp(ms: number): string {
  if (!Number.isInteger(ms)) throw new RangeError(`not a whole number of milliseconds: ${ms}`);
  const minute = Math.floor(ms / MINUTE_MS);
  if (minute !== cachedMinute) {
    cachedMinuteText = new Date(minute * MINUTE_MS).toISOString().slice(0, -7);
    cachedMinute = minute;
  }
  const inMinute = ms - minute * MINUTE_MS;
  const second = Math.floor(inMinute / 1000);
  return `${cachedMinuteText}${TWO_DIGITS[second] ?? ""}.${THREE_DIGITS[inMinute - second * 1000] ?? ""}Z`;
}
