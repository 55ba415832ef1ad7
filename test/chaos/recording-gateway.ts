import { seededRandom } from "../simulation/seeded-random.ts";

/** What was charged under one Idempotency-Key. */
export interface GatewayCharge {
  readonly paymentId: number;
  readonly userId: number;
  readonly amount: number;
  readonly commission: number;
  readonly type: string;
}

/** What a call meets; `isCharged` says whether the money moves all the same. */
export type Trouble =
  | { readonly kind: "none" }
  | { readonly kind: "fail" }
  | { readonly kind: "slow"; readonly delayMs: number }
  /** `share` of the calls, 0 to 1: silence, a reset or a 502, each with or without the charge. */
  | { readonly kind: "lie"; readonly share: number };

/**
 * The payment gateway of section C, which lives through everything and forgets nothing: it charges once per
 * `Idempotency-Key`, as the real ones do, and every charge can be compared afterwards.
 */
export class RecordingGateway {
  readonly charges = new Map<string, GatewayCharge>();
  calls = 0;
  trouble: Trouble = { kind: "none" };
  readonly url: string;
  readonly #server;
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 0,
      fetch: (request) => this.#pay(request),
    });
    this.url = `http://127.0.0.1:${this.#server.port}`;
  }

  stop(): Promise<void> {
    return this.#server.stop(true);
  }

  async #pay(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (request.method !== "POST" || pathname !== "/pay") return new Response(null, { status: 404 });
    const { trouble } = this;
    const key = request.headers.get("idempotency-key");
    const body = (await request.json()) as Record<string, unknown>; // the contract's body
    this.calls++;
    if (key === null) return new Response(null, { status: 400 });
    if (trouble.kind === "slow") await Bun.sleep(trouble.delayMs);
    if (trouble.kind === "fail") return new Response(null, { status: 502 });
    if (trouble.kind === "lie" && this.#random() < trouble.share) {
      if (this.#random() < 0.5) this.#charge(key, body);
      return this.#lie();
    }
    this.#charge(key, body);
    return Response.json({ status: "success" });
  }

  #charge(key: string, body: Readonly<Record<string, unknown>>): void {
    if (this.charges.has(key)) return;
    this.charges.set(key, {
      paymentId: Number(body["payment_id"]),
      userId: Number(body["user_id"]),
      amount: Number(body["amount"]),
      commission: Number(body["commission"]),
      type: String(body["type"]),
    });
  }

  #lie(): Response | Promise<Response> {
    const drawn = this.#random();
    if (drawn < 0.4) return new Promise(() => {});
    if (drawn < 0.7) return new Response(null, { status: 502 });
    return new Response(new ReadableStream({ start: (controller) => controller.error(undefined) }));
  }
}
