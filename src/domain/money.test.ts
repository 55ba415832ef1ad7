import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AMOUNT_MAX_CENTS, parseAmount, parsePrice, toAmount, toCents } from "./money.ts";

const { TEST_SEED = Date.now() % 2 ** 31 } = process.env;
const seed = Number(TEST_SEED);
console.log(`money: TEST_SEED=${seed}`);

const cents = (input: unknown, options?: { allowZero?: boolean }): number | string => {
  const result = parseAmount(input, options);
  return result.ok ? result.cents : result.problem;
};

/** Small and fast generator (mulberry32), so that a million amounts take a fraction of a second. */
function randomIntegers(start: number): (below: number) => number {
  let state = start;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return (below) => Math.floor((next() + next() / 4_294_967_296) * below);
}

describe("an amount is taken", () => {
  test("as a JSON number", () => {
    expect(cents(19.9)).toBe(1990);
    expect(cents(0.01)).toBe(1);
    expect(cents(1)).toBe(100);
    expect(cents(1e2)).toBe(10_000);
    expect(cents(9_999_999_999.99)).toBe(AMOUNT_MAX_CENTS);
    // 0.1 + 0.2 is not 0.3: whoever computes with doubles has more decimals than they think.
    expect(cents(0.1 + 0.2)).toBe("must have at most 2 decimals");
  });

  test("as a numeric string", () => {
    expect(cents("19.90")).toBe(1990);
    expect(cents("19.9")).toBe(1990);
    expect(cents("19")).toBe(1900);
    expect(cents("007.50")).toBe(750);
    expect(cents("9999999999.99")).toBe(AMOUNT_MAX_CENTS);
  });

  test("as zero only where that is allowed", () => {
    expect(cents(0)).toBe("must be greater than 0");
    expect(cents("0.00")).toBe("must be greater than 0");
    expect(cents(0, { allowZero: true })).toBe(0);
    expect(Object.is(cents(-0, { allowZero: true }), 0)).toBe(true);
    expect(cents("0", { allowZero: true })).toBe(0);
  });
});

describe("an amount is refused", () => {
  test.each([19.999, 0.001, 1e-3, 0.005, 1e-7, 5e-324, 9_999_999_999.985])(
    "with a third decimal: %p",
    (input) => {
      expect(cents(input)).toBe("must have at most 2 decimals");
    },
  );

  test.each(["19.999", "19.900", "0.001"])("with a third decimal in a string, even a zero: %p", (input) => {
    expect(cents(input)).toBe("must have at most 2 decimals");
  });

  test.each([
    "",
    " ",
    "1 ",
    " 1",
    "+1",
    "-1",
    ".5",
    "5.",
    "1.2.3",
    "1,50",
    "1e2",
    "0x10",
    "1_000",
    "Infinity",
    "NaN",
    "１",
    "1\u0000",
    "9".repeat(400),
  ])("as a string that is no plain decimal: %p", (input) => {
    expect(cents(input)).toBe("must be a plain decimal such as 19.90");
  });

  test.each([-1, -0.01, -1e300, Number.NEGATIVE_INFINITY])("below zero: %p", (input) => {
    expect(cents(input)).toBe("must not be negative");
  });

  test.each([
    10_000_000_000,
    9_999_999_999.995,
    1e300,
    Number.POSITIVE_INFINITY,
    "10000000000",
    "9".repeat(30),
  ])("above the limit: %p", (input) => {
    expect(cents(input)).toBe("must not be greater than 9999999999.99");
  });

  test("as another type", () => {
    for (const input of [null, undefined, true, {}, [], [1], Number.NaN, 1n, () => 1]) {
      expect(cents(input)).toBe("must be a number or a numeric string");
    }
  });
});

test("a million random amounts survive the way in and out, as number and as text, to the cent", () => {
  const randomInteger = randomIntegers(seed);
  for (let run = 0; run < 1_000_000; run++) {
    // Every order of magnitude equally often: short amounts are as common as long ones.
    const amount = 1 + randomInteger(Math.min(10 ** (1 + randomInteger(12)), AMOUNT_MAX_CENTS));
    const exact = BigInt(amount);
    const text = `${exact / 100n}.${(exact % 100n).toString().padStart(2, "0")}`;
    const fromText = parseAmount(text);
    const fromNumber = parseAmount(Number(text));
    if (!fromText.ok || fromText.cents !== amount || !fromNumber.ok || fromNumber.cents !== amount) {
      throw new Error(`${text} became ${JSON.stringify({ fromText, fromNumber })}`);
    }
    if (Number(text) !== toAmount(amount)) throw new Error(`${text} went out as ${toAmount(amount)}`);
  }
});

test("any number is either an exact number of cents or refused", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 2e10 }), (value) => {
      const result = parseAmount(value);
      // The shortest decimal that reads back as the number decides, not floating point arithmetic.
      const digits = value.toString();
      const isExact = value > 0 && value <= 9_999_999_999.99 && /^\d+(\.\d{1,2})?$/.test(digits);
      return result.ok === isExact && (!result.ok || toAmount(result.cents) === value);
    }),
    { seed, numRuns: 20_000 },
  );
});

test("no input at all makes it throw", () => {
  fc.assert(
    fc.property(fc.anything(), (input) => {
      const result = parseAmount(input);
      return !result.ok || (Number.isSafeInteger(result.cents) && result.cents > 0);
    }),
    { seed, numRuns: 5_000 },
  );
});

test("prices have up to 4 decimals and are compared at that precision", () => {
  expect(parsePrice(3.3333)).toMatchObject({ ok: true, tenThousandths: 33_333 });
  expect(parsePrice("3.3333")).toMatchObject({ ok: true, tenThousandths: 33_333 });
  expect(parsePrice(19.9)).toMatchObject({ ok: true, tenThousandths: 199_000 });
  expect(parsePrice(3.33333)).toEqual({ ok: false, problem: "must have at most 4 decimals" });
  expect(parsePrice(0)).toEqual({ ok: false, problem: "must be greater than 0" });
  expect(parsePrice(10_000_000_000).ok).toBe(false);
});

test("sums print with at most 2 decimals far beyond what is ever counted", () => {
  expect(toAmount(6_999_999_999_999_999)).toBe(69_999_999_999_999.99);
  expect(String(toAmount(6_999_999_999_999_999))).toBe("69999999999999.99");
});

test("cents from our own storage are checked", () => {
  expect(toCents(5) === 5).toBe(true);
  for (const bad of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => toCents(bad)).toThrow(RangeError);
});
