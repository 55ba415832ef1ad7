export interface RequestRateOptions {
  /** Requests per second that a client may send for ever. */
  readonly perSecond: number;
  /** Requests that a client may send at once after a pause; 1 or more. */
  readonly burst: number;
  /** Clients that are remembered at least; twice as many at most. */
  readonly clients: number;
}

/**
 * Holds each client to a rate: GCRA, the generic cell rate algorithm (ITU-T I.371), a token bucket that needs one
 * number per client: when the bucket will be full again.
 *
 *            now                        full again
 *   ──────────┼─────────────────────────────┼────►  ms     a request costs 1000 / perSecond ms; it is refused
 *             └── at most burst × cost ─────┘              if that would go beyond burst × cost
 *
 * The memory is bounded by two generations of clients. When the younger one has `clients` of them, it becomes the
 * older one, and what was older is forgotten: those who did not come while `clients` others did. Who is
 * forgotten begins with a full bucket, so the mistake is in the client's favour. Time and memory per request do
 * not depend on the number of clients.
 */
export class RequestRate {
  readonly #costMs: number;
  readonly #burstMs: number;
  readonly #clients: number;
  /** When each client's bucket is full again. */
  #younger = new Map<string, number>();
  #older: ReadonlyMap<string, number> = new Map();

  constructor({ perSecond, burst, clients }: RequestRateOptions) {
    this.#costMs = 1000 / perSecond;
    this.#burstMs = burst * this.#costMs;
    this.#clients = clients;
  }

  /** How many clients are remembered now. */
  get size(): number {
    return this.#younger.size + this.#older.size;
  }

  /**
   * Counts a request of `client` and says whether it is granted. @param nowMs on a clock that never goes back
   * @returns 0 if it is, else the ms after which one would be; a refused request costs nothing
   */
  take(client: string, nowMs: number): number {
    const known = this.#younger.get(client) ?? this.#older.get(client) ?? 0;
    const fullAtMs = Math.max(known, nowMs) + this.#costMs;
    const waitMs = fullAtMs - this.#burstMs - nowMs;
    // Sums of thirds and the like are a little off in doubles; a client that keeps to the rate is not refused.
    const isGranted = waitMs <= this.#costMs * TOLERANCE;
    // The refused are remembered as well: who does nothing but try must not be forgotten for it.
    this.#remember(client, isGranted ? fullAtMs : known);
    return isGranted ? 0 : waitMs;
  }

  #remember(client: string, fullAtMs: number): void {
    if (this.#younger.size >= this.#clients && !this.#younger.has(client)) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(client, fullAtMs);
  }
}

/** In requests. */
const TOLERANCE = 1e-3;
