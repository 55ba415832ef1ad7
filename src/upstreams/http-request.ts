import type { HttpResult } from "./http-result.ts";

/** The parts of a base URL that a call needs, taken apart once. */
export interface HttpOrigin {
  readonly tls: boolean;
  readonly hostname: string;
  readonly port: number;
  readonly hostHeader: string;
  /** Without a slash at its end; empty for the root. */
  readonly basePath: string;
}

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Begins with "/", is appended to the base URL's path, already percent-encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For all of it: waiting for a connection, connecting, sending and receiving. */
  readonly timeoutMs: number;
}

/** One request on its way, as the pool and its connections hand it around. */
export interface HttpCall {
  readonly payload: string | Uint8Array;
  readonly payloadBytes: number;
  /** On the clock of `performance.now()`, as all times in here. */
  readonly deadlineMs: number;
  sentAtMs: number;
  /** Already tried on a connection that was dead before it took a byte. */
  resent: boolean;
  readonly settle: (result: HttpResult) => void;
}

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
const PATH = /^\/[\x21-\x7e]*$/;
// They say where the request ends and to whom it goes: a second opinion from the caller is how requests are
// smuggled (RFC 9112, 11.2).
const OWN_HEADERS = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "expect",
  "upgrade",
]);

/**
 * Takes a base URL apart.
 *
 * @throws Error if it is no http(s) URL, or carries credentials, a query or a fragment.
 */
export function parseOrigin(baseUrl: string): HttpOrigin {
  const url = URL.parse(baseUrl);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new Error("an upstream's address must be a URL that begins with http:// or https://");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    // Not repeated in the message: it may hold a password.
    throw new Error("an upstream's address must not carry a user, a password, a query or a fragment");
  }
  const tls = url.protocol === "https:";
  return {
    tls,
    // An IPv6 address stands in brackets in a URL and without them in a connect.
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (tls ? 443 : 80) : Number(url.port),
    hostHeader: url.host,
    basePath: url.pathname.replace(/\/+$/, ""),
  };
}

/**
 * Header lines for a request, each with its line end.
 *
 * @throws Error for a name or value that would break the request's framing.
 */
export function renderHeaders(headers: Readonly<Record<string, string>>): string {
  let lines = "";
  for (const name in headers) {
    const value = headers[name] ?? "";
    if (!HEADER_NAME.test(name) || OWN_HEADERS.has(name.toLowerCase())) {
      throw new Error(`"${name}" is not a header that a caller may set`);
    }
    // The value is not repeated: it may be a secret.
    if (!HEADER_VALUE.test(value)) throw new Error(`header ${name} must be printable ASCII`);
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/**
 * The bytes of a request, as text as long as that is possible: the socket encodes text itself.
 *
 * @param fixedHeaders header lines that every request to this origin carries, from `renderHeaders`
 * @throws Error for a path or header that would break the request's framing.
 */
export function renderRequest(
  origin: HttpOrigin,
  fixedHeaders: string,
  request: HttpRequest,
): { payload: string | Uint8Array; payloadBytes: number } {
  if (!PATH.test(request.path)) throw new Error('a path must begin with "/" and be percent-encoded');
  const body = request.body;
  let head = `${request.method} ${origin.basePath}${request.path} HTTP/1.1\r\nHost: ${origin.hostHeader}\r\n${fixedHeaders}`;
  if (request.headers !== undefined) head += renderHeaders(request.headers);
  if (body === undefined) {
    // A method that usually has a body says that it has none (RFC 9110, 8.6).
    head += request.method === "GET" || request.method === "DELETE" ? "\r\n" : "Content-Length: 0\r\n\r\n";
    return { payload: head, payloadBytes: head.length };
  }
  const bodyBytes = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  head += `Content-Length: ${bodyBytes}\r\n\r\n`;
  const payload = typeof body === "string" ? head + body : Buffer.concat([Buffer.from(head, "latin1"), body]);
  // The head is ASCII, checked above and by URL, so its length is its number of bytes.
  return { payload, payloadBytes: head.length + bodyBytes };
}
