/**
 * Keeps secrets and card data out of the log (promise R20). It is the last line of defence: code that logs
 * should not hand such values over in the first place.
 */
export const MASK = "***";

/** Parts of a field's name, compared without case, "_" and "-": `card_number`, `x-auth-token`, `adminToken`. */
const SECRET_NAMES: readonly string[] = [
  "token",
  "authorization",
  "cardnumber",
  "securitycode",
  "cvv",
  "password",
  "secret",
  "cookie",
];

/** What is deeper, wider or longer is not logged: nobody reads it, and a cycle would never end. */
const DEPTH_MAX = 3;
const ITEMS_MAX = 50;
const TEXT_CHARACTERS_MAX = 1_000;
const STACK_CHARACTERS_MAX = 2_000;

/** True when a field of this name must not show its value. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[_-]/g, "");
  return SECRET_NAMES.some((part) => plain.includes(part));
}

/** `redis://user:password@host` → `redis://***@host`, anywhere in a text. */
export function maskCredentials(text: string): string {
  return text.includes("@") ? text.replace(/\/\/[^/@\s]*(?:@[^/@\s]*)*@/g, `//${MASK}@`) : text;
}

/**
 * A copy of `value` that is safe to log and that JSON can write: secrets masked, errors as fields, big
 * integers as text. `withStack` adds an error's stack.
 */
export function redact(value: unknown, withStack: boolean, depth = 0): unknown {
  switch (typeof value) {
    case "string":
      return shorten(value, TEXT_CHARACTERS_MAX);
    case "bigint":
    case "symbol":
    case "function":
      return String(value);
    case "object":
      break;
    default:
      return value;
  }
  if (value === null || value instanceof Date) return value;
  if (depth >= DEPTH_MAX) return "…";
  if (value instanceof Error) return redactError(value, withStack, depth);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value))
    return value.slice(0, ITEMS_MAX).map((item) => redact(item, withStack, depth + 1));
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries
      .slice(0, ITEMS_MAX)
      .map(([name, item]) => [
        String(name),
        isSecretName(String(name)) && item !== null && item !== undefined
          ? MASK
          : redact(item, withStack, depth + 1),
      ]),
  );
}

function redactError(error: Error, withStack: boolean, depth: number): Record<string, unknown> {
  return {
    name: error.name,
    message: shorten(error.message, TEXT_CHARACTERS_MAX),
    ...("code" in error ? { code: redact(error.code, false, DEPTH_MAX) } : {}),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, withStack, depth + 1) }),
    ...(withStack && error.stack !== undefined ? { stack: shorten(error.stack, STACK_CHARACTERS_MAX) } : {}),
  };
}

function shorten(text: string, charactersMax: number): string {
  const masked = maskCredentials(text);
  return masked.length <= charactersMax ? masked : `${masked.slice(0, charactersMax)}…`;
}
