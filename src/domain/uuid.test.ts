import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { canonicalUuid, formatUuid, parseUuid } from "./uuid.ts";

const { TEST_SEED = Date.now() % 2 ** 31 } = process.env;
const seed = Number(TEST_SEED);
console.log(`uuid: TEST_SEED=${seed}`);

const ANY = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

test("a UUID becomes 16 bytes at the given place and nowhere else", () => {
  const target = new Uint8Array(20).fill(0xee);
  expect(parseUuid(ANY, target, 2)).toBe(true);
  expect(target.toHex()).toBe(`eeee${ANY.replaceAll("-", "")}eeee`);
  expect(formatUuid(target, 2)).toBe(ANY);
});

test("any letter case is read, lower case is written", () => {
  expect(canonicalUuid(ANY.toUpperCase())).toBe(ANY);
  expect(canonicalUuid("3F2504e0-4f89-41D3-9a0C-0305E82c3301")).toBe(ANY);
});

test("any version and variant is one: clients choose their ids", () => {
  for (const text of ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"]) {
    expect(canonicalUuid(text)).toBe(text);
  }
});

describe("nothing else is", () => {
  test.each([
    "",
    ANY.replaceAll("-", ""),
    `{${ANY}}`,
    `urn:uuid:${ANY}`,
    `${ANY} `,
    ANY.slice(1),
    `${ANY}0`,
    "3f2504e04-f89-41d3-9a0c-0305e82c3301",
    "3f2504e0-4f89-41d3-9a0c-0305e82c330g",
    "3f2504e0-4f89-41d3-9a0c-0305e82c33 1",
    "3f2504e0-4f89-41d3-9a0c-0305e82c33-1",
    "３f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "3f2504e0-4f89-41d3-9a0c-0305e82c330ı",
  ])("%p", (text) => {
    expect(canonicalUuid(text)).toBeNull();
  });

  test("one wrong character anywhere is seen", () => {
    for (let index = 0; index < ANY.length; index++) {
      for (const wrong of ["/", ":", "@", "G", "`", "g", "-", "\u0130", "\u0661", "\u0000"]) {
        if (ANY[index] === wrong) continue;
        expect(canonicalUuid(ANY.slice(0, index) + wrong + ANY.slice(index + 1))).toBeNull();
      }
    }
  });
});

test("what is written reads back, and agrees with the plain pattern", () => {
  const bytes = new Uint8Array(16);
  const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.string({ maxLength: 40 }),
      (random, text) => {
        const written = formatUuid(random, 0);
        expect(parseUuid(written, bytes, 0)).toBe(true);
        expect(bytes.toHex()).toBe(random.toHex());
        expect(canonicalUuid(text) !== null).toBe(pattern.test(text));
      },
    ),
    { seed, numRuns: 5_000 },
  );
});

test("no room is a bug of the caller and throws", () => {
  expect(() => parseUuid(ANY, new Uint8Array(15), 0)).toThrow(RangeError);
  expect(() => formatUuid(new Uint8Array(20), 5)).toThrow(RangeError);
  expect(() => formatUuid(new Uint8Array(20), -1)).toThrow(RangeError);
});
