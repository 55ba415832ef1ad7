/**
 * The upstreams of a gateway (but the bank, which is always built in) on one port, for making fixtures: what becomes of a
 * call is said by its amount, so that a fixture has every state there is, the same each time.
 */
export const AMOUNTS = {
  /** Taken by whoever is asked. */
  ordinary: 10,
  /** A final no of processors and of the payment gateway. */
  declined: 4,
  /** No answer at all. */
  silent: 5,
} as const;

/** How many pieces of a product: says what the card gateway does with the order. */
export const PIECES = { authorized: 1, declined: 2, silent: 3 } as const;

interface Recorded {
  readonly correlationId: string;
  readonly amount: number;
  readonly requestedAt: string;
}

export class StubUpstreams {
  /** Processors whose failure switch is on. */
  readonly failing = new Set<string>();
  readonly #books = new Map<string, Recorded>();
  readonly #server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: (request) => this.#answer(request),
  });

  /** The settings of a gateway that uses them. */
  get env(): Record<string, string> {
    const base = `http://127.0.0.1:${this.#server.port}`;
    return {
      PAYMENT_PROCESSOR_DEFAULT: `${base}/default`,
      PAYMENT_PROCESSOR_FALLBACK: `${base}/fallback`,
      PAYMENT_GATEWAY_URL: `${base}/gateway`,
      PAYMENTS_URL: `${base}/cards`,
    };
  }

  stop(): Promise<void> {
    return this.#server.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    const [, upstream = "", ...rest] = new URL(request.url).pathname.split("/");
    const path = rest.join("/");
    if (request.method === "GET") return this.#read(upstream, path);
    // Whoever calls here is the gateway under test: its bodies have the published shapes.
    const body = (await request.json()) as Record<string, unknown>;
    switch (upstream) {
      case "default":
      case "fallback":
        return this.#pay(upstream, body as unknown as Recorded);
      case "gateway":
        return byAmount(Number(body["amount"]));
      case "cards":
        return charge(body);
      default:
        return new Response(null, { status: 404 });
    }
  }

  #read(upstream: string, path: string): Response {
    if (path === "payments/service-health") {
      return Response.json({ failing: this.failing.has(upstream), minResponseTime: 0 });
    }
    const recorded = this.#books.get(`${upstream}/${path}`);
    if (recorded === undefined) return new Response(null, { status: 404 });
    return Response.json({ ...recorded, requestedAt: recorded.requestedAt.replace("Z", "") });
  }

  #pay(upstream: string, payment: Recorded): Response | Promise<Response> {
    if (this.failing.has(upstream)) return new Response(null, { status: 500 });
    const answer = byAmount(payment.amount);
    if (!(answer instanceof Promise) && answer.ok) {
      this.#books.set(`${upstream}/payments/${payment.correlationId}`, payment);
    }
    return answer;
  }
}

function byAmount(amount: number): Response | Promise<Response> {
  if (amount === AMOUNTS.silent) return new Promise(() => {});
  return amount === AMOUNTS.declined ? new Response(null, { status: 400 }) : Response.json({ message: "ok" });
}

function charge({
  reference_id: reference,
  description,
}: Record<string, unknown>): Response | Promise<Response> {
  const pieces = Number(/(\d+) x/.exec(String(description))?.[1] ?? Number.NaN);
  if (pieces === PIECES.silent) return new Promise(() => {});
  const status = pieces === PIECES.declined ? "DECLINED" : "AUTHORIZED";
  return Response.json({ reference_id: reference, status });
}
