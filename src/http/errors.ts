import { ERRORS, type ErrorCode } from "./error-codes.ts";

/** One invalid field. The received value is never repeated: it may be a card number. */
export interface FieldError {
  /** `amount`, `card.card_number`, `items.0.name`; or `body`, `query`, `params` for the whole. */
  readonly path: string;
  /** What is expected there, as the end of a sentence: "must be greater than 0". */
  readonly message: string;
}

export interface ProblemOptions {
  /** A sentence that says what to do in this very case; default: the remedy of the table. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** The body of every error answer (RFC 9457, CONTRACTS "Rules for every route"). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly errors?: readonly FieldError[];
  /** The same as `detail`, under the name that two of the replaced systems used. */
  readonly message: string;
}

/** The body of an error answer as an object, for those who put it into something else (an event, a log line). */
export function describeProblem(code: ErrorCode, options?: ProblemOptions): Problem {
  const { status, title, remedy } = ERRORS[code];
  const detail = options?.detail ?? remedy;
  const errors = options?.errors === undefined ? {} : { errors: options.errors };
  return { type: `/docs/errors#${code}`, title, status, detail, code, ...errors, message: detail };
}

/**
 * The answer to a request that cannot be granted, as `application/problem+json`.
 *
 * @example return problem("PAYMENT_NOT_FOUND");
 * @example return problem("QUEUE_FULL", { headers: { "retry-after": "1" } });
 */
export function problem(code: ErrorCode, options?: ProblemOptions): Response {
  return preparedProblem(code, options)();
}

/** Prepares an answer that has to cost next to nothing each time it is given. */
export function preparedProblem(code: ErrorCode, options?: ProblemOptions): () => Response {
  const { status } = ERRORS[code];
  const body = JSON.stringify(describeProblem(code, options));
  const headers = { "content-type": "application/problem+json", ...options?.headers };
  return () => new Response(body, { status, headers });
}

/** The answer to invalid fields: 422 with one entry per field. */
export function validationProblem(errors: readonly FieldError[]): Response {
  return problem("VALIDATION", { errors });
}
