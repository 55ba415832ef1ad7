import { parseIdempotencyKey } from "../domain/idempotency-key.ts";

/** Shares sum to 1. */
export interface MockGatewayOptions {
  readonly okShare: number;
  readonly errorShare: number;
  /** The rest: charged at once, answered after `lateMs`. */
  readonly lateShare: number;
  readonly lateMs: number;
  /** Gives numbers in [0, 1); default: Math.random. */
  readonly random?: () => number;
}

/** What it has done since it began. */
export interface MockGatewayCounts {
  calls: number;
  /** Payments charged: one per key. */
  charges: number;
  /** Calls for a key that was charged before: answered, not charged. */
  repeats: number;
  errors: number;
  late: number;
}

/** Keys remembered; the oldest are forgotten, as real gateways do after a day. */
const KEYS_MAX = 100_000;

const CHARGED = { status: "success", message: "payment processed" };
const REFUSED = { status: "error", message: "the simulated gateway has failed" };

/**
 * The simulated payment gateway of section C. Each call draws what happens to it:
 *
 *   ok      charged, 200
 *   error   not charged, 502
 *   late    charged, 200 after `lateMs`: the caller has given up by then
 *
 * Like a real gateway it charges once per `Idempotency-Key`: a call for a charged key is answered 200 at once.
 */
export class MockGateway {
  readonly counts: MockGatewayCounts = { calls: 0, charges: 0, repeats: 0, errors: 0, late: 0 };
  #options: MockGatewayOptions;
  readonly #charged = new Set<string>();

  constructor(options: MockGatewayOptions) {
    this.#options = options;
  }

  get options(): MockGatewayOptions {
    return this.#options;
  }

  /** Changes what it does with the calls that come from now on. */
  configure(change: Partial<MockGatewayOptions>): void {
    this.#options = { ...this.#options, ...change };
  }

  /** Answers `POST …/pay`; what is to be charged does not matter to it. */
  async pay(request: Request): Promise<Response> {
    const { okShare, errorShare, lateMs, random = Math.random } = this.#options;
    const { counts } = this;
    const header = request.headers.get("idempotency-key");
    const key = header === null ? null : parseIdempotencyKey(header);
    counts.calls++;
    if (key !== null && this.#charged.has(key)) {
      counts.repeats++;
      return Response.json(CHARGED, { headers: { "idempotent-replayed": "true" } });
    }
    const drawn = random();
    if (drawn >= okShare && drawn < okShare + errorShare) {
      counts.errors++;
      return Response.json(REFUSED, { status: 502 });
    }
    this.#charge(key);
    if (drawn >= okShare) {
      counts.late++;
      await Bun.sleep(lateMs);
    }
    return Response.json(CHARGED);
  }

  #charge(key: string | null): void {
    this.counts.charges++;
    if (key === null) return;
    this.#charged.add(key);
    if (this.#charged.size <= KEYS_MAX) return;
    // A set is in the order of its insertions.
    for (const oldest of this.#charged) {
      this.#charged.delete(oldest);
      return;
    }
  }
}
