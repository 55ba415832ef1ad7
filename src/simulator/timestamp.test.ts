import { describe, expect, test } from "bun:test";
import { formatTimestamp, MISSING_TIME_MICROS, parseTimestampMicros } from "./timestamp.ts";

describe("timestamp", () => {
  test.each([
    ["2025-07-15T12:34:56.000Z", "2025-07-15T12:34:56"],
    ["2025-07-15T12:34:56.100Z", "2025-07-15T12:34:56.1"],
    ["2025-07-15T12:34:56.123Z", "2025-07-15T12:34:56.123"],
    ["2025-07-15T12:34:56.1234567Z", "2025-07-15T12:34:56.123456"],
    ["2025-07-15T12:34:56", "2025-07-15T12:34:56"],
    ["2025-07-15T12:34", "2025-07-15T12:34:00"],
    ["2025-07-15", "2025-07-15T00:00:00"],
    ["2025-07-15T00:30:00+01:00", "2025-07-14T23:30:00"],
    ["2025-07-15T23:30:00.5-03:00", "2025-07-16T02:30:00.5"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00"],
    ["1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999"],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00"],
  ])("%s is recorded as %s", (text, written) => {
    expect(formatTimestamp(parseTimestampMicros(text) ?? Number.NaN)).toBe(written);
  });

  test.each([
    "",
    "now",
    "2025-7-15",
    "2025-13-01T00:00:00Z",
    "2025-02-30T00:00:00Z",
    "2025-00-10",
    "2025-01-00",
    "0000-01-01",
    "2025-07-15T24:00:00Z",
    "2025-07-15T12:60:00Z",
    "2025-07-15T12:34:60Z",
    "2025-07-15 12:34:56Z",
    "2025-07-15T12:34:56.Z",
    "2025-07-15T12:34:56+15:00",
    "2025-07-15Z",
    " 2025-07-15",
  ])("%p is no time", (text) => {
    expect(parseTimestampMicros(text)).toBeNull();
  });

  test("a missing time is the first instant of the year 1", () => {
    expect(parseTimestampMicros("0001-01-01T00:00:00Z")).toBe(MISSING_TIME_MICROS);
  });
});
