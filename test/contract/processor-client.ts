/** A processor that the contract is checked against. */
export interface ProcessorUnderTest {
  /** Without a trailing slash: `${baseUrl}/payments`. */
  readonly baseUrl: string;
  /** Address of the administrator's calls, if it is another one: `${adminBaseUrl}/admin/…`. */
  readonly adminBaseUrl?: string;
  readonly token: string;
  readonly fee: number;
  /** RATE_LIMIT_SECONDS it was started with, in ms: make it short (300), or the test waits for two of them. */
  readonly healthWindowMs: number;
  readonly stop: () => Promise<void>;
}

/** `requestedAt` of payments for which it does not matter. */
export const REQUESTED_AT = "2025-07-15T12:34:56.100Z";

/** The calls of the checks, to a processor that is started after they are declared. */
export class ProcessorClient {
  #target: ProcessorUnderTest | null = null;

  get target(): ProcessorUnderTest {
    if (this.#target === null) throw new Error("the processor is not started yet");
    return this.#target;
  }

  set target(target: ProcessorUnderTest) {
    this.#target = target;
  }

  get paymentsUrl(): string {
    return `${this.target.baseUrl}/payments`;
  }

  get adminUrl(): string {
    return `${this.target.adminBaseUrl ?? this.target.baseUrl}/admin`;
  }

  pay(payment: object): Promise<Response> {
    return this.payText(JSON.stringify(payment));
  }

  payText(body: string, mediaType = "application/json"): Promise<Response> {
    return fetch(this.paymentsUrl, { method: "POST", headers: { "content-type": mediaType }, body });
  }

  /** A payment with a new id. */
  newPayment(amount = 1): { correlationId: string; amount: number; requestedAt: string } {
    return { correlationId: crypto.randomUUID(), amount, requestedAt: REQUESTED_AT };
  }

  find(id: string): Promise<Response> {
    return fetch(`${this.paymentsUrl}/${id}`);
  }

  health(): Promise<Response> {
    return fetch(`${this.paymentsUrl}/service-health`);
  }

  /** An administrator's call; `token` null sends none. */
  admin(
    method: string,
    path: string,
    body?: object,
    token: string | null = this.target.token,
  ): Promise<Response> {
    const headers: Record<string, string> = token === null ? {} : { "x-rinha-token": token };
    if (body === undefined) return fetch(`${this.adminUrl}/${path}`, { method, headers });
    headers["content-type"] = "application/json";
    return fetch(`${this.adminUrl}/${path}`, { method, headers, body: JSON.stringify(body) });
  }

  configure(what: string, settings: object): Promise<Response> {
    return this.admin("PUT", `configurations/${what}`, settings);
  }

  async summary(query = ""): Promise<unknown> {
    return (await this.admin("GET", `payments-summary${query}`)).json();
  }
}
