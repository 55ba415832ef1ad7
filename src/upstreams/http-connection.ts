import type { Socket, TLSOptions } from "bun";
import { type ConnectFailureCode, connectFailureCode } from "./connect-failure.ts";
import { ParsedAnswer } from "./http-answer.ts";
import type { HttpCall, HttpOrigin } from "./http-request.ts";
import { HttpResponseParser } from "./http-response-parser.ts";
import type { UnknownCode } from "./http-result.ts";

/**
 * One connection to an upstream, one call at a time.
 *
 *   opening ──open──► idle ◄──answer / send──► busy
 *      │  │             └────────┬──────────────┘
 *      │  └─ abandon ─► abandoned│
 *      └─ failed ──────────┴─────┴──► closed
 *
 * `abandoned`: the pool has stopped waiting for it. A connect that hangs cannot be cancelled, so the object
 * lives on until the system gives up; if it opens after all, it is closed at once.
 */
type State = "opening" | "idle" | "busy" | "abandoned" | "closed";

/** Where a connection belongs; it is told everything that happens, and never from within `new`. */
export interface ConnectionOwner {
  opened(connection: HttpConnection, nowMs: number): void;
  openFailed(connection: HttpConnection, code: ConnectFailureCode): void;
  /** The call is settled and the connection can carry the next one. */
  becameIdle(connection: HttpConnection, nowMs: number): void;
  /** The connection died before it took a byte of `call`, which is not settled yet. */
  leftUnsent(call: HttpCall): void;
  closed(connection: HttpConnection): void;
  /** An exception inside the client; the call it hit is settled as unknown. */
  reportBug(error: Error): void;
}

export class HttpConnection {
  readonly #owner: ConnectionOwner;
  readonly #tls: boolean;
  #state: State = "opening";
  #socket: Socket<HttpConnection> | null = null;
  #call: HttpCall | null = null;
  #parser: HttpResponseParser | null = null;
  /** The rest of a request that the system did not take at once, otherwise null. */
  #unsent: Uint8Array | null = null;
  /** False only while it is certain that no byte of the call has left. */
  #mayHaveLeft = false;
  /** When it was opened for (opening) or last used (idle), on the clock of `performance.now()`. */
  sinceMs: number;

  constructor(owner: ConnectionOwner, isTls: boolean, nowMs: number) {
    this.#owner = owner;
    this.#tls = isTls;
    this.sinceMs = nowMs;
  }

  /** Starts to connect; the owner hears `opened` or `openFailed`. */
  open(origin: HttpOrigin, tls: TLSOptions): void {
    const options = { hostname: origin.hostname, port: origin.port, data: this, socket: SOCKET_HANDLER };
    const connecting = Bun.connect<HttpConnection>(
      // Said outright: an empty object would mean no TLS, and the environment could switch the check off.
      origin.tls ? { ...options, tls: { rejectUnauthorized: true, ...tls } } : options,
    );
    connecting.then(
      // With TLS this comes before the handshake, so that a handshake that hangs can be ended.
      (socket) => this.#attach(socket),
      // `connectError` was called already.
      () => {},
    );
  }

  /** Stops waiting for an `opening` connection; the owner hears `closed` when it is really gone. */
  abandon(): void {
    this.#state = "abandoned";
    this.#socket?.terminate();
  }

  /** Closes an idle connection, in order. */
  closeIdle(): void {
    this.#end("end");
  }

  /** Gives a call up: it is settled as not sent or unknown, whichever is certain, and the connection closed. */
  abort(code: UnknownCode): void {
    this.#end("terminate", code);
  }

  /** The deadline of the call in flight; never if there is none. */
  get deadlineMs(): number {
    return this.#call?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  /** Sends a call over an idle connection. */
  send(call: HttpCall, nowMs: number): void {
    this.#state = "busy";
    this.#call = call;
    this.#parser = new HttpResponseParser();
    call.sentAtMs = nowMs;
    // Over TLS a failed write may have sent part of a record; there only an untouched socket is certain.
    this.#mayHaveLeft = this.#tls;
    const written = this.#socket?.write(call.payload) ?? -1;
    if (written === call.payloadBytes) {
      this.#mayHaveLeft = true;
    } else if (written >= 0) {
      const payload = call.payload;
      const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
      this.#unsent = bytes.subarray(written);
      this.#mayHaveLeft ||= written > 0;
    } else {
      // -1 without a byte taken: the kernel refused the write because the connection is gone.
      this.abort("reset");
    }
  }

  /** The socket can take more of a request that it did not take at once. */
  continueSending(): void {
    const unsent = this.#unsent;
    if (unsent === null) return;
    const written = this.#socket?.write(unsent) ?? -1;
    // After an error an answer may still be waiting to be read; if none is, `closed` or the deadline follow.
    if (written <= 0) return;
    this.#mayHaveLeft = true;
    this.#unsent = written === unsent.length ? null : unsent.subarray(written);
  }

  receive(chunk: Buffer): void {
    const parser = this.#parser;
    // An idle connection has nothing to say: such bytes could only be taken for the next call's answer.
    if (parser === null) {
      this.#end("terminate");
      return;
    }
    const used = parser.feed(chunk);
    if (parser.state === "complete") this.#completeCall(parser, used === chunk.length);
    else if (parser.state === "unreadable") this.abort("unreadable");
  }

  socketOpened(socket: Socket<HttpConnection>): void {
    this.#attach(socket);
    if (this.#state !== "opening") return;
    // A failed handshake is an open with `authorized` false, followed by a close.
    if (this.#tls && !socket.authorized) {
      this.socketFailed("tls_failed");
      socket.terminate();
      return;
    }
    this.#state = "idle";
    this.#owner.opened(this, performance.now());
  }

  socketFailed(code: ConnectFailureCode): void {
    const wasOpening = this.#state === "opening";
    if (this.#state === "closed") return;
    this.#state = "closed";
    if (wasOpening) this.#owner.openFailed(this, code);
    else this.#owner.closed(this);
  }

  socketClosed(error: Error | undefined): void {
    if (this.#state === "opening") this.socketFailed(this.#tls ? "tls_failed" : "connect_failed");
    if (this.#state === "closed") return;
    const parser = this.#parser;
    // After a reset a body without an end of its own may be cut off.
    if (parser !== null && error === undefined && parser.finish() === "complete") {
      this.#completeCall(parser, false);
      return;
    }
    this.#end("end", "reset");
  }

  /** A handler threw, or a TLS session broke. */
  socketErred(error: Error): void {
    // Errors of the system and of TLS carry a code, those of a programmer do not.
    const isBug = !("code" in error);
    this.#end("terminate", isBug ? "internal_error" : "tls_error");
    if (isBug) this.#owner.reportBug(error);
  }

  #attach(socket: Socket<HttpConnection>): void {
    this.#socket = socket;
    if (this.#state === "abandoned") socket.terminate();
  }

  #completeCall(parser: HttpResponseParser, endedExactly: boolean): void {
    const call = this.#call;
    const head = parser.head;
    if (call === null || head === null) return;
    if (!this.#mayHaveLeft) {
      // An answer to a request of which nothing was sent is somebody else's.
      this.abort("unreadable");
      return;
    }
    const nowMs = performance.now();
    const isReusable = head.keepAlive && endedExactly && this.#unsent === null;
    this.#forgetCall();
    call.settle(new ParsedAnswer(head, parser.body, nowMs - call.sentAtMs));
    if (isReusable) {
      this.#state = "idle";
      this.sinceMs = nowMs;
      this.#owner.becameIdle(this, nowMs);
    } else {
      this.#end("end");
    }
  }

  #forgetCall(): void {
    this.#call = null;
    this.#parser = null;
    this.#unsent = null;
  }

  /**
   * Closes the connection: in order, or with a reset that also drops what is still unsent. A call in flight
   * fails with `code` if a byte of it may have left, otherwise it goes back to the owner.
   */
  #end(how: "end" | "terminate", code: UnknownCode = "reset"): void {
    if (this.#state === "closed") return;
    const call = this.#call;
    this.#forgetCall();
    // First the state: the socket calls `socketClosed` from within.
    this.#state = "closed";
    if (how === "end") this.#socket?.end();
    else this.#socket?.terminate();
    this.#owner.closed(this);
    if (call === null) return;
    if (this.#mayHaveLeft) call.settle({ kind: "unknown", code });
    else this.#owner.leftUnsent(call);
  }
}

const SOCKET_HANDLER = {
  open(socket: Socket<HttpConnection>): void {
    socket.data.socketOpened(socket);
  },
  data(socket: Socket<HttpConnection>, chunk: Buffer): void {
    socket.data.receive(chunk);
  },
  drain(socket: Socket<HttpConnection>): void {
    socket.data.continueSending();
  },
  close(socket: Socket<HttpConnection>, error?: Error): void {
    socket.data.socketClosed(error);
  },
  error(socket: Socket<HttpConnection>, error: Error): void {
    socket.data.socketErred(error);
  },
  connectError(socket: Socket<HttpConnection>, error: Error): void {
    socket.data.socketFailed(connectFailureCode(error));
  },
};
