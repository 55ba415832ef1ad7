import { session } from "./session.ts";

/** What is wrong with one field, as the service says it. */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

/**
 * What a call came to.
 *   ok        a 2xx answer
 *   absent    this service does not have the route: the page says so and goes on
 *   refused   the service says no, and why (RFC 9457)
 *   offline   no answer at all
 */
export type CallResult<Data> =
  | { readonly kind: "ok"; readonly status: number; readonly data: Data }
  | { readonly kind: "absent" }
  | Refusal
  | { readonly kind: "offline" };

export interface Refusal {
  readonly kind: "refused";
  readonly status: number;
  readonly code: string;
  /** What was wrong. */
  readonly title: string;
  /** What to do. */
  readonly detail: string;
  readonly errors: readonly FieldProblem[];
}

export interface CallOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Calls the service that the console came from. Never throws: every way to fail is a result.
 * `Data` is what the contract says of the answer; it is not checked here.
 */
export async function call<Data>(path: string, options: CallOptions = {}): Promise<CallResult<Data>> {
  const { method = "GET", body, headers = {}, signal } = options;
  const token = session.value;
  try {
    const response = await fetch(path, {
      method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
      cache: "no-store",
    });
    const text = await response.text();
    const answer: unknown = text === "" ? null : parse(text);
    // The shape is the contract's, see above.
    if (response.ok) return { kind: "ok", status: response.status, data: answer as Data };
    return readRefusal(response.status, answer);
  } catch {
    return { kind: "offline" };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function readRefusal(status: number, answer: unknown): CallResult<never> {
  // Whatever is missing in the answer of a broken proxy gets a default.
  const {
    code = `HTTP_${status}`,
    title = "",
    detail = "",
    errors = [],
  } = (answer ?? {}) as Partial<Refusal>;
  if (code === "ROUTE_NOT_FOUND" || code === "METHOD_NOT_ALLOWED") return { kind: "absent" };
  return { kind: "refused", status, code, title, detail, errors };
}
