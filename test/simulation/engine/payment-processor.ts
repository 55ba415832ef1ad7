import type { ProcessorName } from "../../../src/domain/processor.ts";
import type { Answer, Call, Upstream } from "./simulated-http.ts";
import type { VirtualWorld } from "./virtual-world.ts";

export interface Recorded {
  readonly amountCents: number;
  readonly requestedAtMs: number;
}

/** How a processor behaves for a while; shares are per call. */
export interface ProcessorMood {
  readonly delayMs: number;
  readonly isFailing: boolean;
  /** Answers 500 with a message: half of those are recorded all the same. */
  readonly databaseErrorShare: number;
  readonly refuseShare: number;
  /** Answers that are no receipt (a proxy's page, a 5xx of a proxy): half of those are recorded. */
  readonly garbageShare: number;
  /** 401, 404: set up wrong, nothing is recorded. */
  readonly misconfiguredShare: number;
}

export const GOOD_MOOD: ProcessorMood = {
  delayMs: 5,
  isFailing: false,
  databaseErrorShare: 0,
  refuseShare: 0,
  garbageShare: 0,
  misconfiguredShare: 0,
};

const GARBAGE: readonly Answer[] = [
  { status: 200, body: "<html>Welcome to the portal</html>" },
  { status: 200, body: '{"message":"payment proc', isCut: true },
  { status: 502, body: "Bad Gateway" },
  { status: 503 },
  { status: 504, body: "Gateway Timeout" },
  { status: 500, body: "", isCut: true },
  { status: 408 },
];
const MISCONFIGURED = [401, 403, 404, 405, 301];
/** Requests for which the processor finally says no, whenever it is asked. */
const DECLINED_AMOUNT_CENTS = 66_600;
/** Less than the 5 s that are promised: the wires' delay is in between. */
const HEALTH_WINDOW_MS = 4_500;

/** A payment processor: its books are the truth that ours are compared with. Rules as in the published service. */
export class PaymentProcessor {
  readonly name: ProcessorName;
  readonly recorded = new Map<string, Recorded>();
  mood = GOOD_MOOD;
  /** Health calls that came too early after another one. */
  earlyHealthCalls = 0;
  readonly #world: VirtualWorld;
  readonly #onRecorded: (id: string, name: ProcessorName) => void;
  #lastHealthCallMs = Number.NEGATIVE_INFINITY;

  constructor(
    world: VirtualWorld,
    name: ProcessorName,
    onRecorded: (id: string, name: ProcessorName) => void,
  ) {
    this.#world = world;
    this.name = name;
    this.#onRecorded = onRecorded;
  }

  readonly serve: Upstream = (call, answer) => {
    if (call.path === "/payments/service-health") answer(this.#health());
    else if (call.method === "GET") answer(this.#find(call.path.slice("/payments/".length)));
    else this.#pay(call, answer);
  };

  /** Whether it declines payments of this amount for good. */
  static declines(amountCents: number): boolean {
    return amountCents === DECLINED_AMOUNT_CENTS;
  }

  static readonly DECLINED_AMOUNT_CENTS = DECLINED_AMOUNT_CENTS;

  #pay(call: Call, answer: (answer: Answer) => void): void {
    const { mood } = this;
    const world = this.#world;
    // The delay is read when the call arrives, the failure switch after it.
    if (world.random() < mood.refuseShare) {
      answer({ status: 429, headers: world.random() < 0.5 ? { "retry-after": "1" } : {} });
      return;
    }
    if (world.random() < mood.misconfiguredShare) {
      answer({ status: MISCONFIGURED[Math.floor(world.random() * MISCONFIGURED.length)] ?? 401 });
      return;
    }
    const workMs = mood.delayMs * (0.8 + 0.4 * world.random());
    world.plan(null, workMs, `${this.name} has waited`, () => answer(this.#record(call)));
  }

  #record(call: Call): Answer {
    const { mood } = this;
    const world = this.#world;
    if (mood.isFailing) return { status: 500 };
    const { correlationId, amount, requestedAt } = JSON.parse(call.body) as {
      correlationId: string;
      amount: number;
      requestedAt: string;
    };
    const amountCents = Math.round(amount * 100);
    if (PaymentProcessor.declines(amountCents)) return { status: 400 };
    if (world.random() < mood.databaseErrorShare) {
      if (world.random() < 0.5) this.#insert(correlationId, amountCents, requestedAt);
      return { status: 500, body: '{"message":"database is away"}' };
    }
    const isGarbage = world.random() < mood.garbageShare;
    const isNew =
      !(isGarbage && world.random() < 0.5) && this.#insert(correlationId, amountCents, requestedAt);
    if (isGarbage) return GARBAGE[Math.floor(world.random() * GARBAGE.length)] ?? { status: 502 };
    if (isNew) return { status: 200, body: '{"message":"payment processed successfully"}' };
    return { status: 422, body: '{"message":"CorrelationId already exists"}' };
  }

  #insert(id: string, amountCents: number, requestedAt: string): boolean {
    if (this.recorded.has(id)) return false;
    this.recorded.set(id, { amountCents, requestedAtMs: Date.parse(requestedAt) });
    this.#onRecorded(id, this.name);
    return true;
  }

  #find(id: string): Answer {
    const found = this.recorded.get(id);
    if (this.#world.random() < this.mood.garbageShare) return { status: 503 };
    if (found === undefined) return { status: 404 };
    // Without a zone and without trailing zeros, as the published service answers.
    const requestedAt = new Date(found.requestedAtMs)
      .toISOString()
      .slice(0, -1)
      .replace(/\.?0+$/, "");
    const amount = found.amountCents / 100;
    return { status: 200, body: JSON.stringify({ correlationId: id, amount, requestedAt }) };
  }

  #health(): Answer {
    const { nowMs } = this.#world;
    if (nowMs - this.#lastHealthCallMs < HEALTH_WINDOW_MS) this.earlyHealthCalls++;
    this.#lastHealthCallMs = nowMs;
    const { isFailing: failing, delayMs } = this.mood;
    return { status: 200, body: JSON.stringify({ failing, minResponseTime: Math.round(delayMs) }) };
  }
}
