import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Card } from "../../domain/card.ts";

/**
 * Cards on their way to the gateway. A card is sealed on main before it enters the intake log, and opened in the
 * dispatch thread for a call; between them, in the log, the database and the task frames, there is only this:
 *
 *   base64 ( nonce 12 bytes · tag 16 bytes · AES-256-GCM of the card's JSON, bound to the order's id )
 *
 * The key is made at the start of the process and exists in its memory alone. So what is on disk can be read by
 * nobody once the process has ended, and by no other replica while it runs: the tasks of an order stay at the
 * replica that accepted it (`tasks.home`), and an order whose card cannot be opened fails with `card_lost`.
 */
export class CardSeal {
  static readonly KEY_BYTES = 32;
  readonly #key: Uint8Array;

  /** @param key KEY_BYTES random bytes, the same in every thread of the process */
  constructor(key: Uint8Array) {
    if (key.length !== CardSeal.KEY_BYTES) throw new RangeError("a card key has 32 bytes");
    this.#key = key;
  }

  /** A new key for one life of a process. */
  static newKey(): Uint8Array {
    return new Uint8Array(randomBytes(CardSeal.KEY_BYTES));
  }

  /** @param orderId the only order that the card may be used for */
  seal(card: Card, orderId: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    cipher.setAAD(Buffer.from(orderId));
    const sealed = Buffer.concat([cipher.update(JSON.stringify(card), "utf8"), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64");
  }

  /** The card, or null if another process sealed it, for another order, or somebody changed a bit. */
  open(sealedText: string, orderId: string): Card | null {
    const bytes = Buffer.from(sealedText, "base64");
    if (bytes.length <= NONCE_BYTES + TAG_BYTES) return null;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", this.#key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(orderId));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      const sealed = bytes.subarray(NONCE_BYTES + TAG_BYTES);
      const text = Buffer.concat([decipher.update(sealed), decipher.final()]).toString("utf8");
      // The tag proves that seal() wrote it.
      return JSON.parse(text) as Card;
    } catch {
      return null;
    }
  }
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
