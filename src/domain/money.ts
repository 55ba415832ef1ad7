/**
 * Money is an integer from the first byte to the last. It comes in as a JSON number or a numeric string,
 * lives as cents (payments, balances) or as ten-thousandths (catalogue prices, which may have 4 decimals),
 * and goes out as a JSON number. Nothing in between ever rounds: a third decimal is an error.
 *
 * Strings are plain decimals: digits, and at most one point with digits on both sides of it. No sign,
 * spaces, exponent, hexadecimal or separators of thousands: what looks unusual is more likely a mistake
 * of the caller than an amount. A number in exponent notation (`1e2`) is the same JSON number as 100.
 */
declare const centsBrand: unique symbol;
declare const tenThousandthsBrand: unique symbol;

/** A whole number of cents, 0 or more, exact (a safe integer). */
export type Cents = number & { readonly [centsBrand]: true };
/** A whole number of ten-thousandths of the currency's unit: the precision of catalogue prices. */
export type TenThousandths = number & { readonly [tenThousandthsBrand]: true };

/** 9,999,999,999.99 (CONTRACTS, rules for every route). */
export const AMOUNT_MAX_CENTS = 999_999_999_999;
/** The same limit at the precision of prices: 9,999,999,999.9900. */
export const PRICE_MAX_TEN_THOUSANDTHS = 99_999_999_999_900;

/** Why an amount was refused; each is a message for `errors[].message`, and never repeats the value. */
export type AmountProblem =
  | "must be a number or a numeric string"
  | "must be a plain decimal such as 19.90"
  | "must be greater than 0"
  | "must not be negative"
  | "must have at most 2 decimals"
  | "must have at most 4 decimals"
  | "must not be greater than 9999999999.99";

export type AmountResult =
  | { readonly ok: true; readonly cents: Cents }
  | { readonly ok: false; readonly problem: AmountProblem };

export type PriceResult =
  | { readonly ok: true; readonly tenThousandths: TenThousandths }
  | { readonly ok: false; readonly problem: AmountProblem };

export interface AmountOptions {
  /** Opening balances may be 0; payments may not. Default false. */
  readonly allowZero?: boolean;
}

/**
 * Reads an amount of a request body into cents, or says what is wrong with it.
 *
 * @example parseAmount(19.9)    // { ok: true, cents: 1990 }
 * @example parseAmount("19.90") // { ok: true, cents: 1990 }
 * @example parseAmount(0.001)   // { ok: false, problem: "must have at most 2 decimals" }
 */
export function parseAmount(input: unknown, options?: AmountOptions): AmountResult {
  const units = readUnits(input, 100, 2, AMOUNT_MAX_CENTS, options?.allowZero === true);
  // The cast is the door: everything that leaves readUnits is a safe integer within the limits.
  return typeof units === "number" ? { ok: true, cents: units as Cents } : { ok: false, problem: units };
}

/** Reads a catalogue price or total into ten-thousandths; at most 4 decimals, otherwise as `parseAmount`. */
export function parsePrice(input: unknown, options?: AmountOptions): PriceResult {
  const units = readUnits(input, 10_000, 4, PRICE_MAX_TEN_THOUSANDTHS, options?.allowZero === true);
  return typeof units === "number"
    ? { ok: true, tenThousandths: units as TenThousandths } // checked by readUnits, as above
    : { ok: false, problem: units };
}

/**
 * Declares an integer that comes from our own storage or arithmetic to be cents.
 * Throws a RangeError if it is not a safe integer of 0 or more: that is a bug, not bad input.
 */
export function toCents(value: number): Cents {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an amount of cents: ${value}`);
  return value as Cents; // just checked
}

/**
 * Cents as the JSON number of an answer, with at most 2 decimals. Also for sums: the quotient is the double
 * nearest to the exact amount, which prints with 2 decimals up to 70,000,000,000,000.00.
 */
export function toAmount(cents: number): number {
  return cents / 100;
}

function readUnits(
  input: unknown,
  scale: number,
  decimals: 2 | 4,
  max: number,
  allowZero: boolean,
): number | AmountProblem {
  let units: number | AmountProblem;
  if (typeof input === "number") units = unitsOfNumber(input, scale, decimals, max);
  else if (typeof input === "string") units = unitsOfText(input, scale, decimals, max);
  else return "must be a number or a numeric string";
  if (units === 0 && !allowZero) return "must be greater than 0";
  return units;
}

/**
 * `units / scale` is correctly rounded, so it gives back the very double that the decimal was read into,
 * exactly when there are no further decimals. The limit comes first, so that the product stays exact enough
 * (an error far below 0.5) for `round` to find the right integer.
 */
function unitsOfNumber(value: number, scale: number, decimals: 2 | 4, max: number): number | AmountProblem {
  if (value < 0) return "must not be negative";
  if (!(value <= max / scale)) return tooLargeOrNotANumber(value);
  const units = Math.round(value * scale);
  // Adding 0 turns -0 into 0.
  return units / scale === value ? units + 0 : tooManyDecimals(decimals);
}

function tooLargeOrNotANumber(value: number): AmountProblem {
  // NaN cannot come out of JSON, but a caller inside the process could pass it.
  return Number.isNaN(value)
    ? "must be a number or a numeric string"
    : "must not be greater than 9999999999.99";
}

function tooManyDecimals(decimals: 2 | 4): AmountProblem {
  return decimals === 2 ? "must have at most 2 decimals" : "must have at most 4 decimals";
}

const POINT = 46;
const DIGIT_0 = 48;
const DIGIT_9 = 57;
/** Longer than any amount in the range; bounds the work that a hostile string can cause. */
const TEXT_LENGTH_MAX = 32;

function unitsOfText(text: string, scale: number, decimals: 2 | 4, max: number): number | AmountProblem {
  if (text.length === 0 || text.length > TEXT_LENGTH_MAX) return "must be a plain decimal such as 19.90";
  let whole = 0;
  let fraction = 0;
  let fractionDigits = -1; // -1: no point yet
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === POINT && fractionDigits === -1 && index > 0) {
      fractionDigits = 0;
    } else if (code < DIGIT_0 || code > DIGIT_9) {
      return "must be a plain decimal such as 19.90";
    } else if (fractionDigits === -1) {
      whole = whole * 10 + (code - DIGIT_0);
    } else {
      fractionDigits++;
      if (fractionDigits <= decimals) fraction = fraction * 10 + (code - DIGIT_0);
    }
  }
  if (fractionDigits === 0) return "must be a plain decimal such as 19.90";
  if (fractionDigits > decimals) return tooManyDecimals(decimals);
  for (let digits = Math.max(fractionDigits, 0); digits < decimals; digits++) fraction *= 10;
  // `whole` may have lost precision beyond 2^53, but then it is far beyond the limit anyway.
  const units = whole * scale + fraction;
  return units <= max ? units : "must not be greater than 9999999999.99";
}
