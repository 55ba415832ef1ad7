import type { Cents } from "./money.ts";

/**
 * Fees are a share of an amount, computed exactly and rounded half up to cents once (CONTRACTS, section C;
 * RELIABILITY R8). A share such as 0.145 has no exact double, so it is read from its decimal digits into a
 * fraction of two integers and never used as a floating point factor.
 */
export interface Share {
  /** The share is `numerator / denominator`; 0.145 is 145 / 1000. */
  readonly numerator: number;
  /** A power of ten. */
  readonly denominator: number;
}

export type ShareResult =
  | { readonly ok: true; readonly share: Share }
  | { readonly ok: false; readonly problem: string };

/** A millionth of the amount: finer than any fee schedule, and keeps the integers small. */
const SHARE_DECIMALS_MAX = 6;
const PLAIN_DECIMAL = /^(\d{1,3})(?:\.(\d{1,6}))?$/;

/**
 * Reads a share of the amount, 0 to 1: `PROCESSOR_FEE_DEFAULT=0.05`. Numbers are taken by their shortest
 * decimal digits, which are the digits that the operator wrote.
 *
 * @example parseShare("0.145") // { ok: true, share: { numerator: 145, denominator: 1000 } }
 */
export function parseShare(input: number | string): ShareResult {
  return readShare(input, 1, `must be a decimal from 0 to 1 with at most ${SHARE_DECIMALS_MAX} decimals`);
}

/** Reads a percentage, 0 to 100: `TRANSACTION_FEE=2.5` takes 25 / 1000 of the amount. */
export function parsePercent(input: number | string): ShareResult {
  return readShare(input, 100, `must be a percentage from 0 to 100, at most ${SHARE_DECIMALS_MAX} decimals`);
}

function readShare(input: number | string, whole: 1 | 100, problem: string): ShareResult {
  const match = PLAIN_DECIMAL.exec(decimalDigits(input));
  if (match === null) return { ok: false, problem };
  const fraction = match[2] ?? "";
  const denominator = 10 ** fraction.length * whole;
  const numerator = Number(`${match[1]}${fraction}`);
  if (numerator > denominator) return { ok: false, problem };
  return { ok: true, share: { numerator, denominator } };
}

/** `String` alone would write the smallest shares, 0.000001 excepted, in exponent notation. */
function decimalDigits(input: number | string): string {
  if (typeof input === "string") return input;
  const text = String(input);
  return text.includes("e") ? input.toFixed(20).replace(/0+$/, "") : text;
}

/**
 * The fee that `share` takes of `amountCents`, rounded half up to cents once.
 *
 * @example feeOf(cents(1990), share("0.05")) // 99.5 cents, so 100
 */
export function feeOf(amountCents: Cents, share: Share): Cents {
  const { numerator, denominator } = share;
  const doubled = 2 * amountCents * numerator + denominator;
  // Each factor is an integer, so a product within the safe range is exact; beyond it BigInt takes over.
  if (doubled > Number.MAX_SAFE_INTEGER) return feeOfLarge(amountCents, share);
  const divisor = 2 * denominator;
  // Taking the remainder off first makes the division exact, which `Math.floor(a / b)` is not near 2^53.
  return ((doubled - (doubled % divisor)) / divisor) as Cents; // at most the amount, so still a safe integer
}

function feeOfLarge(amountCents: Cents, share: Share): Cents {
  const doubled = 2n * BigInt(amountCents) * BigInt(share.numerator) + BigInt(share.denominator);
  return Number(doubled / (2n * BigInt(share.denominator))) as Cents; // at most the amount, see feeOf
}
