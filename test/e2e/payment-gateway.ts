/** A payment gateway that a test controls: it charges once per Idempotency-Key and keeps everything it was told. */
export interface Charge {
  readonly payment_id: number;
  readonly user_id: number;
  readonly amount: number;
  readonly commission: number;
  readonly type: "deposit" | "withdraw";
}

export interface GatewayCall extends Charge {
  readonly key: string;
  /** ms on the clock of `performance.now()`. */
  readonly atMs: number;
}

/** What a call is answered: a status, `hang` (charged, no answer) or `reset` (charged, the connection breaks). */
export type Behaviour = number | "hang" | "reset";

export class FakeGateway {
  readonly calls: GatewayCall[] = [];
  /** What was charged, by key; a second charge of a key would be a second entry. */
  readonly charged: GatewayCall[] = [];
  readonly url: string;
  /** Asked for every call; `earlier` counts the calls before with this key. */
  behave: (call: GatewayCall, earlier: number) => Behaviour = () => 200;
  readonly #server;

  constructor() {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 0,
      fetch: (request) => this.#answer(request),
    });
    this.url = `http://127.0.0.1:${this.#server.port}`;
  }

  stop(): Promise<void> {
    return this.#server.stop(true);
  }

  chargesOf(paymentId: number): number {
    return this.charged.filter((charge) => charge.payment_id === paymentId).length;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (request.method !== "POST" || pathname !== "/pay") return new Response(null, { status: 404 });
    const body = (await request.json()) as Charge; // the contract's body; its fields are checked by the tests
    const key = request.headers.get("idempotency-key") ?? "";
    const earlier = this.calls.filter((call) => call.key === key).length;
    const call = { ...body, key, atMs: performance.now() };
    this.calls.push(call);
    const behaviour = this.behave(call, earlier);
    if (typeof behaviour === "number" && (behaviour < 200 || behaviour > 299)) {
      return new Response(null, { status: behaviour });
    }
    if (!this.charged.some((charge) => charge.key === key)) this.charged.push(call);
    if (behaviour === "hang") return new Promise(() => {});
    if (behaviour === "reset") {
      return new Response(new ReadableStream({ start: (controller) => controller.error(undefined) }));
    }
    return Response.json({ status: "success" });
  }
}
