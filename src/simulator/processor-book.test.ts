import { describe, expect, test } from "bun:test";
import { AMOUNT_CENTS_MAX, SEGMENT_RECORDS } from "./book-segment.ts";
import { ProcessorBook } from "./processor-book.ts";
import { formatUuid, parsePathUuid, parseUuid, type Uuid } from "./uuid.ts";

const { SIMULATOR_SEED } = process.env;
const SEED = Number(SIMULATOR_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`SIMULATOR_SEED=${SEED}`);

const counted = (number: number): Uuid => ({ w0: 0, w1: 0, w2: 0, w3: number });
const newBook = (recordsMax = 2_000_000) => new ProcessorBook(recordsMax, () => {});

/** A sequence of integers in 0..max-1 that only the seed decides (Lehmer's generator). */
function seededIntegers(seed: number): (max: number) => number {
  let state = (seed % 2_147_483_646) + 1;
  return (max) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % max;
  };
}

describe("a processor's book", () => {
  test("does what a plain list does, over several segments", () => {
    const next = seededIntegers(SEED);
    const book = newBook();
    const model = new Map<number, { cents: number; micros: number }>();
    const count = 2 * SEGMENT_RECORDS + 1000;
    for (let insert = 0; insert < count; insert++) {
      const id = next(2 * count);
      const cents = next(1_000_000) - 1000;
      const micros = insert * 10 + next(1000);
      expect(book.insert(counted(id), cents, micros)).toBe(!model.has(id));
      if (!model.has(id)) model.set(id, { cents, micros });
    }
    const rows = [...model.values()];
    const sum = (part: typeof rows) => BigInt(part.reduce((total, { cents }) => total + cents, 0));
    expect(book.summarize()).toEqual({ totalRequests: model.size, totalCents: sum(rows) });
    for (let window = 0; window < 30; window++) {
      const from = rows[next(rows.length)]?.micros ?? 0;
      const to = from + next(count * 10);
      const inside = rows.filter(({ micros }) => micros >= from && micros <= to);
      expect(book.summarize(from, to)).toEqual({ totalRequests: inside.length, totalCents: sum(inside) });
    }
    for (let id = 0; id < 2 * count; id += 97) {
      const found = book.find(counted(id));
      const expected = model.get(id);
      expect(found && { cents: found.cents, micros: found.requestedAtMicros }).toEqual(expected ?? null);
    }
    expect([...book.records()]).toHaveLength(model.size);
  });

  test("sums the largest amounts exactly", () => {
    const book = newBook();
    for (let number = 0; number < 1001; number++) book.insert(counted(number), AMOUNT_CENTS_MAX - number, 0);
    const expected = 1001n * BigInt(AMOUNT_CENTS_MAX) - 500_500n;
    expect(book.summarize()).toEqual({ totalRequests: 1001, totalCents: expected });
    expect(book.summarize(0, 0).totalCents).toBe(expected);
  });

  test("forgets the oldest segment when it is full, and says so", () => {
    const forgotten: number[] = [];
    const book = new ProcessorBook(2 * SEGMENT_RECORDS, (records) => forgotten.push(records));
    for (let number = 0; number < 2 * SEGMENT_RECORDS; number++) book.insert(counted(number), 1, number);
    expect(forgotten).toEqual([]);
    book.insert(counted(2 * SEGMENT_RECORDS), 1, 0);
    expect(forgotten).toEqual([SEGMENT_RECORDS]);
    expect(book.find(counted(0))).toBeNull();
    expect(book.find(counted(SEGMENT_RECORDS))).not.toBeNull();
    expect(book.summarize().totalRequests).toBe(SEGMENT_RECORDS + 1);
  });

  test("is empty after a purge", () => {
    const book = newBook();
    book.insert(counted(1), 5, 0);
    book.purge();
    expect(book.summarize()).toEqual({ totalRequests: 0, totalCents: 0n });
    expect(book.insert(counted(1), 5, 0)).toBe(true);
  });
});

describe("uuid", () => {
  const TEXT = "01234567-89ab-4cde-8f01-23456789abcd";

  test("reads back what it writes, in any letter case", () => {
    const id = parseUuid(TEXT.toUpperCase());
    expect(id && formatUuid(id)).toBe(TEXT);
  });

  test("a path may also have it without dashes, in braces or in parentheses; JSON may not", () => {
    const plain = TEXT.replaceAll("-", "");
    for (const text of [plain, `{${TEXT}}`, `(${TEXT})`]) {
      expect(parsePathUuid(text)).toEqual(parseUuid(TEXT));
      expect(parseUuid(text)).toBeNull();
    }
    for (const text of ["", `{${plain}}`, `{${TEXT})`, `${TEXT}0`]) expect(parsePathUuid(text)).toBeNull();
  });
});
