import { describe, expect, test } from "bun:test";
import { formatTimestamp, parseFrom, parseInstant, parseTo } from "./timestamp.ts";

const { TEST_SEED = Date.now() % 2 ** 31 } = process.env;
const seed = Number(TEST_SEED);
console.log(`timestamp: TEST_SEED=${seed}`);

const at = (text: string): string | null => {
  const ms = parseTo(text);
  return ms === null ? null : new Date(ms).toISOString();
};

describe("a moment is read", () => {
  test.each([
    ["2025-07-15T12:34:56.123Z", "2025-07-15T12:34:56.123Z"],
    ["2025-07-15T12:34:56Z", "2025-07-15T12:34:56.000Z"],
    ["2025-07-15T12:34Z", "2025-07-15T12:34:00.000Z"],
    ["2025-07-15", "2025-07-15T00:00:00.000Z"],
    ["2025-07-15T12:34:56.1", "2025-07-15T12:34:56.100Z"], // the processors' own form: no zone is UTC
    ["2025-07-15t12:34:56z", "2025-07-15T12:34:56.000Z"],
    ["2025-07-15 12:34:56Z", "2025-07-15T12:34:56.000Z"],
    ["2025-07-15T12:34:56-03:00", "2025-07-15T15:34:56.000Z"],
    ["2025-07-15T00:30:00+05:30", "2025-07-14T19:00:00.000Z"],
    ["2025-07-15T00:30:00 05:30", "2025-07-14T19:00:00.000Z"], // an unescaped + of a query string
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
    ["2000-02-29", "2000-02-29T00:00:00.000Z"],
    ["0001-01-01", "0001-01-01T00:00:00.000Z"],
    ["0099-12-31", "0099-12-31T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
    ["1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"],
  ])("%p", (text, expected) => {
    expect(at(text)).toBe(expected);
  });
});

describe("what is no moment is refused", () => {
  test.each([
    "",
    "now",
    "2025",
    "2025-07",
    "20250715",
    "2025-7-15",
    "2025-00-10",
    "2025-13-01",
    "2025-07-00",
    "2025-07-32",
    "2025-02-29",
    "1900-02-29",
    "2025-04-31",
    "0000-01-01",
    "10000-01-01",
    "+2025-07-15",
    "-2025-07-15",
    "2025-07-15T",
    "2025-07-15T24:00:00Z",
    "2025-07-15T12:60:00Z",
    "2025-07-15T12:34:60Z",
    "2025-07-15T12",
    "2025-07-15T12:34:56.Z",
    "2025-07-15T12:34:56.1234567890Z",
    "2025-07-15T12:34:56,5Z",
    "2025-07-15Z",
    "2025-07-15T12:34:56+24:00",
    "2025-07-15T12:34:56+01:60",
    "2025-07-15T12:34:56+0100",
    "2025-07-15T12:34:56+01",
    "2025-07-15T12:34:56ZZ",
    " 2025-07-15",
    "2025-07-15\n",
    "2025-07-15T12:34:56 Z",
    "1752582896000",
    "٢٠٢٥-07-15",
  ])("%p", (text) => {
    expect(parseInstant(text).ok).toBe(false);
    expect(parseFrom(text)).toBeNull();
  });
});

test("a bound finer than a millisecond is rounded into the window", () => {
  const base = Date.UTC(2025, 6, 15, 12, 34, 56);
  expect(parseFrom("2025-07-15T12:34:56.123Z")).toBe(base + 123);
  expect(parseFrom("2025-07-15T12:34:56.123000000Z")).toBe(base + 123);
  expect(parseFrom("2025-07-15T12:34:56.123000001Z")).toBe(base + 124);
  expect(parseFrom("2025-07-15T12:34:56.999999999Z")).toBe(base + 1000);
  expect(parseTo("2025-07-15T12:34:56.123999999Z")).toBe(base + 123);
  expect(parseFrom("1969-12-31T23:59:59.9999Z")).toBe(0);
  expect(parseTo("1969-12-31T23:59:59.9999Z")).toBe(-1);
});

test("random moments of all years agree with Date, read and written", () => {
  let state = seed >>> 0;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
  const first = Date.parse("0001-01-01T00:00:00.000Z");
  const last = Date.parse("9999-12-31T23:59:59.999Z");
  for (let run = 0; run < 100_000; run++) {
    const ms = Math.floor(first + (random() + random() / 4_294_967_296) * (last - first));
    const text = new Date(ms).toISOString();
    if (parseFrom(text) !== ms || parseTo(text) !== ms || formatTimestamp(ms) !== text) {
      throw new Error(`${text}: ${parseFrom(text)}, ${parseTo(text)}, ${formatTimestamp(ms)}`);
    }
  }
});

test("moments written in a row are right at every turn of second, minute and day", () => {
  const midnight = Date.UTC(2025, 0, 1);
  for (const ms of [
    midnight - 1,
    midnight,
    midnight + 59_999,
    midnight + 60_000,
    midnight - 60_001,
    -1,
    0,
    1,
  ]) {
    expect(formatTimestamp(ms)).toBe(new Date(ms).toISOString());
  }
});

test("what is no moment cannot be written", () => {
  for (const bad of [Number.NaN, 0.5, Number.POSITIVE_INFINITY, 9e15]) {
    expect(() => formatTimestamp(bad)).toThrow(RangeError);
  }
});
