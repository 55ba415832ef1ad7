import { expect, test } from "bun:test";
import { SharedWords } from "./shared-words.ts";

function makeWords(intCount: number, floatCount: number): SharedWords {
  return new SharedWords(new SharedArrayBuffer(SharedWords.bytes(intCount, floatCount)), intCount);
}

test("slots are apart from each other, also behind an odd number of ints", () => {
  const words = makeWords(3, 2);
  expect([words.intCount, words.floatCount]).toEqual([3, 2]);
  for (let slot = 0; slot < 3; slot++) words.storeInt(slot, slot - 1);
  for (let slot = 0; slot < 2; slot++) words.writeFloat(slot, slot + 0.5);
  expect([0, 1, 2].map((slot) => words.loadInt(slot))).toEqual([-1, 0, 1]);
  expect([0, 1].map((slot) => words.readFloat(slot))).toEqual([0.5, 1.5]);
});

test("adding gives the int before, and keeps the sum of the floats", () => {
  const words = makeWords(1, 1);
  expect([words.addInt(0, 5), words.addInt(0, -2), words.loadInt(0)]).toEqual([0, 5, 3]);
  words.addFloat(0, 1.25);
  words.addFloat(0, 1.25);
  expect(words.readFloat(0)).toBe(2.5);
});

test("another thread's view of the same memory has the same slots", () => {
  const memory = new SharedArrayBuffer(SharedWords.bytes(2, 1));
  const [one, other] = [new SharedWords(memory, 2), new SharedWords(memory, 2)];
  one.storeInt(1, 7);
  one.writeFloat(0, Number.MAX_VALUE);
  expect([other.loadInt(1), other.readFloat(0)]).toEqual([7, Number.MAX_VALUE]);
});

test("a slot that does not exist is a loud mistake", () => {
  const words = makeWords(2, 1);
  for (const slot of [-1, 2]) {
    expect(() => words.loadInt(slot)).toThrow(RangeError);
    expect(() => words.storeInt(slot, 1)).toThrow(RangeError);
    expect(() => words.readFloat(slot)).toThrow(RangeError);
    expect(() => words.writeFloat(slot, 1)).toThrow(RangeError);
    expect(() => words.addFloat(slot, 1)).toThrow(RangeError);
  }
});
