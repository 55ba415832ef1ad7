/** Calls to the gateway, as its clients make them. */
import type { ProcessorName, Total } from "./processors.ts";
import { until } from "./until.ts";

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed; undefined if it is empty or no JSON. */
  readonly body: unknown;
}

/** A payment as `GET /payments/{correlationId}` shows it. */
export interface PaymentView {
  readonly correlationId: string;
  readonly amount: number;
  readonly status: "pending" | "settled" | "dead";
  readonly processor: ProcessorName | null;
  readonly requestedAt: string | null;
  readonly fee: number | null;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly history: readonly {
    readonly at: string;
    readonly event: string;
    readonly processor?: ProcessorName;
    readonly outcome?: string;
  }[];
}

export type Summary = Readonly<Record<ProcessorName, Total>>;

/** One request; redirects are not followed. */
export async function call(url: string, init: BunFetchRequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: "manual", ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parseJson(text) };
}

/** A request with a JSON body. */
export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return call(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

export function pay(baseUrl: string, correlationId: string, amount: number | string): Promise<Answer> {
  return post(`${baseUrl}/payments`, { correlationId, amount });
}

/** The payment, or null if there is none. */
export async function findPayment(baseUrl: string, correlationId: string): Promise<PaymentView | null> {
  const answer = await call(`${baseUrl}/payments/${correlationId}`);
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw new Error(`GET /payments/${correlationId} answered ${answer.status}`);
  return answer.body as PaymentView; // the shape of the contract; fields are checked by who reads them
}

/** The payment once it is settled. */
export function settledPayment(
  baseUrl: string,
  correlationId: string,
  timeoutMs = 10_000,
): Promise<PaymentView> {
  return until(`payment ${correlationId} to be settled`, timeoutMs, async () => {
    const payment = await findPayment(baseUrl, correlationId);
    return payment?.status === "settled" && payment;
  });
}

/** The gateway's summary, in cents; either bound, both or none. @param init such as a unix socket */
export async function summaryOf(
  baseUrl: string,
  window: { readonly from?: string; readonly to?: string } = {},
  init: BunFetchRequestInit = {},
): Promise<Summary> {
  const query = new URLSearchParams(window).toString();
  const answer = await call(`${baseUrl}/payments-summary${query === "" ? "" : `?${query}`}`, init);
  if (answer.status !== 200) throw new Error(`the summary answered ${answer.status}: ${answer.text}`);
  // The shape of the contract.
  const body = answer.body as Record<ProcessorName, { totalRequests: number; totalAmount: number }>;
  const total = (name: ProcessorName) => ({
    count: body[name].totalRequests,
    cents: Math.round(body[name].totalAmount * 100),
  });
  return { default: total("default"), fallback: total("fallback") };
}

/** The value of a series of `GET /metrics`, by its name and labels as printed there. @param init such as a unix socket */
export async function metric(
  baseUrl: string,
  series: string,
  init: BunFetchRequestInit = {},
): Promise<number> {
  const { text } = await call(`${baseUrl}/metrics`, init);
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${series} `));
  if (line === undefined) throw new Error(`GET /metrics shows no ${series}`);
  return Number(line.slice(series.length + 1));
}

/** Waits until nothing is left to be done. */
export async function untilIdle(baseUrl: string, timeoutMs: number): Promise<void> {
  await until("the queue to be empty", timeoutMs, async () => {
    return (await metric(baseUrl, "catraca_queue_depth")) === 0;
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
