import type { TLSOptions } from "bun";
import type { ConnectFailureCode } from "./connect-failure.ts";
import { type ConnectionOwner, HttpConnection } from "./http-connection.ts";
import type { HttpCall, HttpOrigin } from "./http-request.ts";
import type { NotSentCode } from "./http-result.ts";

export interface PoolLimits {
  /** Connections at most, those that are still opening or were given up but hang on included. */
  readonly connectionsMax: number;
  /** Calls that may wait for a connection; one more is answered `pool_full`. */
  readonly waitingMax: number;
  readonly connectTimeoutMs: number;
  /** How long an unused connection is kept. */
  readonly idleTimeoutMs: number;
}

export interface PoolCounts {
  readonly open: number;
  readonly idle: number;
  readonly opening: number;
  readonly waiting: number;
}

/**
 * The connections to one origin.
 *
 *   submit ──► an idle connection, the last used first ──────────────► answer
 *     │                    ▲                  ▲
 *     └──► waiting ────────┴── one opened ────┴── one became free
 *
 * A connection is opened for each waiting call, not bound to it: the oldest call takes whatever is ready
 * first. Last used first lets the surplus of a peak grow old and be closed.
 */
export class HttpPool implements ConnectionOwner {
  readonly #origin: HttpOrigin;
  readonly #limits: PoolLimits;
  readonly #tls: TLSOptions;
  readonly reportBug: (error: Error) => void;
  readonly #opening = new Set<HttpConnection>();
  /** Opened and not closed yet: busy or idle. */
  readonly #open = new Set<HttpConnection>();
  /** Given up while opening; the system may hold on to them for two minutes. */
  readonly #abandoned = new Set<HttpConnection>();
  /** The longest unused first. */
  readonly #idle: HttpConnection[] = [];
  /** The oldest first. */
  #waiting: HttpCall[] = [];
  /** The last connect failed: until one succeeds they are tried one at a time. */
  #isDoubtful = false;
  #isClosed = false;

  constructor(origin: HttpOrigin, limits: PoolLimits, tls: TLSOptions, reportBug: (error: Error) => void) {
    this.#origin = origin;
    this.#limits = limits;
    this.#tls = tls;
    this.reportBug = reportBug;
  }

  counts(): PoolCounts {
    return {
      open: this.#open.size,
      idle: this.#idle.length,
      opening: this.#opening.size,
      waiting: this.#waiting.length,
    };
  }

  submit(call: HttpCall, nowMs: number): void {
    const connection = this.#takeIdle(nowMs);
    if (connection !== undefined) {
      connection.send(call, nowMs);
    } else if (this.#isClosed) {
      notSent(call, "client_closed");
    } else if (this.#waiting.length >= this.#limits.waitingMax) {
      notSent(call, "pool_full");
    } else {
      this.#waiting.push(call);
      this.#openMissing(nowMs);
    }
  }

  /** Ends what is over its time; true if something is in flight that needs the next sweep soon. */
  sweep(nowMs: number): boolean {
    for (const connection of this.#open) {
      if (connection.deadlineMs <= nowMs) connection.abort("timeout");
    }
    for (const connection of this.#opening) {
      if (nowMs - connection.sinceMs < this.#limits.connectTimeoutMs) continue;
      this.#abandon(connection);
      this.#connectFailed("connect_timeout");
    }
    this.#expireWaiting(nowMs);
    while (nowMs >= this.nextIdleEndMs) this.#idle.shift()?.closeIdle();
    return this.#waiting.length + this.#opening.size > 0 || this.#open.size > this.#idle.length;
  }

  /** When the next unused connection has to be closed, on the clock of `performance.now()`. */
  get nextIdleEndMs(): number {
    const oldest = this.#idle[0];
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.sinceMs + this.#limits.idleTimeoutMs;
  }

  /** Closes everything now; calls in flight end as not sent or unknown. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#opening) this.#abandon(connection);
    for (const connection of this.#open) connection.abort("client_closed");
    this.#failWaiting("client_closed");
  }

  opened(connection: HttpConnection, nowMs: number): void {
    this.#opening.delete(connection);
    this.#open.add(connection);
    this.#isDoubtful = false;
    this.becameIdle(connection, nowMs);
    this.#openMissing(nowMs);
  }

  openFailed(connection: HttpConnection, code: ConnectFailureCode): void {
    this.#opening.delete(connection);
    this.#connectFailed(code);
  }

  becameIdle(connection: HttpConnection, nowMs: number): void {
    const call = this.#waiting.shift();
    if (call !== undefined) {
      connection.send(call, nowMs);
      return;
    }
    connection.sinceMs = nowMs;
    this.#idle.push(connection);
  }

  leftUnsent(call: HttpCall): void {
    if (call.resent || this.#isClosed) {
      notSent(call, this.#isClosed ? "client_closed" : "closed_before_send");
      return;
    }
    call.resent = true;
    // Never to an idle connection: if one was dead, its neighbours are likely to be.
    this.#waiting.unshift(call);
    this.#openMissing(performance.now());
  }

  closed(connection: HttpConnection): void {
    this.#abandoned.delete(connection);
    this.#open.delete(connection);
    const place = this.#idle.indexOf(connection);
    if (place >= 0) this.#idle.splice(place, 1);
    this.#openMissing(performance.now());
  }

  #takeIdle(nowMs: number): HttpConnection | undefined {
    let connection = this.#idle.pop();
    // The sweep may be late, and the other side close at just this age: too old is not worth the risk.
    while (connection !== undefined && nowMs - connection.sinceMs >= this.#limits.idleTimeoutMs) {
      connection.closeIdle();
      connection = this.#idle.pop();
    }
    return connection;
  }

  #openMissing(nowMs: number): void {
    while (
      this.#opening.size < (this.#isDoubtful ? Math.min(1, this.#waiting.length) : this.#waiting.length)
    ) {
      const size = this.#opening.size + this.#open.size + this.#abandoned.size;
      if (size >= this.#limits.connectionsMax) return;
      const connection = new HttpConnection(this, this.#origin.tls, nowMs);
      this.#opening.add(connection);
      connection.open(this.#origin, this.#tls);
    }
  }

  #abandon(connection: HttpConnection): void {
    this.#opening.delete(connection);
    this.#abandoned.add(connection);
    connection.abandon();
  }

  #connectFailed(code: ConnectFailureCode): void {
    this.#isDoubtful = true;
    if (this.#open.size === 0) {
      // Nobody else could carry them.
      this.#failWaiting(code);
    } else {
      const call = this.#waiting.shift();
      if (call !== undefined) notSent(call, code);
    }
    this.#openMissing(performance.now());
  }

  #expireWaiting(nowMs: number): void {
    if (!this.#waiting.some((call) => call.deadlineMs <= nowMs)) return;
    const code = this.#open.size === 0 ? "connect_timeout" : "pool_timeout";
    const waiting = this.#waiting;
    this.#waiting = waiting.filter((call) => call.deadlineMs > nowMs);
    for (const call of waiting) if (call.deadlineMs <= nowMs) notSent(call, code);
  }

  #failWaiting(code: NotSentCode): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) notSent(call, code);
  }
}

function notSent(call: HttpCall, code: NotSentCode): void {
  call.settle({ kind: "not-sent", code });
}
