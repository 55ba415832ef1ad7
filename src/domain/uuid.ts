/**
 * UUIDs as they travel: text of the form 8-4-4-4-12 at the door, 16 bytes inside (ring frames, database),
 * lower-case text again in answers. Any version and any letter case is taken, because clients choose their
 * own ids; nothing else is (no braces, no `urn:uuid:`, no text without hyphens).
 *
 *   text    xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx
 *   index   0        9    14   19   24
 */
export const UUID_BYTES = 16;
const UUID_TEXT_LENGTH = 36;
const HYPHEN = 45;
const NOT_A_DIGIT = 255;

/** Value of a hexadecimal digit by its character code. */
const DIGIT_VALUES = new Uint8Array(256).fill(NOT_A_DIGIT);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  DIGIT_VALUES[digit.charCodeAt(0)] = value;
  DIGIT_VALUES[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Where in the text the first digit of each byte is. */
const BYTE_POSITIONS = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);

const HEX_PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * Writes the 16 bytes of `text` into `target` at `offset`; false, with the bytes at that place undefined, if
 * `text` is no UUID. Throws a RangeError if the target has no room: that is a bug of the caller.
 */
export function parseUuid(text: string, target: Uint8Array, offset: number): boolean {
  if (offset < 0 || offset + UUID_BYTES > target.length) throw new RangeError("no room for a UUID");
  if (
    text.length !== UUID_TEXT_LENGTH ||
    text.charCodeAt(8) !== HYPHEN ||
    text.charCodeAt(13) !== HYPHEN ||
    text.charCodeAt(18) !== HYPHEN ||
    text.charCodeAt(23) !== HYPHEN
  ) {
    return false;
  }
  // A character that is no digit sets bits above the low four; they are gathered and looked at once.
  let seen = 0;
  for (let byte = 0; byte < UUID_BYTES; byte++) {
    const position = BYTE_POSITIONS[byte] ?? 0;
    const high = DIGIT_VALUES[text.charCodeAt(position)] ?? NOT_A_DIGIT;
    const low = DIGIT_VALUES[text.charCodeAt(position + 1)] ?? NOT_A_DIGIT;
    seen |= high | low;
    target[offset + byte] = (high << 4) | low;
  }
  return seen < 16;
}

/** The canonical lower-case text of the 16 bytes at `offset`. Throws a RangeError if they are not there. */
export function formatUuid(bytes: Uint8Array, offset: number): string {
  if (offset < 0 || offset + UUID_BYTES > bytes.length) throw new RangeError("no UUID at that offset");
  const pair = (index: number): string => HEX_PAIRS[bytes[offset + index] ?? 0] ?? "";
  return (
    `${pair(0)}${pair(1)}${pair(2)}${pair(3)}-${pair(4)}${pair(5)}-${pair(6)}${pair(7)}-` +
    `${pair(8)}${pair(9)}-${pair(10)}${pair(11)}${pair(12)}${pair(13)}${pair(14)}${pair(15)}`
  );
}

const scratch = new Uint8Array(UUID_BYTES);

/** `text` in canonical lower case, or null if it is no UUID. */
export function canonicalUuid(text: string): string | null {
  return parseUuid(text, scratch, 0) ? text.toLowerCase() : null;
}

/** The 16 bytes of a UUID that was checked at the door. @throws Error if it is none after all: a bug */
export function uuidBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(UUID_BYTES);
  if (!parseUuid(text, bytes, 0)) throw new Error("not a UUID, and nobody refused it");
  return bytes;
}
