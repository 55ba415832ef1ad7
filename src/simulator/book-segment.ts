import type { Uuid } from "./uuid.ts";

/**
 * 65,535 records of a processor's book in columns, with a hash index over their ids:
 *
 *   record r   ids[4r..4r+3]   cents[r]   micros[r]             32 bytes
 *   index      slots[hash(id)] = r + 1, 0 = free, linear probing, at most half full
 *
 * 2.4 MB when full. The count is one less than 2^16 so that r + 1 fits into a slot of 16 bits.
 */
export const SEGMENT_RECORDS = 65_535;

const SLOTS = 131_072;

/**
 * Sums stay in a double while it is exact (beyond, they move to a bigint). It is, because one amount is at
 * most as large as the mark at which the double is emptied: 2^52 + 2^52 = 2^53.
 */
export const AMOUNT_CENTS_MAX = 2 ** 52;

/** A sum of cents that is exact whatever is added, and cheap while it is small. */
export class CentsSum {
  #small = 0;
  #large = 0n;

  add(cents: number): void {
    this.#small += cents;
    if (Math.abs(this.#small) > AMOUNT_CENTS_MAX) {
      this.#large += BigInt(this.#small);
      this.#small = 0;
    }
  }

  addSum(sum: CentsSum): void {
    this.#large += sum.total;
  }

  get total(): bigint {
    return this.#large + BigInt(this.#small);
  }
}

export class BookSegment {
  readonly #ids = new Uint32Array(SEGMENT_RECORDS * 4);
  readonly #cents = new Float64Array(SEGMENT_RECORDS);
  readonly #micros = new Float64Array(SEGMENT_RECORDS);
  readonly #slots = new Uint16Array(SLOTS);
  readonly #sum = new CentsSum();
  #count = 0;
  #earliest = Number.POSITIVE_INFINITY;
  #latest = Number.NEGATIVE_INFINITY;

  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count === SEGMENT_RECORDS;
  }

  /** Adds a record; the caller has made sure that the segment is not full and does not have the id. */
  append(id: Uuid, cents: number, micros: number): void {
    const record = this.#count++;
    const at = record * 4;
    this.#ids[at] = id.w0;
    this.#ids[at + 1] = id.w1;
    this.#ids[at + 2] = id.w2;
    this.#ids[at + 3] = id.w3;
    this.#cents[record] = cents;
    this.#micros[record] = micros;
    this.#sum.add(cents);
    this.#earliest = Math.min(this.#earliest, micros);
    this.#latest = Math.max(this.#latest, micros);
    let slot = hash(id);
    while (this.#slots[slot] !== 0) slot = (slot + 1) % SLOTS;
    this.#slots[slot] = record + 1;
  }

  /** The record with this id, or -1. */
  indexOf(id: Uuid): number {
    for (let slot = hash(id); ; slot = (slot + 1) % SLOTS) {
      const entry = this.#slots[slot];
      if (entry === undefined || entry === 0) return -1;
      const at = (entry - 1) * 4;
      const ids = this.#ids;
      if (ids[at] === id.w0 && ids[at + 1] === id.w1 && ids[at + 2] === id.w2 && ids[at + 3] === id.w3) {
        return entry - 1;
      }
    }
  }

  /** What record `record` says; it must exist. */
  read(record: number): { id: Uuid; cents: number; requestedAtMicros: number } {
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = this.#ids.subarray(record * 4, record * 4 + 4);
    const id = { w0, w1, w2, w3 };
    return { id, cents: this.#cents[record] ?? 0, requestedAtMicros: this.#micros[record] ?? 0 };
  }

  /** Adds the amounts requested within the bounds, both inclusive, to `sum`; returns how many they are. */
  sumBetween(fromMicros: number, toMicros: number, sum: CentsSum): number {
    // Most segments lie wholly inside or outside: only those at an edge of the window are read.
    if (fromMicros > this.#latest || toMicros < this.#earliest) return 0;
    if (fromMicros <= this.#earliest && this.#latest <= toMicros) {
      sum.addSum(this.#sum);
      return this.#count;
    }
    let found = 0;
    for (let record = 0; record < this.#count; record++) {
      const micros = this.#micros[record] ?? 0;
      if (micros < fromMicros || micros > toMicros) continue;
      sum.add(this.#cents[record] ?? 0);
      found++;
    }
    return found;
  }
}

/** Ids need not be random (tests count them up), so all four words are mixed (murmur3's finaliser). */
function hash({ w0, w1, w2, w3 }: Uuid): number {
  let mixed = w0 ^ Math.imul(w1, 0x85ebca6b) ^ Math.imul(w2, 0xc2b2ae35) ^ Math.imul(w3, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) % SLOTS;
}
