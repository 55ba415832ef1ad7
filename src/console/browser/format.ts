import { Cell } from "./cell.ts";

/** International, but for languages that write them in letters of their own. */
const UNITS = { ms: "ms", s: "s", min: "min", h: "h", d: "d" } as const;
const RUSSIAN_UNITS: Readonly<Record<keyof typeof UNITS, string>> = {
  ms: "мс",
  s: "с",
  min: "мин",
  h: "ч",
  d: "д",
};

/** Numbers and times in the chosen language. Formatters are costly to make: one set per language. */
function formattersOf(locale: string) {
  const twoDigits = { minimumFractionDigits: 2, maximumFractionDigits: 2 } as const;
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
  return {
    money: new Intl.NumberFormat(locale, twoDigits),
    whole: new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }),
    fine: new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }),
    short: new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }),
    percent: new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 }),
    moment: new Intl.DateTimeFormat(locale, { day: "2-digit", month: "short", ...time }),
    time: new Intl.DateTimeFormat(locale, { ...time, fractionalSecondDigits: 3 }),
    units: locale.startsWith("ru") ? RUSSIAN_UNITS : UNITS,
  };
}

const formatters = new Cell(formattersOf("en-GB"));

export function setLocale(locale: string): void {
  formatters.set(formattersOf(locale));
}

/** 1234.5 → "1,234.50" */
export const formatMoney = (amount: number): string => formatters.value.money.format(amount);
export const formatCount = (count: number): string => formatters.value.whole.format(count);
/** At most one decimal. */
export const formatNumber = (value: number): string => formatters.value.short.format(value);
/** 0.05 → "5%" */
export const formatShare = (share: number): string => formatters.value.percent.format(share);

/** Day and time of an ISO date or of milliseconds. */
export const formatMoment = (at: string | number): string => formatters.value.moment.format(new Date(at));
/** Time of day with milliseconds. */
export const formatTime = (at: string | number): string => formatters.value.time.format(new Date(at));

const DURATIONS = [
  { unit: "d", ms: 86_400_000 },
  { unit: "h", ms: 3_600_000 },
  { unit: "min", ms: 60_000 },
  { unit: "s", ms: 1000 },
] as const;

/** 0.32 ms, 12 ms, 3.4 s, 2 min: three digits are enough to judge a duration. */
export function formatDuration(ms: number): string {
  const size = DURATIONS.find((candidate) => Math.abs(ms) >= candidate.ms);
  const { units, fine } = formatters.value;
  if (size !== undefined) return `${formatNumber(ms / size.ms)} ${units[size.unit]}`;
  return `${ms >= 10 ? formatCount(ms) : fine.format(ms)} ${units.ms}`;
}

/** 73400320 → "70 MiB" */
export function formatBytes(bytes: number): string {
  return bytes < 2 ** 30 ? `${formatCount(bytes / 2 ** 20)} MiB` : `${formatNumber(bytes / 2 ** 30)} GiB`;
}

/** An amount as people type it, "19,90" or "1 000.5", as the service reads it; null if it is none above 0. */
export function readAmount(text: string): string | null {
  const plain = text.replace(/[\s\u00a0]/g, "").replace(",", ".");
  return /^\d{1,10}(\.\d{1,2})?$/.test(plain) && Number(plain) > 0 ? plain : null;
}
