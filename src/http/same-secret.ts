import { createHash, timingSafeEqual } from "node:crypto";

/**
 * A secret that callers must show, kept as its digest. Digests have one length, and are compared whole: the time a
 * comparison takes tells neither the secret's length nor where what was sent differs from it.
 */
export class KnownSecret {
  readonly #digest: Buffer;
  readonly #compare: typeof timingSafeEqual;

  /** @param compare for tests; default: `timingSafeEqual` */
  constructor(secret: string, compare = timingSafeEqual) {
    this.#digest = digestOf(secret);
    this.#compare = compare;
  }

  /** Whether `sent` is the secret. */
  matches(sent: string): boolean {
    return this.#compare(digestOf(sent), this.#digest);
  }
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
