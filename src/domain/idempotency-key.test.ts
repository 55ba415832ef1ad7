import { describe, expect, test } from "bun:test";
import { canonicalJson } from "./canonical-json.ts";
import { parseIdempotencyKey } from "./idempotency-key.ts";

describe("an Idempotency-Key", () => {
  test("is the same with and without quotes (RFC 8941, 3.3.3)", () => {
    expect(parseIdempotencyKey('"8e03978e-40d5-43e8-bc93-6894a57f9324"')).toBe(
      "8e03978e-40d5-43e8-bc93-6894a57f9324",
    );
    expect(parseIdempotencyKey("8e03978e-40d5-43e8-bc93-6894a57f9324")).toBe(
      "8e03978e-40d5-43e8-bc93-6894a57f9324",
    );
    expect(parseIdempotencyKey('"with \\"quotes\\" and \\\\"')).toBe('with "quotes" and \\');
    expect(parseIdempotencyKey("  order 17  ")).toBe("order 17");
  });

  test.each(["", "   ", '""', '"open', '"', '"a"b', '"bad \\escape"', '"ü"'])("is not %p", (header) => {
    expect(parseIdempotencyKey(header)).toBeNull();
  });

  test("has up to 255 characters, quotes and escapes not counted", () => {
    expect(parseIdempotencyKey("k".repeat(255))).toBe("k".repeat(255));
    expect(parseIdempotencyKey(`"${"k".repeat(255)}"`)).toBe("k".repeat(255));
    expect(parseIdempotencyKey(`"${'\\"'.repeat(255)}"`)).toBe('"'.repeat(255));
    expect(parseIdempotencyKey("k".repeat(256))).toBeNull();
    expect(parseIdempotencyKey(`"${"k".repeat(256)}"`)).toBeNull();
  });
});

describe("two bodies are the same request", () => {
  test.each([
    ['{"a":1,"b":[1,{"c":null}]}', '{ "b": [1.0, {"c" : null}], "a": 1 }'],
    ['"text"', ' "te\\u0078t" '],
    ["1e2", "100"],
  ])("%p is %p", (one, other) => {
    expect(canonicalJson(JSON.parse(one))).toBe(canonicalJson(JSON.parse(other)));
  });

  test.each([
    ['{"a":1}', '{"a":"1"}'],
    ['{"a":[1,2]}', '{"a":[2,1]}'],
    ['{"a":1}', '{"a":1,"b":null}'],
    ['{"__proto__":1}', "{}"],
    ['{"a":{"b":1}}', '{"a.b":1}'],
  ])("%p is not %p", (one, other) => {
    expect(canonicalJson(JSON.parse(one))).not.toBe(canonicalJson(JSON.parse(other)));
  });
});
