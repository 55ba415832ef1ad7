import { readBodyText } from "../http/bounded-body.ts";

/**
 * Reading JSON bodies as ASP.NET's minimal APIs do (System.Text.Json with its web defaults): names match in
 * any letter case, numbers may be quoted, unknown fields are skipped, missing ones are the reader's business.
 */
export type JsonBody =
  | { readonly kind: "object"; readonly object: object }
  /** Answered with this status and an empty body. */
  | { readonly kind: "refused"; readonly status: 400 | 415 };

const JSON_MEDIA_TYPE = /^\s*(?:application\/json|[^\s/;]+\/[^\s/;]+\+json)\s*(?:;|$)/i;

/** Reads a request's body; one that breaks off because the caller hung up is as good as empty. */
export async function readText(request: Request): Promise<string> {
  try {
    return await readBodyText(request);
  } catch {
    return "";
  }
}

/** Parses the body `text` of a request: 400 if it is empty or no JSON object, 415 if its type is not JSON. */
export function parseJsonBody(request: Request, text: string): JsonBody {
  if (text === "") return { kind: "refused", status: 400 };
  const mediaType = request.headers.get("content-type");
  // What nearly every client sends is compared first: it is the cheaper way.
  if (mediaType !== "application/json" && !JSON_MEDIA_TYPE.test(mediaType ?? "")) {
    return { kind: "refused", status: 415 };
  }
  const parsed = parseJson(text);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return { kind: "refused", status: 400 };
  }
  return { kind: "object", object: parsed };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The fields called `names` (lower camel case) of a JSON object, whatever the letter case of its keys. */
export function pickFields<Name extends string>(
  object: object,
  names: readonly Name[],
): Partial<Record<Name, unknown>> {
  const picked: Partial<Record<Name, unknown>> = {};
  for (const [key, value] of Object.entries(object)) {
    const name = names.find((name) => name === key) ?? names.find((name) => equalsIgnoringCase(name, key));
    if (name !== undefined) picked[name] = value;
  }
  return picked;
}

function equalsIgnoringCase(left: string, right: string): boolean {
  return left.length === right.length && left.toLowerCase() === right.toLowerCase();
}

/**
 * The text of the number that `name` has in a JSON object, as it was sent: `JSON.parse` rounds
 * 0.12500000000000000001 to a tie that it is not. Null if there is none.
 */
export function numberText(text: string, name: string): string | null {
  const texts = new Map<unknown, string>();
  function note(this: unknown, key: string, value: unknown, context?: { source?: string }): unknown {
    const source = context?.source;
    if (typeof value === "number" && source !== undefined && equalsIgnoringCase(key, name)) {
      texts.set(this, source);
    }
    return value;
  }
  // Nested objects may have a field of the same name, hence the holder as the key.
  return texts.get(JSON.parse(text, note)) ?? null;
}

/** An integer of 32 bits, also when quoted; a missing one is 0; null if it is something else. */
export function readInteger(value: unknown): number | null {
  if (value === undefined) return 0;
  const number = typeof value === "string" && /^-?\d{1,10}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) && (number | 0) === number ? number : null;
}

/** A boolean, which may not be quoted; a missing one is false; null if it is something else. */
export function readBoolean(value: unknown): boolean | null {
  if (value === undefined) return false;
  return typeof value === "boolean" ? value : null;
}
