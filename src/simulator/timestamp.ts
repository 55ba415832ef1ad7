/**
 * Times as the processors read and write them: ISO 8601 in, at most microseconds kept (the resolution of
 * their database); out without a zone and without trailing zeros. A time without a zone is UTC.
 *
 * A time is a number of microseconds since 1970. As a double it is exact from the year 1685 to 2255;
 * year 1, which a missing time becomes, happens to be exact as well.
 */
const FORM =
  /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,16}))?)?(?:Z|([+-])(\d\d):(\d\d))?)?$/;

/** What a missing time becomes: .NET's default(DateTime). */
export const MISSING_TIME_MICROS = -62_135_596_800_000_000;

const MINUTE_MS = 60_000;

/** Reads an ISO 8601 time into microseconds since the epoch; null if it is none or no day of the calendar. */
export function parseTimestampMicros(text: string): number | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction, sign, hours, minutes] = match;
  const date = new Date(0);
  // Not Date.UTC: it takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // The date rolls over where the calendar has no such day, and there is no year 0.
  if (date.getUTCMonth() !== Number(month) - 1 || Number(year) === 0) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  let epochMs =
    date.getTime() + Number(hour) * 3_600_000 + Number(minute) * MINUTE_MS + Number(second) * 1000;
  if (sign !== undefined) {
    if (Number(hours) > 14 || Number(minutes) > 59) return null;
    const offsetMs = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
    epochMs += sign === "+" ? -offsetMs : offsetMs;
  }
  return epochMs * 1000 + (fraction === undefined ? 0 : Number(fraction.slice(0, 6).padEnd(6, "0")));
}

/** Writes `2025-07-15T12:34:56.1` for 100 ms past the second: no zone, no trailing zeros. */
export function formatTimestamp(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const rest = micros - seconds * 1_000_000;
  const upToSeconds = new Date(seconds * 1000).toISOString().slice(0, 19);
  return rest === 0 ? upToSeconds : `${upToSeconds}.${String(rest).padStart(6, "0").replace(/0+$/, "")}`;
}
