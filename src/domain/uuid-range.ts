import { UUID_BYTES } from "./uuid.ts";

/**
 * The lowest and the highest UUID that begin with `text`, as 16 bytes each; hyphens do not matter. Null if it has
 * anything but hexadecimal digits, or more than 32 of them.
 *
 *   4a79  →  4a790000-…-000000000000  to  4a79ffff-…-ffffffffffff
 */
export function uuidRange(text: string): { low: Uint8Array; high: Uint8Array } | null {
  const digits = text.replaceAll("-", "").toLowerCase();
  if (!/^[0-9a-f]{1,32}$/.test(digits)) return null;
  const low = bytesOf(digits.padEnd(UUID_BYTES * 2, "0"));
  const high = bytesOf(digits.padEnd(UUID_BYTES * 2, "f"));
  return { low, high };
}

function bytesOf(digits: string): Uint8Array {
  return Uint8Array.from({ length: UUID_BYTES }, (_, at) =>
    Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16),
  );
}
