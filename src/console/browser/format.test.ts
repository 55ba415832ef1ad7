import { afterEach, expect, test } from "bun:test";
import { formatBytes, formatDuration, formatMoney, readAmount, setLocale } from "./format.ts";

afterEach(() => setLocale("en-GB"));

test("an amount is read as people of either custom type it", () => {
  expect(readAmount("19.90")).toBe("19.90");
  expect(readAmount("19,9")).toBe("19.9");
  expect(readAmount(" 1 000,50 ")).toBe("1000.50");
  expect(readAmount("9999999999.99")).toBe("9999999999.99");
});

test("what is no amount, or none above 0, is not sent: nothing is rounded or guessed", () => {
  for (const text of ["", "0", "0,00", "-1", "1.999", "1.000,50", "1e3", "٣", "NaN", "10000000000"]) {
    expect(readAmount(text)).toBeNull();
  }
});

test("durations have the unit in which they are a number of few digits", () => {
  expect([0, 0.324, 9.99, 12.4, 999, 1500, 90_000, 5_400_000, 172_800_000].map(formatDuration)).toEqual([
    "0 ms",
    "0.32 ms",
    "9.99 ms",
    "12 ms",
    "999 ms",
    "1.5 s",
    "1.5 min",
    "1.5 h",
    "2 d",
  ]);
});

test("numbers are written as the language does", () => {
  expect(formatMoney(1234.5)).toBe("1,234.50");
  setLocale("pt-BR");
  expect(formatMoney(1234.5)).toBe("1.234,50");
  expect(formatBytes(70 * 2 ** 20)).toBe("70 MiB");
});
