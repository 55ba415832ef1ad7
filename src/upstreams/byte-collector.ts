/**
 * Bytes that arrive in pieces, up to a limit. The usual case is one piece: it is kept as it came, without a
 * copy. From the second piece on a buffer of doubling size takes over, so that many tiny pieces cost linear
 * time.
 */
export class ByteCollector {
  readonly #limitBytes: number;
  #buffer: Buffer = EMPTY;
  #length = 0;

  /** @param limitBytes the most that is kept */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds `source[start, end)`; false, and nothing added, if that would go over the limit. */
  append(source: Buffer, start: number, end: number): boolean {
    const length = this.#length + end - start;
    if (length > this.#limitBytes) return false;
    if (this.#length === 0) {
      this.#buffer = source.subarray(start, end);
    } else {
      if (length > this.#buffer.length) this.#grow(length);
      source.copy(this.#buffer, this.#length, start, end);
    }
    this.#length = length;
    return true;
  }

  /** What was collected; valid until the next `append` or `clear`. */
  bytes(): Buffer {
    return this.#length === this.#buffer.length ? this.#buffer : this.#buffer.subarray(0, this.#length);
  }

  /** Forgets the bytes; those handed out stay with whom they were given to. */
  clear(): void {
    this.#buffer = EMPTY;
    this.#length = 0;
  }

  #grow(length: number): void {
    const grown = Buffer.allocUnsafe(Math.max(256, 2 * length));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

const EMPTY = Buffer.alloc(0);
