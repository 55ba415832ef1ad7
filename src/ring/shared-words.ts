/**
 * A few numbers that several threads look at: gauges, phases, heartbeats.
 *
 *   ┌────────────┬────────────┬───┬─────────┬──────────────┬──────────────┬───┐
 *   │ int slot 0 │ int slot 1 │ … │ to 8    │ float slot 0 │ float slot 1 │ … │
 *   └────────────┴────────────┴───┴─────────┴──────────────┴──────────────┴───┘
 *     4 bytes each                            8 bytes each
 *
 * Int slots are atomic and sequentially consistent; any thread may write them. A float slot has exactly
 * one writing thread. It is read and written plainly: an aligned 8-byte access is not torn on the supported
 * 64-bit CPUs (x86-64, arm64), so a reader sees some value that was written, perhaps not yet the newest,
 * and learns nothing from it about other slots.
 *
 * Slots are not on cache lines of their own: for what changes a few thousand times a second, not more.
 */
export class SharedWords {
  /** Size of the memory for so many slots. */
  static bytes(intCount: number, floatCount: number): number {
    return bytesOfInts(intCount) + floatCount * 8;
  }

  readonly intCount: number;
  readonly floatCount: number;
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;

  /** @param intCount as given to `bytes`; the rest of the memory is float slots */
  constructor(memory: SharedArrayBuffer, intCount: number) {
    this.#ints = new Int32Array(memory, 0, intCount);
    this.#floats = new Float64Array(memory, bytesOfInts(intCount));
    this.intCount = intCount;
    this.floatCount = this.#floats.length;
  }

  /** @throws RangeError if there is no such slot, as do all methods */
  loadInt(slot: number): number {
    return Atomics.load(this.#ints, slot);
  }

  storeInt(slot: number, value: number): void {
    Atomics.store(this.#ints, slot, value);
  }

  /** Adds and returns the value before; wraps at 2^31. */
  addInt(slot: number, amount: number): number {
    return Atomics.add(this.#ints, slot, amount);
  }

  readFloat(slot: number): number {
    const value = this.#floats[slot];
    // A typed array answers a wrong index with undefined, and ignores the writing of one: a silent loss.
    if (value === undefined)
      throw new RangeError(`There is no float slot ${slot}, only ${this.floatCount} slots`);
    return value;
  }

  /** Only in the slot's one writing thread. */
  writeFloat(slot: number, value: number): void {
    this.readFloat(slot);
    this.#floats[slot] = value;
  }

  /** Only in the slot's one writing thread. */
  addFloat(slot: number, amount: number): void {
    this.#floats[slot] = this.readFloat(slot) + amount;
  }
}

/** Rounded up, so that the floats behind are aligned. */
function bytesOfInts(intCount: number): number {
  return Math.ceil(intCount / 2) * 8;
}
