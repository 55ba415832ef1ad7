import { ByteCollector } from "./byte-collector.ts";
import { ChunkedBody } from "./http-chunked-body.ts";
import { parseResponseHead, type ResponseHead } from "./http-response-head.ts";

/** Status line and header fields together; the bound that Kestrel, nginx and Node use or come near to. */
export const HEAD_BYTES_MAX = 16 * 1024;
/** Answers of upstreams are a few hundred bytes; more than this is not an answer to us. */
export const BODY_BYTES_MAX = 64 * 1024;

/** "reading" until the response is "complete" or known to be "unreadable", then that for good. */
export type ParserState = "reading" | "complete" | "unreadable";

const HEAD_END = Buffer.from("\r\n\r\n");
const HTTP_BEGIN = Buffer.from("HTTP/1.");

/**
 * Reads one HTTP/1.x response from pieces of any size (RFC 9112). Feed it until it says "complete" or
 * "unreadable"; call `finish` when the connection ends. One object per response.
 *
 *   head ──1xx──► head
 *     │
 *     ├── no body ─────────────────────► complete
 *     ├── length n ──► n bytes ────────► complete
 *     ├── chunked ───► last chunk ─────► complete
 *     └── until-close ──► finish() ────► complete
 */
export class HttpResponseParser {
  readonly #body = new ByteCollector(BODY_BYTES_MAX);
  #state: ParserState = "reading";
  #partialHead: ByteCollector | null = null;
  #head: ResponseHead | null = null;
  #chunks: ChunkedBody | null = null;

  get state(): ParserState {
    return this.#state;
  }

  /** The response's head as soon as it is complete, otherwise null. */
  get head(): ResponseHead | null {
    return this.#head;
  }

  /** The body, once the state is "complete". */
  get body(): Buffer {
    return this.#body.bytes();
  }

  /** Takes the next bytes; returns how many of them belong to this response: the rest is not its business. */
  feed(chunk: Buffer): number {
    let at = 0;
    while (this.#state === "reading" && at < chunk.length) {
      at = this.#head === null ? this.#readHead(chunk, at) : this.#readBody(this.#head, chunk, at);
    }
    return at;
  }

  /** The connection ended in order: completes a body that has no other end, spoils any other response. */
  finish(): ParserState {
    if (this.#state === "reading") {
      this.#state = this.#head?.framing === "until-close" ? "complete" : "unreadable";
    }
    return this.#state;
  }

  #readHead(chunk: Buffer, at: number): number {
    const partial = this.#partialHead;
    if (partial === null) {
      const end = chunk.indexOf(HEAD_END, at);
      if (end < 0) return this.#keepPartialHead(new ByteCollector(HEAD_BYTES_MAX), chunk, at, chunk.length);
      this.#takeHead(chunk, at, end);
      return end + HEAD_END.length;
    }
    // The empty line may be split: search from its first three bytes on, which are kept already.
    const before = partial.length;
    const taken = Math.min(chunk.length, at + HEAD_BYTES_MAX - before);
    this.#keepPartialHead(partial, chunk, at, taken);
    const kept = partial.bytes();
    const end = kept.indexOf(HEAD_END, Math.max(0, before - 3));
    if (end < 0) {
      if (partial.length === HEAD_BYTES_MAX) this.#state = "unreadable";
      return taken;
    }
    this.#partialHead = null;
    this.#takeHead(kept, 0, end);
    return at + end + HEAD_END.length - before;
  }

  #keepPartialHead(partial: ByteCollector, chunk: Buffer, start: number, end: number): number {
    this.#partialHead = partial;
    // What does not even begin like HTTP need not be read to its end, which may never come.
    if (!partial.append(chunk, start, end) || !beginsLikeHttp(partial.bytes())) this.#state = "unreadable";
    return end;
  }

  #takeHead(bytes: Buffer, start: number, end: number): void {
    const tooLong = end + HEAD_END.length - start > HEAD_BYTES_MAX;
    const head = tooLong ? null : parseResponseHead(bytes.toString("latin1", start, end + 2));
    // 101 would make the connection speak something else; nobody here asks for that.
    if (head === null || head.status === 101 || head.contentLength > BODY_BYTES_MAX) {
      this.#state = "unreadable";
    } else if (head.status >= 200) {
      this.#head = head;
      if (head.framing === "chunked") this.#chunks = new ChunkedBody(this.#body);
      else if (head.framing !== "until-close" && head.contentLength === 0) this.#state = "complete";
    }
  }

  #readBody(head: ResponseHead, chunk: Buffer, at: number): number {
    if (this.#chunks !== null) {
      const next = this.#chunks.feed(chunk, at);
      if (this.#chunks.done) this.#state = "complete";
      else if (this.#chunks.broken) this.#state = "unreadable";
      return next;
    }
    const missing = head.framing === "length" ? head.contentLength - this.#body.length : chunk.length;
    const end = Math.min(chunk.length, at + missing);
    if (!this.#body.append(chunk, at, end)) this.#state = "unreadable";
    else if (this.#body.length === head.contentLength && head.framing === "length") this.#state = "complete";
    return end;
  }
}

function beginsLikeHttp(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, HTTP_BEGIN.length);
  return HTTP_BEGIN.compare(bytes, 0, length, 0, length) === 0;
}
