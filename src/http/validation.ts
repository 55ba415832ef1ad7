import type { FieldError } from "./errors.ts";

/** What of Elysia's ValidationError is used here; `all` has a different type per schema provider. */
export interface SchemaFailure {
  /** Which part of the request failed: body, query, params, headers. */
  readonly type: string;
  readonly all: readonly unknown[];
}

/** More would only make the answer long; a client corrects one field after the other anyway. */
const FIELD_ERRORS_MAX = 16;

/**
 * What a schema said, as field errors: one per path, the first that was found, and nothing of the received value
 * (Elysia's own answer repeats it; card numbers must never come back).
 */
export function fieldErrorsOf(failure: SchemaFailure): FieldError[] {
  const byPath = new Map<string, string>();
  for (const entry of failure.all) {
    const { path, message } = readEntry(entry);
    const name = path === "" ? failure.type : path;
    if (!byPath.has(name)) byPath.set(name, message);
    if (byPath.size >= FIELD_ERRORS_MAX) break;
  }
  // A schema that fails without saying where would otherwise give an empty list.
  if (byPath.size === 0) byPath.set(failure.type, "is not valid");
  return [...byPath].map(([path, message]) => ({ path, message }));
}

/** TypeBox names fields by JSON pointer (`/card/card_number`), and a schema may bring its own message in `error`. */
function readEntry(entry: unknown): FieldError {
  if (typeof entry !== "object" || entry === null) return { path: "", message: "is not valid" };
  const path = "path" in entry && typeof entry.path === "string" ? pointerToPath(entry.path) : "";
  const own = "schema" in entry ? ownMessage(entry.schema) : undefined;
  const found = "message" in entry && typeof entry.message === "string" ? entry.message : "is not valid";
  return { path, message: own ?? asEndOfSentence(found) };
}

function ownMessage(schema: unknown): string | undefined {
  if (typeof schema !== "object" || schema === null || !("error" in schema)) return undefined;
  return typeof schema.error === "string" ? schema.error : undefined;
}

function pointerToPath(pointer: string): string {
  const segments = pointer.split("/").slice(1);
  return segments.map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~")).join(".");
}

/** "Expected string" becomes "must be string: expected string" nowhere else, so one form for all messages. */
function asEndOfSentence(message: string): string {
  if (message === "Expected required property") return "is required";
  return message.startsWith("Expected ") ? `must be ${message.slice("Expected ".length)}` : message;
}
