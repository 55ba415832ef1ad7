import { describe, expect, test } from "bun:test";
import { IdsInFlight } from "./ids-in-flight.ts";

function idOf(number: number): Uint8Array {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(4, number);
  return id;
}

const SEED = Number(process.env["TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
console.log(`ids in flight: TEST_SEED=${SEED}`);

describe("ids in flight", () => {
  test("are known with their amount until the store has committed past them", () => {
    const ids = new IdsInFlight(SEED);
    ids.add(idOf(1), 100, 7);
    ids.add(idOf(2), 200, 14);
    expect(ids.amountOf(idOf(1))).toBe(100);
    ids.forgetUpTo(13);
    expect([ids.amountOf(idOf(1)), ids.amountOf(idOf(2)), ids.size]).toEqual([undefined, 200, 1]);
    ids.forgetUpTo(14);
    expect([ids.amountOf(idOf(2)), ids.size]).toEqual([undefined, 0]);
  });

  test("leave in the order of arrival, however many there are, also where positions wrap at 2^32", () => {
    const ids = new IdsInFlight(SEED);
    let head = 2 ** 32 - 7 * 500;
    let left = 0;
    const heads: number[] = [];
    for (let number = 0; number < 5_000; number++) {
      head = (head + 7) >>> 0;
      heads.push(head);
      ids.add(idOf(number), number, head);
      // Gathers up to 1,000, so that the circle grows while it is turned anywhere.
      if (number % 3 === 0 && number - left > 1_000 - (number % 900)) {
        left += Math.min(400, number - left);
        ids.forgetUpTo(heads[left - 1] ?? 0);
      }
      expect(ids.size).toBe(number + 1 - left);
      expect(ids.amountOf(idOf(left))).toBe(left);
      const between = left + (number % (number - left + 1));
      expect(ids.amountOf(idOf(between))).toBe(between);
      if (left > 0) expect(ids.amountOf(idOf(left - 1))).toBeUndefined();
    }
    ids.forgetUpTo(head);
    expect(ids.size).toBe(0);
  });

  test("are all forgotten at once", () => {
    const ids = new IdsInFlight(SEED);
    for (let number = 0; number < 100; number++) ids.add(idOf(number), number, 7 * number);
    ids.forgetUpTo(70);
    ids.clear();
    expect([ids.size, ids.amountOf(idOf(50))]).toEqual([0, undefined]);
    ids.add(idOf(50), 3, 700);
    expect(ids.amountOf(idOf(50))).toBe(3);
    ids.forgetUpTo(700);
    expect(ids.size).toBe(0);
  });

  test("differ in every byte", () => {
    const ids = new IdsInFlight(SEED);
    ids.add(idOf(0), 1, 7);
    for (let index = 0; index < 16; index++) {
      const other = idOf(0);
      other[index] = 1;
      expect(ids.amountOf(other)).toBeUndefined();
    }
  });
});
