import { DAY_MS } from "./generated-payments.ts";

/** A window of `requestedAt`, both ends inclusive, ms since the epoch. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Shortest window: a second. */
const SECOND_MS = 1000;

/**
 * A window somewhere in the days after `firstAtMs`. Its length is as likely between a second and ten as between a day
 * and ten: short ones and long ones cut different levels of the rollup.
 */
export function randomWindow(firstAtMs: number, days: number, random: () => number): Window {
  const spanMs = days * DAY_MS;
  const lengthMs = Math.floor(SECOND_MS * (spanMs / SECOND_MS) ** random());
  const fromMs = Math.floor(firstAtMs + random() * (spanMs - lengthMs));
  return { fromMs, toMs: fromMs + lengthMs };
}

/** The window as the path of a request. */
export function summaryPath({ fromMs, toMs }: Window): string {
  return `/payments-summary?from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`;
}
