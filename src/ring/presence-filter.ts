import { checksumWords } from "./checksum.ts";

/**
 * Which ids have been stored, as a blocked Bloom filter (Putze, Sanders, Singler: "Cache-, Hash- and Space-Efficient
 * Bloom Filters", 2007): "no" is certain, "maybe" has to be looked up. It spares the usual payment, a new one, the
 * reading of a database that others write to.
 *
 *   byte 0    ┌────────────────────────────────────────────────────────────────┐
 *             │ magic 4 · format 4 · bytes 4 · complete 4 · seeds 2 × 4 ·       │
 *             │ key 32: the database and the boot of the machine it is valid for │
 *   byte 64   ├────────────────────────────────────────────────────────────────┤
 *             │ blocks of 64 bytes; an id sets three bits of one block           │
 *             └────────────────────────────────────────────────────────────────┘
 *
 * Bits are only ever set. So an id that is gone again stays a "maybe", and so does one whose transaction was rolled
 * back; whoever writes sets the bits before the commit that lets others see the id.
 */
const BLOCK_WORDS = 16;
const HEADER_WORDS = 16;
export const FILTER_HEADER_BYTES = HEADER_WORDS * 4;

/** "CATF" as a little-endian word. */
const MAGIC = 0x46544143;
const FORMAT = 1;

const MAGIC_WORD = 0;
const FORMAT_WORD = 1;
const BYTES_WORD = 2;
const COMPLETE_WORD = 3;
const BLOCK_SEED_WORD = 4;
const BIT_SEED_WORD = 5;
const KEY_WORD = 6;
const KEY_WORDS = 8;
export const FILTER_KEY_BYTES = KEY_WORDS * 4;

const ID_BYTES = 16;

export class PresenceFilter {
  readonly #words: Int32Array;
  readonly #blockMask: number;
  readonly #blockSeed: number;
  readonly #bitSeed: number;
  /** The id being looked at, as bytes and as words. */
  readonly #idWords = new Int32Array(ID_BYTES / 4);
  readonly #idBytes = new Uint8Array(this.#idWords.buffer);

  /** @param words the whole memory of a filter, header included */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#blockMask = (words.length - HEADER_WORDS) / BLOCK_WORDS - 1;
    this.#blockSeed = words[BLOCK_SEED_WORD] ?? 0;
    this.#bitSeed = words[BIT_SEED_WORD] ?? 0;
  }

  /** Whether every id that is stored is in it; before that a "no" means nothing. */
  get isComplete(): boolean {
    return Atomics.load(this.#words, COMPLETE_WORD) === 1;
  }

  set isComplete(isComplete: boolean) {
    Atomics.store(this.#words, COMPLETE_WORD, isComplete ? 1 : 0);
  }

  /** Size of the blocks, bytes. */
  get sizeBytes(): number {
    return (this.#blockMask + 1) * BLOCK_WORDS * 4;
  }

  /** Notes an id. Any number of threads and processes may do so at once. @param id its 16 bytes */
  add(id: Uint8Array): void {
    const block = this.#blockOf(id);
    let bits = this.#bitsOf();
    for (let round = 0; round < 3; round++, bits >>>= 9) {
      Atomics.or(this.#words, block + ((bits >>> 5) & 15), 1 << (bits & 31));
    }
  }

  /** False if the id was certainly never added. @param id its 16 bytes */
  mayHold(id: Uint8Array): boolean {
    const block = this.#blockOf(id);
    let bits = this.#bitsOf();
    for (let round = 0; round < 3; round++, bits >>>= 9) {
      if ((Atomics.load(this.#words, block + ((bits >>> 5) & 15)) & (1 << (bits & 31))) === 0) return false;
    }
    return true;
  }

  /** First word of the id's block. */
  #blockOf(id: Uint8Array): number {
    this.#idBytes.set(id);
    const hash = checksumWords(this.#blockSeed, this.#idWords, 0, ID_BYTES / 4);
    return HEADER_WORDS + (hash & this.#blockMask) * BLOCK_WORDS;
  }

  /** Three times 9 bits, each a place in a block, for the id that #blockOf has looked at. */
  #bitsOf(): number {
    return checksumWords(this.#bitSeed, this.#idWords, 0, ID_BYTES / 4);
  }
}

/**
 * Writes the header of an empty filter into zeroed memory.
 * @param words header and blocks; of the blocks there is a power of two
 * @param key 32 bytes, see isFilterFor
 * @param isComplete whether nothing is stored yet
 */
export function writeFilterHeader(words: Int32Array, key: Uint8Array, isComplete: boolean): void {
  words[MAGIC_WORD] = MAGIC;
  words[FORMAT_WORD] = FORMAT;
  words[BYTES_WORD] = words.byteLength;
  words[COMPLETE_WORD] = isComplete ? 1 : 0;
  // Drawn at random, so that no client can choose ids that fill one block.
  crypto.getRandomValues(words.subarray(BLOCK_SEED_WORD, BIT_SEED_WORD + 1));
  words.set(new Int32Array(key.slice().buffer), KEY_WORD);
}

/** Whether a file's header is that of a filter with this key. @param sizeBytes of the whole file */
export function isFilterFor(header: Int32Array, sizeBytes: number, key: Uint8Array): boolean {
  const keyWords = new Int32Array(key.slice().buffer);
  return (
    header[MAGIC_WORD] === MAGIC &&
    header[FORMAT_WORD] === FORMAT &&
    header[BYTES_WORD] === sizeBytes &&
    keyWords.every((word, index) => header[KEY_WORD + index] === word)
  );
}
