import { seededRandom } from "../simulation/seeded-random.ts";

/**
 * The random numbers of one test: from E2E_SEED, else new; the seed is printed, so that what failed can be
 * repeated. What the machine does between two of our steps is not repeated by it.
 */
export function randomOf(testName: string): { readonly seed: number; readonly random: () => number } {
  const { E2E_SEED: given } = process.env;
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  if (!Number.isInteger(seed)) throw new Error(`E2E_SEED must be an integer, not ${given}`);
  console.log(`${testName}: E2E_SEED=${seed}`);
  return { seed, random: seededRandom(seed) };
}

/** A whole number from `low` to `high`, both included. */
export function wholeBetween(random: () => number, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** Runs `work` on every item, `limit` at once. */
export async function forEachLimited<Item>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}
