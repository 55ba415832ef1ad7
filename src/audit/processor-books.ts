import type { ProcessorName } from "../domain/processor.ts";

export interface BookedTotals {
  readonly count: number;
  readonly cents: number;
}

export type BooksAnswer =
  | { readonly kind: "totals"; readonly totals: BookedTotals }
  | { readonly kind: "unavailable"; readonly why: string };

const TIMEOUT_MS = 10_000;

/** The administrator's side of a processor: what it took in a window of `requestedAt`. */
export class ProcessorBooks {
  readonly name: ProcessorName;
  readonly #url: string;
  readonly #token: string;

  constructor(name: ProcessorName, url: string, token: string) {
    this.name = name;
    this.#url = url.replace(/\/+$/, "");
    this.#token = token;
  }

  /** Both ends inclusive, ms since the epoch. Never rejects. */
  async totals(fromMs: number, toMs: number): Promise<BooksAnswer> {
    const window = new URLSearchParams({
      from: new Date(fromMs).toISOString(),
      to: new Date(toMs).toISOString(),
    });
    try {
      const response = await fetch(`${this.#url}/admin/payments-summary?${window}`, {
        headers: { "X-Rinha-Token": this.#token },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.status === 401) return unavailable("it refuses the token of --processor-token");
      if (response.status !== 200) return unavailable(`it answers ${response.status}`);
      // PROCESSORS: the published processor's own summary; checked below.
      const body = (await response.json()) as { totalRequests?: unknown; totalAmount?: unknown };
      const { totalRequests: count, totalAmount: amount } = body;
      if (typeof count !== "number" || typeof amount !== "number")
        return unavailable("its answer is unreadable");
      return { kind: "totals", totals: { count, cents: Math.round(amount * 100) } };
    } catch (error) {
      return unavailable(error instanceof Error ? error.message : String(error));
    }
  }
}

function unavailable(why: string): BooksAnswer {
  return { kind: "unavailable", why };
}
