import { expect, test } from "bun:test";
import { timingSafeEqual } from "node:crypto";
import { KnownSecret } from "./same-secret.ts";

test("only the secret itself matches, whatever the length of what was sent", () => {
  const secret = new KnownSecret("correct horse");
  expect(secret.matches("correct horse")).toBe(true);
  for (const sent of [
    "",
    "c",
    "correct hors",
    "correct horsf",
    "Correct horse",
    "correct horse ",
    "x".repeat(10_000),
  ])
    expect(secret.matches(sent)).toBe(false);
});

test("what is compared has the same length for every text", () => {
  const lengths: number[] = [];
  const secret = new KnownSecret("s", (sent, known) => {
    lengths.push(sent.byteLength, known.byteLength);
    return timingSafeEqual(sent, known);
  });
  expect(["", "s", "x".repeat(10_000)].map((sent) => secret.matches(sent))).toEqual([false, true, false]);
  expect(lengths).toEqual([32, 32, 32, 32, 32, 32]);
});
