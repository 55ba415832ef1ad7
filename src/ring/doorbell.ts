/**
 * Wakes the thread at the other end of a ring. Always in a SharedArrayBuffer: `Atomics.wait` does not work
 * on a mapped file.
 *
 *   word 0   value      counts the rings, wraps; what a waiter compares
 *   word 1   sleeping   1 while the waiter may be asleep; a ringer that sees 0 skips the notify
 *
 * One thread waits, any number may ring. The waiter's loop, in this order:
 *
 *   const seen = doorbell.value;             // 1. before looking
 *   while (consumer.next()) { … }            // 2. look
 *   doorbell.wait(seen, timeoutMs);          // 3. sleep only if nobody rang since 1
 *
 * and the ringer's: publish, then `ring`. README.md, "No wake-up is lost", says why that suffices.
 */
export class Doorbell {
  /** Room of one bell: two cache lines, so that neighbours in one buffer do not slow each other down. */
  static readonly BYTES = 128;

  readonly buffer: SharedArrayBuffer;
  readonly byteOffset: number;
  readonly #words: Int32Array<SharedArrayBuffer>;
  #isWaiting = false;

  /** Keep a doorbell referenced as long as anybody may wait on it. */
  constructor(buffer = new SharedArrayBuffer(Doorbell.BYTES), byteOffset = 0) {
    this.buffer = buffer;
    this.byteOffset = byteOffset;
    this.#words = new Int32Array(buffer, byteOffset, 2);
  }

  /** How often it was rung, modulo 2^32. Read it before looking for work, hand it to `wait`. */
  get value(): number {
    return Atomics.load(this.#words, VALUE);
  }

  /** Wakes the waiter if it sleeps. Call it after publishing; costs about 10 ns while the waiter is awake. */
  ring(): void {
    Atomics.add(this.#words, VALUE, 1);
    if (Atomics.load(this.#words, SLEEPING) === 1) Atomics.notify(this.#words, VALUE);
  }

  /**
   * Blocks this thread until the bell is rung, at most `timeoutMs` (fractions allowed). Returns at once if
   * it has been rung since its value was `seenValue`. May return without reason: look again.
   */
  wait(seenValue: number, timeoutMs: number): void {
    this.#lieDown(timeoutMs);
    Atomics.wait(this.#words, VALUE, seenValue, timeoutMs);
    this.#getUp();
  }

  /**
   * The same without blocking the thread. Does not keep the process alive. Bun keeps about 300 bytes for
   * every wait until its timeout has passed, even if it was rung at once: at 10,000 wake-ups per second a
   * timeout of 100 ms costs 0.3 MB, one of 10 s costs 30 MB.
   */
  async waitAsync(seenValue: number, timeoutMs: number): Promise<void> {
    this.#lieDown(timeoutMs);
    const wait = Atomics.waitAsync(this.#words, VALUE, seenValue, timeoutMs);
    if (wait.async) await wait.value;
    this.#getUp();
  }

  #lieDown(timeoutMs: number): void {
    // A second waiter would be left without its flag when the first gets up.
    if (this.#isWaiting) throw new Error("Somebody waits at this doorbell already: one waiter per doorbell");
    if (!Number.isFinite(timeoutMs)) throw new RangeError(`Every wait has a timeout, this one ${timeoutMs}`);
    this.#isWaiting = true;
    Atomics.store(this.#words, SLEEPING, 1);
  }

  #getUp(): void {
    Atomics.store(this.#words, SLEEPING, 0);
    this.#isWaiting = false;
  }
}

const VALUE = 0;
const SLEEPING = 1;
