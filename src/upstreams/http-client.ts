import type { TLSOptions } from "bun";
import { HttpPool, type PoolCounts } from "./http-pool.ts";
import {
  type HttpOrigin,
  type HttpRequest,
  parseOrigin,
  renderHeaders,
  renderRequest,
} from "./http-request.ts";
import type { HttpResult } from "./http-result.ts";

export interface HttpClientOptions {
  /** Connecting, the TLS handshake included; one repeated SYN (after 1 s) fits in. */
  readonly connectTimeoutMs?: number;
  /** Below the 5 s after which Node closes idle connections, the shortest time among usual servers. */
  readonly idleTimeoutMs?: number;
  /** Trusted certificates and the like; the default trusts the well-known authorities. */
  readonly tls?: Pick<TLSOptions, "ca" | "cert" | "key" | "serverName">;
  /** Where exceptions inside the client go. */
  readonly reportBug?: (error: Error) => void;
}

export interface HttpEndpointOptions {
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly connectionsMax?: number;
  readonly waitingMax?: number;
}

// One timer for all deadlines: a late time-out of up to this much costs nobody anything, hundreds of timers do.
const SWEEP_MS = 25;

/**
 * An HTTP/1.1 client for calls whose outcome decides about money: its results tell "certainly not sent" from
 * "unknown", and no number of calls in flight is forbidden. Keep-alive without pipelining. It holds the event
 * loop only while connections are open, and wakes it only while calls are in flight or connections age.
 *
 * ```ts
 * const client = new HttpClient();
 * const processor = client.endpoint("http://payment-processor-default:8080");
 * const result = await processor.request({ method: "GET", path: "/payments/…", timeoutMs: 10_000 });
 * client.close();
 * ```
 */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #pools: HttpPool[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isTimerSlow = false;

  constructor(options: HttpClientOptions = {}) {
    this.#options = options;
  }

  /**
   * An upstream with connections of its own.
   *
   * @param baseUrl http or https; its path is put before the path of every request
   * @throws Error for an unusable URL or header
   */
  endpoint(baseUrl: string, options: HttpEndpointOptions = {}): HttpEndpoint {
    const origin = parseOrigin(baseUrl);
    const limits = {
      connectionsMax: positive("connectionsMax", options.connectionsMax ?? 256),
      waitingMax: positive("waitingMax", options.waitingMax ?? 1024),
      connectTimeoutMs: positive("connectTimeoutMs", this.#options.connectTimeoutMs ?? 3000),
      idleTimeoutMs: positive("idleTimeoutMs", this.#options.idleTimeoutMs ?? 4000),
    };
    const reportBug = this.#options.reportBug ?? console.error;
    const pool = new HttpPool(origin, limits, this.#options.tls ?? {}, reportBug);
    this.#pools.push(pool);
    return new HttpEndpoint(origin, pool, renderHeaders(options.headers ?? {}), () => this.#sweepSoon());
  }

  /** Closes all connections at once; calls in flight end as `client_closed`, as do later ones. */
  close(): void {
    for (const pool of this.#pools) pool.close();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #sweepSoon(): void {
    if (this.#timer !== undefined && !this.#isTimerSlow) return;
    this.#startTimer(SWEEP_MS, false);
  }

  #startTimer(delayMs: number, isSlow: boolean): void {
    clearTimeout(this.#timer);
    this.#isTimerSlow = isSlow;
    this.#timer = setTimeout(() => this.#sweep(), delayMs);
  }

  #sweep(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    let isInFlight = false;
    let idleEndMs = Number.POSITIVE_INFINITY;
    for (const pool of this.#pools) {
      if (pool.sweep(nowMs)) isInFlight = true;
      idleEndMs = Math.min(idleEndMs, pool.nextIdleEndMs);
    }
    if (isInFlight) this.#startTimer(SWEEP_MS, false);
    else if (idleEndMs < Number.POSITIVE_INFINITY)
      this.#startTimer(Math.max(SWEEP_MS, idleEndMs - nowMs), true);
  }
}

/** One upstream, as `HttpClient.endpoint` makes it. */
export class HttpEndpoint {
  readonly #origin: HttpOrigin;
  readonly #pool: HttpPool;
  readonly #fixedHeaders: string;
  readonly #onSubmit: () => void;

  constructor(origin: HttpOrigin, pool: HttpPool, fixedHeaders: string, onSubmit: () => void) {
    this.#origin = origin;
    this.#pool = pool;
    this.#fixedHeaders = fixedHeaders;
    this.#onSubmit = onSubmit;
  }

  /**
   * Sends one request. What becomes of it is a value, never an exception.
   *
   * @throws Error (as a rejection) for a request that cannot be written: a bug of the caller
   */
  request(request: HttpRequest): Promise<HttpResult> {
    return new Promise((settle) => {
      const { payload, payloadBytes } = renderRequest(this.#origin, this.#fixedHeaders, request);
      const nowMs = performance.now();
      const deadlineMs = nowMs + positive("timeoutMs", request.timeoutMs);
      const call = { payload, payloadBytes, deadlineMs, sentAtMs: nowMs, resent: false, settle };
      this.#onSubmit();
      this.#pool.submit(call, nowMs);
    });
  }

  /** Its connections and the calls that wait for one, for metrics. */
  counts(): PoolCounts {
    return this.#pool.counts();
  }
}

function positive(name: string, value: number): number {
  if (value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new RangeError(`${name} must be a number greater than 0, not ${value}`);
}
