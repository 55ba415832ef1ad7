import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BookEntry, Comparison } from "./book.ts";
import type { ChaosSet } from "./chaos-set.ts";
import { MARKER_CARD } from "./shop-flow.ts";

/** Written wherever an order is: the search must find it, or it looks in the wrong place. */
const BUYER = "buyer-1";

/**
 * Looks for the card's number in every byte that was written: data directory, intake logs included, logs, nginx's own,
 * and all that Redis holds (R20).
 */
export async function searchSecrets(set: ChaosSet): Promise<BookEntry> {
  const search = new Comparison("R20", "the card's number is in no file, no log and nothing of Redis");
  // Compressed, a value could hide.
  await set.redis.command("CONFIG SET rdbcompression no");
  await set.redis.command("SAVE");
  let buyersSeen = 0;
  for (const file of [...filesBelow(set.directory), set.redis.snapshotFile]) {
    const bytes = readFileSync(file);
    if (bytes.includes(BUYER)) buyersSeen++;
    search.expect(!holdsSecret(bytes), () => `${file} holds the card's number`);
  }
  for (const { name, logs } of set.replicas) {
    search.expect(!holdsSecret(Buffer.from(logs)), () => `the log of ${name} holds the card's number`);
  }
  search.expect(buyersSeen > 0, () => `no file holds "${BUYER}": the search looked in the wrong place`);
  return search.entry();
}

function holdsSecret(bytes: Buffer): boolean {
  return bytes.includes(MARKER_CARD) || bytes.includes(Buffer.from(MARKER_CARD, "utf16le"));
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}
