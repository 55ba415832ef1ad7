/**
 * The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header-07, section 2.1): a string as in
 * RFC 8941, 3.3.3, so in quotes with `\"` and `\\` inside. Most clients leave the quotes out, which is taken
 * for the same key.
 */
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/;
/** Anything that cannot be taken for the quoted form; HTTP itself lets no control character in. */
const BARE = /^[^"]/;

/** The key that a header's value carries, or null if that is empty, too long or no string. */
export function parseIdempotencyKey(header: string): string | null {
  const text = header.trim();
  const quoted = QUOTED.exec(text)?.[1]?.replace(/\\(["\\])/g, "$1");
  const key = quoted ?? (BARE.test(text) ? text : "");
  return key.length === 0 || key.length > IDEMPOTENCY_KEY_LENGTH_MAX ? null : key;
}
