import type { FieldError } from "./errors.ts";

/** What of Elysia's ValidationError is used here; `all` has a different type per schema provider. */
export interface SchemaFailure {
  /** Which part of the request failed: body, query, params, headers; or property, see `placeOf`. */
  readonly type: string;
  readonly all: readonly unknown[];
  readonly value: unknown;
}

/** More would only make the answer long; a client corrects one field after the other anyway. */
const FIELD_ERRORS_MAX = 16;

/**
 * What a schema said, as field errors: one per path, the first that was found, and nothing of the received value
 * (Elysia's own answer repeats it; card numbers must never come back).
 * @param url of the request
 */
export function fieldErrorsOf(failure: SchemaFailure, url: string): FieldError[] {
  const whole = placeOf(failure, url);
  const byPath = new Map<string, string>();
  for (const entry of failure.all) {
    const { path, message } = readEntry(entry);
    const name = path === "" ? whole : path;
    if (!byPath.has(name)) byPath.set(name, message);
    if (byPath.size >= FIELD_ERRORS_MAX) break;
  }
  // A schema that fails without saying where would otherwise give an empty list.
  if (byPath.size === 0) byPath.set(whole, "is not valid");
  return [...byPath].map(([path, message]) => ({ path, message }));
}

/**
 * A number of the query that is out of range fails as a mere "property" without its name: Elysia checks it only
 * when it turns the text into a number. The name is found again by the value.
 */
function placeOf({ type, value }: SchemaFailure, url: string): string {
  if (type !== "property") return type;
  const query = new URLSearchParams(url.slice(url.indexOf("?") + 1));
  for (const [name, text] of query) {
    if (text === String(value) || Number(text) === value) return name;
  }
  return "query";
}

/** TypeBox names fields by JSON pointer (`/card/card_number`), and a schema may bring its own message in `error`. */
function readEntry(entry: unknown): FieldError {
  if (typeof entry !== "object" || entry === null) return { path: "", message: "is not valid" };
  const path = "path" in entry && typeof entry.path === "string" ? pointerToPath(entry.path) : "";
  const own = "schema" in entry ? ownMessage(entry.schema) : undefined;
  const branches = "errors" in entry && Array.isArray(entry.errors) ? describeBranches(entry.errors) : "";
  if (own !== undefined) return { path, message: own };
  return { path, message: branches === "" ? describe(messageOf(entry)) : `must be ${branches}` };
}

function ownMessage(schema: unknown): string | undefined {
  if (typeof schema !== "object" || schema === null || !("error" in schema)) return undefined;
  return typeof schema.error === "string" ? schema.error : undefined;
}

function messageOf(entry: unknown): string {
  if (typeof entry !== "object" || entry === null || !("message" in entry)) return "";
  return typeof entry.message === "string" ? entry.message : "";
}

function pointerToPath(pointer: string): string {
  const segments = pointer.split("/").slice(1);
  return segments.map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~")).join(".");
}

/** TypeBox's messages, "Expected string", as ends of a sentence. */
function describe(message: string): string {
  if (message === "Expected required property") return "is required";
  return message.startsWith("Expected ") ? `must be ${expectation(message)}` : message || "is not valid";
}

function expectation(message: string): string {
  return message.slice("Expected ".length).replace(" to be ", " ").replace(" to match ", " matching ");
}

/** Text that Elysia takes for a number or boolean is a union of both to TypeBox; people see the type that is meant. */
const COERCED: Readonly<Record<string, string>> = {
  "Expected string to match 'integer' format": "integer",
  "Expected string to match 'numeric' format": "number",
  "Expected string to match 'boolean' format": "boolean",
};

/** A union says only "Expected union value"; what it would take is in the errors of its branches. */
function describeBranches(branches: readonly unknown[]): string {
  const expected = new Set<string>();
  for (const branch of branches) {
    const message = messageOf(firstOf(branch));
    if (message === "" || message === "Expected union value") continue;
    expected.add(COERCED[message] ?? expectation(message));
  }
  return [...expected].join(" or ");
}

function firstOf(branch: unknown): unknown {
  if (typeof branch !== "object" || branch === null || !("First" in branch)) return undefined;
  return typeof branch.First === "function" ? branch.First() : undefined;
}
