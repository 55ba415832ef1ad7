/** A UUID as four 32-bit words: 16 bytes in the book instead of some 80 for a string. */
export interface Uuid {
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

/** What a missing id becomes: .NET's default(Guid). */
export const ZERO_UUID: Uuid = { w0: 0, w1: 0, w2: 0, w3: 0 };

const DASHED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const PLAIN = /^[0-9a-f]{32}$/i;
const BRACKETED = /^(?:\{.*\}|\(.*\))$/;

/** Reads the form with four dashes in any letter case, the only one taken in JSON; else null. */
export function parseUuid(text: string): Uuid | null {
  if (!DASHED.test(text)) return null;
  return {
    w0: Number.parseInt(text.slice(0, 8), 16),
    w1: Number.parseInt(text.slice(9, 13) + text.slice(14, 18), 16),
    w2: Number.parseInt(text.slice(19, 23) + text.slice(24, 28), 16),
    w3: Number.parseInt(text.slice(28), 16),
  };
}

/** Reads a UUID of a path, where 32 digits without dashes and braces or parentheses are taken too. */
export function parsePathUuid(text: string): Uuid | null {
  if (PLAIN.test(text)) return parseUuid(dashed(text));
  return parseUuid(BRACKETED.test(text) ? text.slice(1, -1) : text);
}

/** Writes the form with four dashes, in lower case. */
export function formatUuid({ w0, w1, w2, w3 }: Uuid): string {
  return dashed([w0, w1, w2, w3].map((word) => word.toString(16).padStart(8, "0")).join(""));
}

function dashed(digits: string): string {
  return [0, 8, 12, 16, 20].map((start, part) => digits.slice(start, [8, 12, 16, 20, 32][part])).join("-");
}
