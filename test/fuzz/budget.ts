import { seededRandom } from "../simulation/seeded-random.ts";

/**
 * How long to fuzz and from which seed: FUZZ_SECONDS per test (short by default, scripts/fuzz asks for more) and
 * FUZZ_SEED, else a new one. The seed is printed, and again beside every failure.
 */
export interface Budget {
  readonly seed: number;
  /** What is still to come after this has passed is left out. */
  readonly isOver: () => boolean;
  /** Random numbers of one of several clients: what one does is the same whatever the others do. */
  readonly randomOf: (client: number) => () => number;
}

const SECONDS_DEFAULT = 4;
const SLACK_MS = 60_000;
const { FUZZ_SECONDS, FUZZ_SEED } = process.env;

const FUZZ_MS = positive("FUZZ_SECONDS", FUZZ_SECONDS ?? String(SECONDS_DEFAULT)) * 1000;
/** For `test`: the time itself, and what a slow machine takes to start and to end besides. */
export const FUZZ_TIMEOUT_MS = FUZZ_MS + SLACK_MS;
const seed = FUZZ_SEED === undefined ? Math.floor(Math.random() * 2 ** 32) : whole("FUZZ_SEED", FUZZ_SEED);

/** Starts the clock of one test. @param share of FUZZ_SECONDS */
export function startBudget(testName: string, share = 1): Budget {
  console.log(`${testName}: FUZZ_SEED=${seed}`);
  const endAt = performance.now() + FUZZ_MS * share;
  return {
    seed,
    isOver: () => performance.now() > endAt,
    randomOf: (client) => seededRandom(seed ^ Math.imul(client + 1, 0x9e3779b1)),
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`${name} must be a number greater than 0, not ${text}`);
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${name} must be a whole number, not ${text}`);
}
