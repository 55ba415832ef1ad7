import { describe, expect, test } from "bun:test";
import { readMessage } from "./live-state.ts";

const HEALTH = {
  kind: "health",
  from: "two",
  processor: "default",
  failing: false,
  minResponseTimeMs: 5,
  seenAtMs: 1_752_582_896_123,
};
const BREAKER = { kind: "breaker", from: "two", processor: "fallback", open: true, atMs: 1_752_582_896_123 };
const INTEREST = { kind: "interest", from: "two", events: true, results: false };

describe("what a peer says", () => {
  test.each([[HEALTH], [BREAKER], [INTEREST], [{ kind: "results", from: "two" }]])(
    "is read: %j",
    (message) => {
      expect(readMessage(JSON.stringify(message))).toEqual(message as never);
    },
  );

  const nonsense: readonly string[] = [
    "",
    "null",
    "[]",
    "{",
    '{"kind":"results"}',
    '{"kind":"results","from":1}',
    JSON.stringify({ ...HEALTH, processor: "__proto__" }),
    JSON.stringify({ ...HEALTH, failing: 0 }),
    // Infinity would spoil every mean that it enters, and a time that no Date has ends in an exception.
    JSON.stringify(HEALTH).replace(":5,", ":1e309,"),
    JSON.stringify({ ...HEALTH, minResponseTimeMs: -1 }),
    JSON.stringify({ ...HEALTH, minResponseTimeMs: 3_600_001 }),
    JSON.stringify({ ...HEALTH, seenAtMs: 8.65e15 }),
    JSON.stringify({ ...HEALTH, seenAtMs: -1 }),
    JSON.stringify(BREAKER).replace(String(BREAKER.atMs), "1e309"),
    JSON.stringify({ ...INTEREST, events: "yes" }),
  ];
  test.each(nonsense)("is dropped: %s", (text) => {
    expect(readMessage(text)).toBeNull();
  });
});
