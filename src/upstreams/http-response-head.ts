/** Where a response's body ends (RFC 9112, 6.3). */
export type BodyFraming = "none" | "length" | "chunked" | "until-close";

/** The status line and header fields of a response, and what they say about the connection. */
export interface ResponseHead {
  readonly status: number;
  readonly framing: BodyFraming;
  /** Bytes of the body if `framing` is "length", otherwise 0. */
  readonly contentLength: number;
  /** Whether the connection may carry another request afterwards. */
  readonly keepAlive: boolean;
  /** The head as it came, up to and with the line end of its last line. */
  readonly text: string;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\r\n\0]*)?\r\n/;
// One field, from lastIndex on. No space before the colon and no folded lines: both are smuggling classics
// (RFC 9112, 5.1 and 5.2). A lone CR or LF ends no line here, so that it makes the head unreadable.
const FIELD_LINE = /[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*\r\n/y;
const LENGTH_DIGITS = /^\d{1,15}$/;

/**
 * Reads a response's head, `text` being everything before the empty line, its last line end included.
 *
 * @returns null if it is no HTTP/1.x head, or one whose framing is ambiguous
 */
export function parseResponseHead(text: string): ResponseHead | null {
  const statusLine = STATUS_LINE.exec(text);
  if (statusLine === null) return null;
  let contentLength: string | undefined;
  let transferEncoding: string | undefined;
  let connection: string | undefined;
  let at = statusLine[0].length;
  while (at < text.length) {
    FIELD_LINE.lastIndex = at;
    if (!FIELD_LINE.test(text)) return null;
    const end = FIELD_LINE.lastIndex;
    const colon = text.indexOf(":", at);
    // Only the fields that frame the message are taken out; the length tells most others apart for free.
    switch (colon - at) {
      case 10:
        if (isField(text, at, "connection")) connection = joined(connection, text.slice(colon + 1, end - 2));
        break;
      case 14:
        if (isField(text, at, "content-length")) {
          const value = text.slice(colon + 1, end - 2).trim();
          // The same length twice is harmless, two different ones are not (RFC 9112, 6.3, 5).
          if (contentLength !== undefined && contentLength !== value) return null;
          contentLength = value;
        }
        break;
      case 17:
        if (isField(text, at, "transfer-encoding")) {
          transferEncoding = joined(transferEncoding, text.slice(colon + 1, end - 2));
        }
        break;
    }
    at = end;
  }
  const status = Number(statusLine[2]);
  const keepAlive = staysOpen(statusLine[1] === "1", connection);
  const framed = bodyFraming(status, contentLength, transferEncoding);
  if (framed === null) return null;
  const [framing, length] = framed;
  return { status, framing, contentLength: length, keepAlive: keepAlive && framing !== "until-close", text };
}

/** The value of a header of `head`, in any letter case; several are joined with ", ". */
export function headerOf(head: ResponseHead, name: string): string | undefined {
  const wanted = name.toLowerCase();
  let value: string | undefined;
  let at = head.text.indexOf("\r\n") + 2;
  while (at < head.text.length) {
    const end = head.text.indexOf("\r\n", at);
    const colon = head.text.indexOf(":", at);
    if (colon - at === wanted.length && isField(head.text, at, wanted)) {
      value = joined(value, head.text.slice(colon + 1, end));
    }
    at = end + 2;
  }
  return value;
}

function isField(text: string, at: number, name: string): boolean {
  return text.slice(at, at + name.length).toLowerCase() === name;
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value.trim() : `${before}, ${value.trim()}`;
}

/** HTTP/1.1 connections stay open unless told otherwise, 1.0 ones the other way round (RFC 9112, 9.3). */
function staysOpen(isVersion11: boolean, connection: string | undefined): boolean {
  if (connection === undefined) return isVersion11;
  const options = connection.toLowerCase().split(",");
  if (options.some((option) => option.trim() === "close")) return false;
  return isVersion11 || options.some((option) => option.trim() === "keep-alive");
}

function bodyFraming(
  status: number,
  contentLength: string | undefined,
  transferEncoding: string | undefined,
): [BodyFraming, number] | null {
  if (contentLength !== undefined && !LENGTH_DIGITS.test(contentLength)) return null;
  if (status < 200 || status === 204 || status === 304) return ["none", 0];
  if (transferEncoding !== undefined) {
    // Both at once "ought to be handled as an error" (RFC 9112, 6.3, 3); other codings were not asked for.
    if (contentLength !== undefined || transferEncoding.toLowerCase() !== "chunked") return null;
    return ["chunked", 0];
  }
  if (contentLength !== undefined) return ["length", Number(contentLength)];
  return ["until-close", 0];
}
