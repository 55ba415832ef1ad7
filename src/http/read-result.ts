import type { FieldError } from "./errors.ts";

/** What reading a body by hand came to: its fields in our own types, or what is wrong with each. */
export type ReadResult<Value> =
  | { readonly kind: "valid"; readonly value: Value }
  | { readonly kind: "invalid"; readonly errors: readonly FieldError[] };

export function valid<Value>(value: Value): ReadResult<Value> {
  return { kind: "valid", value };
}

export function invalid(...errors: readonly FieldError[]): ReadResult<never> {
  return { kind: "invalid", errors };
}

/** The fields of a JSON object, those that are not there undefined; null for any other JSON value. */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> | null {
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  // Any object has unknown members, which every reader has to check.
  return isObject ? (body as Record<string, unknown>) : null;
}

export const NOT_AN_OBJECT: ReadResult<never> = invalid({ path: "body", message: "must be a JSON object" });
