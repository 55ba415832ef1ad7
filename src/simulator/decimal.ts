/**
 * Decimal arithmetic of the simulated processors: exact, in bigint. It is written apart from catraca's own
 * money on purpose, so that the two books check each other.
 */
export interface Decimal {
  /** The value is `units / 10 ** scale`. */
  readonly units: bigint;
  readonly scale: number;
}

const FORM = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,9}))?$/;

/** .NET's decimal keeps 28 digits; far more than that is an attack on bigint, not an amount. */
const DIGITS_MAX = 400;

/** .NET's decimal.MaxValue is about 7.9 × 10^28. */
const UNITS_MAX = 79_228_162_514_264_337_593_543_950_335n;

/** Reads a decimal number (`-1.50`, `2e3`), or null for anything else and for what a .NET decimal cannot hold. */
export function parseDecimal(text: string): Decimal | null {
  if (text.length > DIGITS_MAX) return null;
  const match = FORM.exec(text);
  if (match === null) return null;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return null;
  const units = BigInt(whole + fraction);
  if (units === 0n) return { units, scale: 0 };
  const scale = fraction.length - Number(exponent);
  if (scale < -DIGITS_MAX) return null;
  // So small that only zero is left of it at two places; also keeps the powers of ten below in bounds.
  if (scale > 2 * DIGITS_MAX) return { units: 0n, scale: 0 };
  if (units > UNITS_MAX * 10n ** BigInt(Math.max(scale, 0))) return null;
  if (scale < 0 && units * 10n ** BigInt(-scale) > UNITS_MAX) return null;
  return { units: sign === "-" ? -units : units, scale };
}

/** The value in hundredths, ties to the even neighbour: 0.125 is 12, 0.135 is 14. */
export function roundToCents({ units, scale }: Decimal): bigint {
  if (scale <= 2) return units * 10n ** BigInt(2 - scale);
  const divisor = 10n ** BigInt(scale - 2);
  const magnitude = units < 0n ? -units : units;
  const quotient = magnitude / divisor;
  const twiceRest = 2n * (magnitude % divisor);
  const up = twiceRest > divisor || (twiceRest === divisor && quotient % 2n === 1n);
  const rounded = up ? quotient + 1n : quotient;
  return units < 0n ? -rounded : rounded;
}

/** The product of two decimals, exact: nothing is rounded. */
export function multiplyDecimals(left: Decimal, right: Decimal): Decimal {
  return { units: left.units * right.units, scale: left.scale + right.scale };
}

/** Writes a decimal as a JSON number with all of its places: `{ units: 1990n, scale: 2 }` is `19.90`. */
export function formatDecimal({ units, scale }: Decimal): string {
  if (scale <= 0) return String(units * 10n ** BigInt(-scale));
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  const sign = units < 0n ? "-" : "";
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
