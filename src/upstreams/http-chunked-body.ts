import type { ByteCollector } from "./byte-collector.ts";

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
const SPACE = 0x20;
const TAB = 0x09;

/** A size of more digits would be far over any limit of ours. */
const SIZE_DIGITS_MAX = 8;
/** Chunk extensions and trailers are skipped; the bound keeps a peer from sending nothing else. */
const SKIPPED_BYTES_MAX = 16 * 1024;

/**
 * A body in chunks (RFC 9112, 7.1), read byte by byte where it is framing and in one piece where it is data:
 *
 *   size ──► extension ──► size-end ──► data ──► data-cr ──► data-lf ──► size …
 *                             │ size 0
 *                             └──► line ──► (trailer ──► trailer-lf ──► line …) ──► last-lf ──► done
 *
 * Any byte that does not fit leads to `broken`, for good.
 */
type State =
  | "size"
  | "extension"
  | "size-end"
  | "data"
  | "data-cr"
  | "data-lf"
  | "line"
  | "trailer"
  | "trailer-lf"
  | "last-lf"
  | "done"
  | "broken";

export class ChunkedBody {
  readonly #body: ByteCollector;
  #state: State = "size";
  #size = 0;
  #sizeDigits = 0;
  #skippedBytes = 0;

  /** @param body where the data goes; its limit is the body's limit */
  constructor(body: ByteCollector) {
    this.#body = body;
  }

  get done(): boolean {
    return this.#state === "done";
  }

  get broken(): boolean {
    return this.#state === "broken";
  }

  /** Reads on from `chunk[at]`; returns the position behind the last byte that belongs to the body. */
  feed(chunk: Buffer, at: number): number {
    let next = at;
    while (next < chunk.length && this.#state !== "done" && this.#state !== "broken") {
      if (this.#state === "data") {
        const end = Math.min(chunk.length, next + this.#size);
        this.#size -= end - next;
        if (!this.#body.append(chunk, next, end)) this.#state = "broken";
        else if (this.#size === 0) this.#state = "data-cr";
        next = end;
      } else {
        // In range by the loop's condition.
        this.#state = this.#afterFramingByte(chunk[next] ?? LF);
        next++;
      }
    }
    return next;
  }

  #afterFramingByte(byte: number): State {
    switch (this.#state) {
      case "size":
        return this.#afterSizeByte(byte);
      case "extension":
        return byte === CR ? "size-end" : this.#skip(byte, "extension");
      case "size-end":
        if (byte !== LF) return "broken";
        this.#sizeDigits = 0;
        return this.#size === 0 ? "line" : "data";
      case "data-cr":
        return byte === CR ? "data-lf" : "broken";
      case "data-lf":
        return byte === LF ? "size" : "broken";
      case "line":
        return byte === CR ? "last-lf" : this.#skip(byte, "trailer");
      case "trailer":
        return byte === CR ? "trailer-lf" : this.#skip(byte, "trailer");
      case "trailer-lf":
        return byte === LF ? "line" : "broken";
      case "last-lf":
        return byte === LF ? "done" : "broken";
      default:
        return "broken";
    }
  }

  #afterSizeByte(byte: number): State {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      return ++this.#sizeDigits <= SIZE_DIGITS_MAX ? "size" : "broken";
    }
    if (this.#sizeDigits === 0) return "broken";
    if (byte === CR) return "size-end";
    return byte === SEMICOLON || byte === SPACE || byte === TAB ? "extension" : "broken";
  }

  #skip(byte: number, state: State): State {
    return byte === LF || ++this.#skippedBytes > SKIPPED_BYTES_MAX ? "broken" : state;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}
