import { UUID_BYTES } from "../../domain/uuid.ts";

/**
 * The ids of this replica's acknowledged payments that are not committed yet: only until then main must
 * recognise a repeat itself; afterwards the database does.
 *
 * A circle of entries in the order of arrival, which is the order in which they leave, and chains through the
 * entries whose ids have the same hash, the youngest first:
 *
 *   entries   │ … │ a │ b │ c │ d │ … │      buckets   │ d ──► a │   │ c ──► b │ … │
 *                   ▲ first         ▲ first + size
 *
 * Typed arrays, because a Map that is filled and emptied all the time is dear: its tables are replaced over and
 * over, and each one that has grown old keeps its successors from being collected (JavaScriptCore links them).
 */
export class IdsInFlight {
  readonly #seed: number;
  #entries = createEntries(CAPACITY_FIRST);
  #first = 0;
  #size = 0;

  /** @param seed any integer; drawn at random, so that no client can choose ids that share a bucket */
  constructor(seed: number) {
    this.#seed = seed | 1;
  }

  get size(): number {
    return this.#size;
  }

  /** The amount under which the id in these 16 bytes was acknowledged, or undefined if it is not in flight. */
  amountOf(id: Uint8Array): number | undefined {
    const { mask, buckets, next, ids, amounts } = this.#entries;
    for (let entry = at(buckets, this.#hash(id) & mask); entry !== NONE; entry = at(next, entry)) {
      if (isSame(ids, entry * UUID_BYTES, id)) return amounts[entry];
    }
    return undefined;
  }

  /** Notes an acknowledged payment, which is not in flight. @param head the intake log's head behind its frame */
  add(id: Uint8Array, amountCents: number, head: number): void {
    if (this.#size > this.#entries.mask) this.#grow();
    const { mask, ids, amounts, heads } = this.#entries;
    const entry = (this.#first + this.#size) & mask;
    ids.set(id, entry * UUID_BYTES);
    amounts[entry] = amountCents;
    heads[entry] = head;
    this.#size++;
    this.#link(entry, this.#hash(id));
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.buckets.fill(NONE);
    this.#size = 0;
  }

  /** Forgets what is committed. @param tail position up to which the store has committed */
  forgetUpTo(tail: number): void {
    const { mask, heads } = this.#entries;
    // Signed distance: positions wrap at 2^32.
    while (this.#size > 0 && ((at(heads, this.#first) - tail) | 0) <= 0) {
      this.#unlink(this.#first);
      this.#first = (this.#first + 1) & mask;
      this.#size--;
    }
  }

  #link(entry: number, hash: number): void {
    const { mask, buckets, hashes, next } = this.#entries;
    hashes[entry] = hash;
    next[entry] = at(buckets, hash & mask);
    buckets[hash & mask] = entry;
  }

  /** The oldest entry is the last of its chain, and chains are short. */
  #unlink(entry: number): void {
    const { mask, buckets, hashes, next } = this.#entries;
    const bucket = at(hashes, entry) & mask;
    let before = at(buckets, bucket);
    if (before === entry) {
      buckets[bucket] = NONE;
      return;
    }
    while (at(next, before) !== entry) before = at(next, before);
    next[before] = NONE;
  }

  #grow(): void {
    const old = this.#entries;
    const length = old.mask + 1;
    this.#entries = createEntries(2 * length);
    for (let index = 0; index < length; index++) {
      const entry = (this.#first + index) & old.mask;
      this.#entries.ids.set(
        old.ids.subarray(entry * UUID_BYTES, (entry + 1) * UUID_BYTES),
        index * UUID_BYTES,
      );
      this.#entries.amounts[index] = at(old.amounts, entry);
      this.#entries.heads[index] = at(old.heads, entry);
      this.#link(index, at(old.hashes, entry));
    }
    this.#first = 0;
  }

  #hash(id: Uint8Array): number {
    let hash = this.#seed;
    for (let index = 0; index < UUID_BYTES; index++) hash = Math.imul(hash ^ at(id, index), 0x01000193);
    return hash ^ (hash >>> 15);
  }
}

/** A power of two: a few milliseconds of the usual load. It doubles up to what the intake log holds. */
const CAPACITY_FIRST = 64;
const NONE = -1;

function createEntries(capacity: number) {
  return {
    mask: capacity - 1,
    buckets: new Int32Array(capacity).fill(NONE),
    next: new Int32Array(capacity),
    hashes: new Int32Array(capacity),
    heads: new Int32Array(capacity),
    amounts: new Float64Array(capacity),
    ids: new Uint8Array(capacity * UUID_BYTES),
  };
}

/** Every index here is inside its array; the compiler cannot know. */
function at(array: Int32Array | Float64Array | Uint8Array, index: number): number {
  return array[index] ?? 0;
}

function isSame(ids: Uint8Array, offset: number, id: Uint8Array): boolean {
  for (let index = 0; index < UUID_BYTES; index++) if (ids[offset + index] !== id[index]) return false;
  return true;
}
