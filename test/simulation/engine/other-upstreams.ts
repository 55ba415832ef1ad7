import type { Answer, Upstream } from "./simulated-http.ts";
import type { VirtualWorld } from "./virtual-world.ts";

/** How the card gateway, the payment gateway and the bank behave for a while; shares are per call. */
export interface GatewayMood {
  readonly delayMs: number;
  /** 5xx of a proxy; half of those calls were served. */
  readonly proxyErrorShare: number;
  readonly refuseShare: number;
}

export const GOOD_GATEWAYS: GatewayMood = { delayMs: 8, proxyErrorShare: 0, refuseShare: 0 };

/**
 * Gateways that know a payment by its key: whatever is sent twice is served once. What they decide is a matter of the
 * key alone, so that what must have come of every payment is known beforehand.
 */
export class Gateways {
  mood = GOOD_GATEWAYS;
  /** What each decided, by reference, key or id. */
  readonly cards = new Map<string, "AUTHORIZED" | "DECLINED">();
  readonly charges = new Map<string, "charged" | "declined">();
  readonly bank = new Map<string, { readonly readyAtMs: number; readonly state: "completed" | "rejected" }>();
  readonly #world: VirtualWorld;
  readonly #bankDelayMs: () => number;

  constructor(world: VirtualWorld, bankDelayMs: () => number) {
    this.#world = world;
    this.#bankDelayMs = bankDelayMs;
  }

  readonly serveCards: Upstream = ({ body }, answer) => {
    const { reference_id: id, payment_method: method } = JSON.parse(body) as {
      reference_id: string;
      payment_method: { card?: object };
    };
    this.#later(answer, 502, () => {
      const known = this.cards.get(id);
      if (known === undefined && method.card === undefined) return { status: 422, body: "{}" };
      const status = known ?? (isOneOf(id, 5) ? "DECLINED" : "AUTHORIZED");
      this.cards.set(id, status);
      return { status: 200, body: JSON.stringify({ reference_id: id, status }) };
    });
  };

  readonly servePayments: Upstream = ({ headers }, answer) => {
    const key = headers["Idempotency-Key"] ?? "";
    this.#later(answer, 503, () => {
      const state = this.charges.get(key) ?? (isOneOf(key, 6) ? "declined" : "charged");
      this.charges.set(key, state);
      return { status: state === "charged" ? 200 : 402 };
    });
  };

  readonly serveBank: Upstream = ({ body }, answer) => {
    const { paymentId } = JSON.parse(body) as { paymentId: string };
    this.#later(answer, 503, () => {
      const { nowMs } = this.#world;
      let known = this.bank.get(paymentId);
      if (known === undefined) {
        const state = isOneOf(paymentId, 4) ? "rejected" : "completed";
        known = { readyAtMs: nowMs + this.#bankDelayMs(), state };
        this.bank.set(paymentId, known);
      }
      const waitMs = known.readyAtMs - nowMs;
      const says = waitMs > 0 ? { state: "pending", askAgainInMs: waitMs } : { state: known.state };
      return { status: 200, body: JSON.stringify(says) };
    });
  };

  #later(answer: (answer: Answer) => void, proxyStatus: number, serve: () => Answer): void {
    const world = this.#world;
    const { delayMs, refuseShare, proxyErrorShare } = this.mood;
    if (world.random() < refuseShare) {
      answer({ status: 429 });
      return;
    }
    const isProxyError = world.random() < proxyErrorShare;
    if (isProxyError && world.random() < 0.5) {
      answer({ status: proxyStatus });
      return;
    }
    world.plan(null, delayMs * (0.5 + world.random()), "a gateway has worked", () => {
      const served = serve();
      answer(isProxyError ? { status: proxyStatus } : served);
    });
  }
}

/** One key of `parts`, by its last digits. */
function isOneOf(key: string, parts: number): boolean {
  return Number.parseInt(key.slice(-6), 16) % parts === 0;
}
