/** How one rate was borne. */
export interface Held {
  /** NaN if nothing was accepted. */
  readonly p99Ms: number;
  readonly isAllAccepted: boolean;
  readonly isSettled: boolean;
}

export interface SearchSettings {
  readonly fromPerSecond: number;
  /** The search ends when the lowest rate that failed is so many times the highest that held, or less. */
  readonly precision: number;
}

const RATE_MAX = 50_000;
const RATE_MIN = 20;
/** A machine that was busy with something else for a moment must not decide. */
const TRIES = 2;

/**
 * The highest rate that is held: doubles until one is not (or halves until one is), then halves the distance, in
 * proportion, between the two.
 * @returns 0 if not even a trickle is held
 */
export async function highestRate(
  { fromPerSecond, precision }: SearchSettings,
  p99MsMax: number,
  offer: (perSecond: number) => Promise<Held>,
): Promise<{ readonly rate: number; readonly tried: number }> {
  let tried = 0;
  const isHeld = async (perSecond: number) => {
    for (let count = 0; count < TRIES; count++) {
      tried++;
      const { p99Ms, isAllAccepted, isSettled } = await offer(perSecond);
      if (isAllAccepted && isSettled && p99Ms < p99MsMax) return true;
    }
    return false;
  };
  let held = 0;
  let failed = fromPerSecond;
  while (failed <= RATE_MAX && (await isHeld(failed))) {
    held = failed;
    failed *= 2;
  }
  while (held === 0 && failed / 2 >= RATE_MIN) {
    const half = Math.round(failed / 2);
    if (await isHeld(half)) held = half;
    else failed = half;
  }
  while (held > 0 && failed / held > precision) {
    const between = Math.round(Math.sqrt(held * failed));
    if (await isHeld(between)) held = between;
    else failed = between;
  }
  return { rate: held, tried };
}
