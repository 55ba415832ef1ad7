import { describe, expect, test } from "bun:test";
import { EXCERPT_LENGTH_MAX, excerptOf } from "./answer-excerpt.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const excerpt = (text: string, secrets?: readonly string[]) => excerptOf(bytes(text), secrets);

test("a short answer is shown as it is", () => {
  const body = '{"status":"failed","message":"Saldo insuficiente às 12:34:56 de 2025-07-15"}';
  expect(excerpt(body)).toBe(body);
});

test("a long one is cut to 200 characters, and no character is cut in two", () => {
  expect(excerpt("x".repeat(100_000))).toBe("x".repeat(EXCERPT_LENGTH_MAX));
  expect(excerpt("😀".repeat(300))).toBe("😀".repeat(EXCERPT_LENGTH_MAX));
});

test("nothing to show is null", () => {
  for (const body of ["", " \r\n\t", "\0\0\u200b"]) expect(excerpt(body)).toBeNull();
});

test("control characters are gone, and what turns or hides text", () => {
  expect(excerpt("a\r\n\t b\0c\u001b[31m\u202e\u200bd\u2028e")).toBe("a b c [31md e");
  expect(excerptOf(new Uint8Array([0xff, 0x41, 0xfe]))).toBe("\ufffdA\ufffd");
});

describe("a card number is masked", () => {
  const written = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111 - 1111 - 1111 - 1111",
    "4111.1111.1111.1111",
    "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    "4111\n1111\r\n        1111\t1111",
    "4111\u00a01111\u20111111\u200b1111",
    '["4111",\n  "1111",\n  "1111",\n  "1111"]',
    "\\u0034111\\u00201111\\u00201111\\u00201111",
    "４１１１１１１１１１１１１１１１",
    "411111111111",
    "card_number=4111111111111111&more=1",
    "4111111111111111".repeat(3),
  ];
  test.each(written)("%p", (number) => {
    const shown = excerpt(`{"card":"${number}"}`) ?? "";
    expect(shown).not.toMatch(/1.*1.*1/);
    expect(shown).not.toMatch(/\p{Nd}{4}/u);
    expect(shown).toContain("*");
  });

  test("wherever the excerpt's end cuts it", () => {
    for (let before = 180; before <= 201; before++) {
      const shown = excerpt(`${"x".repeat(before)}4929876543210987`) ?? "";
      expect([before, /\d/.test(shown)]).toEqual([before, false]);
    }
  });

  test("wherever what is looked at of a long body ends", () => {
    for (let before = 4070; before <= 4096; before++) {
      const shown = excerpt(`${"\0".repeat(before)}4929876543210987${"\0".repeat(5000)}`);
      expect([before, shown]).toEqual([before, null]);
    }
  });
});

test("eleven digits are no card number, nor are a time, an amount and a status", () => {
  for (const text of [
    "12345678901",
    "2025-07-15T12:34:56.123Z",
    "2025-07-15 12:34:56",
    "19.90 BRL, http 502",
  ]) {
    expect(excerpt(text)).toBe(text);
  }
});

test("what the call sent and nobody may keep is masked, in any letter case; a longer number is another one", () => {
  const secrets = ["917", "Ana (Souza)", "", "s3cret+token"];
  expect(
    excerpt('{"cvv":"917","total":19170,"holder":"ANA (SOUZA)","auth":"Bearer S3cret+Token"}', secrets),
  ).toBe('{"cvv":"***","total":19170,"holder":"***","auth":"Bearer ***"}');
});

test("a hostile body costs no more than a moment", () => {
  const startedAt = performance.now();
  for (const unit of ["1 ", "1       ", "\\u0031", "1\0", "-1"]) excerpt(unit.repeat(20_000), ["1 1", "917"]);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
