const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const UTF_8 = new TextEncoder();

/**
 * The partition, 0 to `partitions` − 1, of the messages of one key: the same key always has the same one, which is
 * what keeps its messages in order. FNV-1a of 32 bits over the key's UTF-8 bytes; part of the stored format, so it
 * must never change.
 */
export function partitionOf(key: string, partitions: number): number {
  if (partitions <= 1) return 0;
  let hash = FNV_OFFSET;
  for (const byte of UTF_8.encode(key)) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return (hash >>> 0) % partitions;
}
