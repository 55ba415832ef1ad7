/**
 * The beginning of an upstream's answer, fit to be kept and shown: R20 wants card data nowhere in clear, and a gateway
 * may repeat whatever it was sent. In this order:
 *
 *   bytes ─► text ─► \u escapes undone ─► no control characters ─► long numbers and secrets masked ─► 200 characters
 *
 * Masking comes before cutting, because half a card number is no long number any more. What an upstream encodes in any
 * other way (base64, say) is not recognised.
 */
export const EXCERPT_LENGTH_MAX = 200;

/** More than 200 characters, however they are written; the rest of a long body is not looked at. */
const BYTES_MAX = 4096;
/** So much of a body that is not looked at to its end must be left: a number at that end is none of the excerpt's. */
const LENGTH_MIN = 2 * EXCERPT_LENGTH_MAX;

/**
 * Twelve digits or more of any script, which every card number has, with a few other characters between each two:
 * spaces, dashes, the quotes of a list. A colon is none of them, so that times of day can be read.
 */
const LONG_NUMBER = /\p{Nd}(?:[^\p{L}\p{N}:]{0,6}\p{Nd}){11,}/gu;
const UNICODE_ESCAPE = /\\u([0-9a-fA-F]{4})/g;
/** What cannot be seen, or turns the text around. */
const INVISIBLE = /\p{Cf}+/gu;
const CONTROLS_AND_SPACE = /[\p{Cc}\p{Z}]+/gu;

/**
 * @param secrets what the call sent and nobody may keep (a security code, a token): masked wherever they stand
 * @returns at most EXCERPT_LENGTH_MAX characters; null if there is nothing to show
 */
export function excerptOf(body: Uint8Array, secrets: readonly string[] = []): string | null {
  const isCut = body.length > BYTES_MAX;
  const decoded = new TextDecoder().decode(isCut ? body.slice(0, BYTES_MAX) : body);
  let text = decoded
    .replace(UNICODE_ESCAPE, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(INVISIBLE, "")
    .replace(CONTROLS_AND_SPACE, " ")
    .trim();
  if (isCut && text.length < LENGTH_MIN) return null;
  text = text.replace(LONG_NUMBER, (number) => number.replace(/\p{Nd}/gu, "*"));
  for (const secret of secrets) if (secret !== "") text = text.replace(patternOf(secret), "***");
  const excerpt = [...text].slice(0, EXCERPT_LENGTH_MAX).join("");
  return excerpt === "" ? null : excerpt;
}

/** A secret in any letter case. Digits within a longer number are another number. */
function patternOf(secret: string): RegExp {
  const literal = secret.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  const before = /^\d/.test(secret) ? "(?<!\\d)" : "";
  const after = /\d$/.test(secret) ? "(?!\\d)" : "";
  return new RegExp(`${before}${literal}${after}`, "gi");
}
