/** What holds for every answer (CONTRACTS, "Rules for every route"; R22) and what the document says of this one. */
import { ERROR_CODES } from "../../src/http/error-codes.ts";
import type { DocumentedAnswer, Operation } from "./api-document.ts";
import type { Answer, Exchange } from "./connection.ts";
import type { FuzzRequest } from "./request-maker.ts";

/** Answers that any route may give without saying so. */
const ALWAYS_POSSIBLE: ReadonlySet<number> = new Set([404, 405, 413, 415, 422, 503]);

const NOTHING_SAID: DocumentedAnswer = { mediaTypes: [], examples: [] };
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

/** @returns what is wrong with the answer to `request`; null if nothing is */
export function findFault(request: FuzzRequest, exchange: Exchange): string | null {
  const { operation, method, target } = request;
  switch (exchange.kind) {
    case "silent":
      return `no whole answer: ${JSON.stringify(exchange.received.slice(0, 300))}`;
    case "closed":
      return `the connection was closed after ${JSON.stringify(exchange.received.slice(0, 300))}`;
    case "streaming":
      return exchange.answer.status === 200 ? null : `a stream with status ${exchange.answer.status}`;
    case "answered": {
      const { answer } = exchange;
      // The form of what was written as the document asks for it cannot be refused.
      if (request.isTame && (answer.status === 413 || answer.status === 415)) {
        return `${answer.status} for a request that is as documented`;
      }
      // Another method is another route, or none; dots lead up to other paths (RFC 3986, 5.2.4).
      const isOther = method !== operation.method || DOT_SEGMENT.test(target);
      const described = isOther ? null : operation;
      return (
        faultOfStatus(answer, operation, described) ??
        faultOfError(answer, operation, method) ??
        faultOfSuccess(answer, described)
      );
    }
  }
}

function faultOfStatus(
  { status, body }: Answer,
  operation: Operation,
  described: Operation | null,
): string | null {
  const isDocumented = described?.answers.has(status) === true;
  if (status >= 500 && status !== 503 && !isDocumented) return `${status}: ${body.slice(0, 300)}`;
  if (described === null || isDocumented || ALWAYS_POSSIBLE.has(status)) return null;
  // Through other ways to write a path another route of the same service may be meant.
  if (operation.isForeign && (status === 200 || status === 401 || status === 400)) return null;
  return `the document does not name the status ${status}: ${body.slice(0, 300)}`;
}

function faultOfError(
  { status, headers, body }: Answer,
  { isForeign }: Operation,
  method: string,
): string | null {
  if (headers.get("x-request-id") === undefined) return "no x-request-id";
  if (status < 400 || isForeign || method === "HEAD") return null;
  if (status === 502 || status === 503) {
    // The mock gateway's own answer, and health that is not ready, have other bodies.
    if (headers.get("content-type")?.startsWith("application/json") === true) return null;
  }
  if (headers.get("content-type") !== "application/problem+json") {
    return `${status} with ${headers.get("content-type")}: ${body.slice(0, 200)}`;
  }
  const problem = parseObject(body);
  if (problem === null) return `${status} without a problem: ${body.slice(0, 200)}`;
  const { type, title, status: named, detail, code, message, errors } = problem;
  const isWhole =
    [type, title, detail].every((text) => typeof text === "string" && text !== "") &&
    message === detail &&
    named === status &&
    ERROR_CODES.some((known) => known === code) &&
    (errors === undefined || (Array.isArray(errors) && errors.every(isFieldError)));
  return isWhole ? null : `not a whole problem: ${body.slice(0, 500)}`;
}

function isFieldError(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  return "path" in error && typeof error.path === "string" && "message" in error && error.message !== "";
}

function faultOfSuccess({ status, headers, body }: Answer, described: Operation | null): string | null {
  if (status >= 300 || described === null) return null;
  if (status === 204) return body === "" ? null : "204 with a body";
  const { mediaTypes, examples } = described.answers.get(status) ?? NOTHING_SAID;
  const mediaType = headers.get("content-type")?.split(";")[0] ?? "none";
  if (mediaTypes.length > 0 && !mediaTypes.includes(mediaType)) {
    return `${mediaTypes.join(", ")} is documented, ${mediaType} came`;
  }
  if (examples.length === 0 || mediaType !== "application/json") return null;
  try {
    const value: unknown = JSON.parse(body);
    const misfits = examples.map((example) => findMisfit(example, value, ""));
    return misfits.includes(null) ? null : `${misfits.join(", or ")}: ${body.slice(0, 500)}`;
  } catch {
    return `not JSON: ${body.slice(0, 200)}`;
  }
}

/**
 * Compares an answer with the document's example, which stands for its schema: the same fields and types. Null may
 * stand where the example has a value and the other way round; parts of maps and free-form objects are not compared.
 */
function findMisfit(example: unknown, value: unknown, path: string): string | null {
  if (example === null || value === null || example === undefined) return null;
  if (Array.isArray(example)) {
    if (!Array.isArray(value)) return `${path || "the body"} is no array`;
    for (const [index, item] of value.entries()) {
      const misfit = findMisfit(example[0], item, `${path}[${index}]`);
      if (misfit !== null) return misfit;
    }
    return null;
  }
  if (ANY_TYPE.test(path) && typeof value !== "object") return null;
  if (typeof example !== typeof value || Array.isArray(value))
    return `${path || "the body"} is a ${typeof value}`;
  if (typeof example !== "object" || typeof value !== "object") return null;
  if (FREE_FORM.test(path)) return null;
  for (const name of Object.keys(example)) {
    if (!Object.hasOwn(value, name)) return `${path}.${name} is missing`;
  }
  for (const [name, field] of Object.entries(value)) {
    if (!Object.hasOwn(example, name)) return `${path}.${name} is in no documented answer`;
    // The same name in the example, just checked.
    const misfit = findMisfit((example as Record<string, unknown>)[name], field, `${path}.${name}`);
    if (misfit !== null) return misfit;
  }
  return null;
}

/** History entries have fields by event; messages, headers, maps by kind or source, series and facts are free. */
const FREE_FORM =
  /(?:history|timeline)\[\d+\]$|\.(?:originalMessage|value|headers|byKind|bySource|series|facts|health|processors)$/;

/** The shop's customers are whatever the client calls them, and are called the same in the answer. */
const ANY_TYPE = /\.user_id$/;

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    // Every field is looked at by who reads it.
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
