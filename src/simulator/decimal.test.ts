import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatDecimal, multiplyDecimals, parseDecimal, roundToCents } from "./decimal.ts";

const { SIMULATOR_SEED } = process.env;
const SEED = Number(SIMULATOR_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`SIMULATOR_SEED=${SEED}`);

function centsOf(text: string): bigint | null {
  const decimal = parseDecimal(text);
  return decimal === null ? null : roundToCents(decimal);
}

describe("decimal", () => {
  test.each([
    ["19.90", 1990n],
    ["0", 0n],
    ["-0.015", -2n],
    ["0.005", 0n],
    ["0.015", 2n],
    ["0.0051", 1n],
    ["1e2", 10_000n],
    ["1.5E-2", 2n],
    [".5", 50n],
    ["1e-999999999", 0n],
    ["79228162514264337593543950335", 7_922_816_251_426_433_759_354_395_033_500n],
  ])("%s is %d cents", (text, cents) => {
    expect(centsOf(text)).toBe(cents);
  });

  test.each(["", ".", "1,5", "0x1", " 1", "1e", "NaN", "1e999", "79228162514264337593543950336"])(
    "%p is no decimal",
    (text) => {
      expect(parseDecimal(text)).toBeNull();
    },
  );

  test("rounding is to the nearest, and to the even neighbour when both are as near", () => {
    const property = fc.property(
      fc.bigInt(-(10n ** 20n), 10n ** 20n),
      fc.integer({ min: 3, max: 12 }),
      (units, scale) => {
        const unit = 10n ** BigInt(scale - 2);
        const rounded = roundToCents({ units, scale });
        const twiceOff = 2n * (units - rounded * unit);
        const off = twiceOff < 0n ? -twiceOff : twiceOff;
        expect(off <= unit).toBe(true);
        if (off === unit) expect(rounded % 2n).toBe(0n);
      },
    );
    fc.assert(property, { seed: SEED, numRuns: 2000 });
  });

  test("what is written reads back", () => {
    const property = fc.property(
      fc.bigInt(-(10n ** 20n), 10n ** 20n),
      fc.integer({ min: 0, max: 8 }),
      (units, scale) => {
        const back = parseDecimal(formatDecimal({ units, scale }));
        expect(back).toEqual(units === 0n ? { units, scale: 0 } : { units, scale });
      },
    );
    fc.assert(property, { seed: SEED, numRuns: 500 });
  });

  test("a product keeps all of its places", () => {
    const fee = multiplyDecimals({ units: 99_501n, scale: 2 }, { units: 5n, scale: 2 });
    expect(formatDecimal(fee)).toBe("49.7505");
  });
});
