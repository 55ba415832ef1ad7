import { describe, expect, test } from "bun:test";
import { feeOf, parsePercent, parseShare, type Share } from "./fee.ts";
import { AMOUNT_MAX_CENTS, toCents } from "./money.ts";

const { TEST_SEED = Date.now() % 2 ** 31 } = process.env;
const seed = Number(TEST_SEED);
console.log(`fee: TEST_SEED=${seed}`);

function share(input: number | string): Share {
  const result = parseShare(input);
  if (!result.ok) throw new Error(result.problem);
  return result.share;
}

function percent(input: number | string): Share {
  const result = parsePercent(input);
  if (!result.ok) throw new Error(result.problem);
  return result.share;
}

describe("a share is read exactly as it was written", () => {
  test.each([
    ["0.05", 5, 100],
    ["0.145", 145, 1000],
    ["0", 0, 1],
    ["1", 1, 1],
    ["0.000001", 1, 1_000_000],
  ])("%p", (text, numerator, denominator) => {
    expect(share(text)).toEqual({ numerator, denominator });
    expect(share(Number(text))).toEqual({ numerator, denominator });
  });

  test("percentages are hundredths", () => {
    expect(percent(2)).toEqual({ numerator: 2, denominator: 100 });
    expect(percent("2.5")).toEqual({ numerator: 25, denominator: 1000 });
    expect(percent(100)).toEqual({ numerator: 100, denominator: 100 });
  });

  test.each(["", "-0.1", "1.01", "1.000001", "5%", "1e-2", ".5", "0.0000001", "NaN", "1001"])(
    "not %p",
    (text) => {
      expect(parseShare(text).ok).toBe(false);
    },
  );

  test.each([-0.1, 1.5, 1e-7, Number.NaN, Number.POSITIVE_INFINITY])("nor the number %p", (value) => {
    expect(parseShare(value).ok).toBe(false);
  });

  test("nor a percentage above 100", () => {
    expect(parsePercent("100.01").ok).toBe(false);
  });
});

describe("a fee is rounded half up, once", () => {
  test.each([
    [1990, "0.05", 100], // 99.5 goes up
    [1989, "0.05", 99], // 99.45 goes down
    [1, "0.05", 0],
    [10, "0.05", 1], // 0.5 goes up
    [100, "0.145", 15], // 14.5 goes up, where 100 * 0.145 in doubles is 14.499999999999998
    [AMOUNT_MAX_CENTS, "1", AMOUNT_MAX_CENTS],
    [AMOUNT_MAX_CENTS, "0", 0],
  ])("%p cents at %p", (amount, text, fee) => {
    expect(feeOf(toCents(amount), share(text))).toBe(toCents(fee));
  });
});

test("a million random fees agree with big-integer arithmetic", () => {
  let state = seed >>> 0;
  const randomInteger = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const high = state;
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(((high + state / 4_294_967_296) / 4_294_967_296) * below);
  };
  for (let run = 0; run < 1_000_000; run++) {
    const denominator = 10 ** (1 + randomInteger(8));
    const numerator = randomInteger(denominator + 1);
    const amount = randomInteger(Math.min(10 ** (1 + randomInteger(12)), AMOUNT_MAX_CENTS) + 1);
    const fee = feeOf(toCents(amount), { numerator, denominator });
    // The rounded quotient is the one integer q with q - 1/2 <= amount * share < q + 1/2.
    const remainder = 2n * BigInt(amount) * BigInt(numerator) - 2n * BigInt(fee) * BigInt(denominator);
    const isHalfUp = remainder >= -BigInt(denominator) && remainder < BigInt(denominator);
    if (!isHalfUp) throw new Error(`${amount} * ${numerator} / ${denominator} became ${fee}`);
  }
});
