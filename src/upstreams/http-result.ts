/**
 * What one HTTP call to an upstream came to. The three kinds are the difference that decides about money:
 *
 *   answer    a complete, well-formed response
 *   not-sent  certainly no byte of the request left this process: another upstream may be called
 *   unknown   a byte may have left and no readable answer came back: nobody knows what the upstream did
 *
 * In doubt a result is `unknown`: asking the same upstream once more is cheap, charging twice is not.
 */
export type HttpResult = HttpAnswer | HttpNotSent | HttpUnknown;

export interface HttpAnswer {
  readonly kind: "answer";
  /** 200 to 599; interim answers (1xx) are skipped. */
  readonly status: number;
  /** At most 64 KiB; a `Content-Encoding` is not undone (none is asked for). */
  readonly body: Uint8Array;
  /**
   * Whether the upstream marked where the body ends (length or chunks). If not, the body ended because the
   * connection did, and what looks short or empty may have been cut off.
   */
  readonly bodyEndMarked: boolean;
  /** From handing the request to a connection to the last byte of the answer, without waiting for one. */
  readonly latencyMs: number;
  /** The value of a header in any letter case; several of one name are joined with ", " (RFC 9110, 5.3). */
  header(name: string): string | undefined;
}

export interface HttpNotSent {
  readonly kind: "not-sent";
  readonly code: NotSentCode;
}

export interface HttpUnknown {
  readonly kind: "unknown";
  readonly code: UnknownCode;
}

export type NotSentCode =
  | "connect_refused"
  | "connect_timeout"
  /** No route to the host or its network. */
  | "unreachable"
  | "dns"
  /** The certificate was not trusted or the handshake failed; the request is written only after it. */
  | "tls_failed"
  /** Any other reason to get no connection, such as no free file descriptor. */
  | "connect_failed"
  /** The connection was gone before the system took a first byte of the request. */
  | "closed_before_send"
  /** All connections stayed busy until the call's time was over. */
  | "pool_timeout"
  /** All connections busy and as many calls waiting as may wait. */
  | "pool_full"
  /** `HttpClient.close()` was called. */
  | "client_closed";

export type UnknownCode =
  | "timeout"
  /** The connection ended before the answer was complete, by reset or in order. */
  | "reset"
  /** Not HTTP/1.x, or beyond a limit. */
  | "unreadable"
  | "tls_error"
  | "client_closed"
  /** A bug in this client; it is also handed to `reportBug`. */
  | "internal_error";
