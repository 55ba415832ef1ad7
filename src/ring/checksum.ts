/**
 * A 32-bit checksum over 32-bit words, made for frames of a few dozen bytes: one multiplication per word,
 * no table, no allocation. Every step is a bijection of the running hash for a given word, and of the word
 * for a given hash; so a change within one word is always found, any other with 1 - 2^-32. It finds
 * accidents (torn, stale, overwritten memory), not forgery: whoever may write the file may also compute it.
 */

/** 2^32 divided by the golden ratio, odd: the multiplier of Fibonacci hashing (Knuth, TAOCP 6.4). */
const MULTIPLIER = 0x9e3779b1;

/** Takes one word into the running hash. */
export function mixWord(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, MULTIPLIER);
  return product ^ (product >>> 15);
}

/** Spreads the last words over all bits (the finalizer of MurmurHash3). */
function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Hash of `words[from]` to `words[to - 1]`, a signed 32-bit integer. */
export function checksumWords(seed: number, words: Int32Array, from: number, to: number): number {
  let hash = seed;
  // `to` is within the array, so the `?? 0` only satisfies the compiler; it costs nothing measurable.
  for (let index = from; index < to; index++) hash = mixWord(hash, words[index] ?? 0);
  return finish(hash);
}

/**
 * Checksum of one frame, a signed 32-bit integer.
 *
 * @param seed from the ring's generation: a frame of another ring never passes for one of this ring
 * @param position of the frame: a frame of an older lap never passes for one of this lap
 * @param header the frame's first word, kind and length
 * @param from first word of the payload
 * @param to word behind the payload and its padding
 */
export function checksumFrame(
  seed: number,
  position: number,
  header: number,
  words: Int32Array,
  from: number,
  to: number,
): number {
  return checksumWords(mixWord(mixWord(seed, position), header), words, from, to);
}
