import { expect, test } from "bun:test";
import { checksumFrame, checksumWords } from "./checksum.ts";
import { drawSeed, randomInt } from "./fixtures/random.ts";

const seed = drawSeed("checksum");

function randomWords(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => randomInt(seed, index));
}

test("a change within one word is always found, whichever bits it changes", () => {
  const words = randomWords(14);
  const before = checksumWords(1, words, 0, words.length);
  for (let index = 0; index < words.length; index++) {
    const original = words[index] ?? 0;
    for (let bit = 0; bit < 32; bit++) {
      words[index] = original ^ (1 << bit) ^ (randomInt(seed, bit + index) & ((1 << bit) - 1));
      expect(checksumWords(1, words, 0, words.length)).not.toBe(before);
    }
    words[index] = original;
  }
});

test("the order of words counts, also where they are 0", () => {
  expect(checksumWords(1, Int32Array.of(5, 6), 0, 2)).not.toBe(checksumWords(1, Int32Array.of(6, 5), 0, 2));
  expect(checksumWords(1, Int32Array.of(0, 7), 0, 2)).not.toBe(checksumWords(1, Int32Array.of(7, 0), 0, 2));
  expect(checksumWords(1, Int32Array.of(0), 0, 1)).not.toBe(checksumWords(1, Int32Array.of(0, 0), 0, 2));
});

test("ring, position and header take part", () => {
  const words = randomWords(12);
  const sums = [
    checksumFrame(1, 8, 0x01000030, words, 0, 12),
    checksumFrame(2, 8, 0x01000030, words, 0, 12),
    checksumFrame(1, 9, 0x01000030, words, 0, 12),
    checksumFrame(1, 8, 0x02000030, words, 0, 12),
  ];
  expect(new Set(sums).size).toBe(4);
});

test("a million neighbouring frames collide no more often than random numbers would", () => {
  const words = new Int32Array(12);
  const sums = new Set<number>();
  for (let number = 0; number < 1_000_000; number++) {
    words[0] = number;
    sums.add(checksumFrame(1, number * 7, 0x01000030, words, 0, 12));
  }
  // Random 32-bit numbers: n²/2^33 = 116 pairs expected, standard deviation 11.
  expect(1_000_000 - sums.size).toBeLessThan(116 + 6 * 11);
});
