import { pickFields, readBoolean, readInteger } from "./json-body.ts";

/**
 * Faults that the published processors do not have but real upstreams do: an upstream that has the payment
 * and says otherwise, or nothing. All shares are 0 at the start; an administrator's call sets them.
 *
 *   loseAnswerShare               recorded, and then silence
 *   hangShare                     not recorded, and silence all the same
 *   garbageShare                  recorded, answered 200 with bytes that are no JSON
 *   resetShare                    recorded or not (a coin), then the connection is reset
 *   serverErrorWithMessageShare   recorded or not (a coin), then 500 with a message
 *
 * A caller cannot tell the first two apart, nor the two sides of a coin: only asking again shows.
 * Never faked is the empty 500, which promises that nothing was recorded.
 */
export const FAULT_SHARES = [
  "loseAnswerShare",
  "garbageShare",
  "resetShare",
  "hangShare",
  "serverErrorWithMessageShare",
] as const;

export type FaultShare = (typeof FAULT_SHARES)[number];

export interface FaultSettings extends Readonly<Record<FaultShare, number>> {
  /** Where the random numbers start: the same seed and order of calls give the same faults. */
  readonly seed: number;
  /** Whether `GET /payments/{id}` has the faults too. */
  readonly alsoOnReads: boolean;
}

export interface Fault {
  readonly kind: "silence" | "garbage" | "reset" | "server_error";
  readonly recorded: boolean;
}

export const NO_FAULTS: FaultSettings = {
  loseAnswerShare: 0,
  garbageShare: 0,
  resetShare: 0,
  hangShare: 0,
  serverErrorWithMessageShare: 0,
  seed: 1,
  alsoOnReads: false,
};

/** Reads the fault settings of a body, 0 for what is missing; null unless all shares are in 0..1 and so is their sum. */
export function readFaultSettings(object: object): FaultSettings | null {
  const fields = pickFields(object, [...FAULT_SHARES, "seed", "alsoOnReads"]);
  const seed = fields.seed === undefined ? NO_FAULTS.seed : readInteger(fields.seed);
  const alsoOnReads = readBoolean(fields.alsoOnReads);
  if (seed === null || alsoOnReads === null) return null;
  const shares: Record<FaultShare, number> = { ...NO_FAULTS };
  let sum = 0;
  for (const name of FAULT_SHARES) {
    const share = fields[name] ?? 0;
    if (typeof share !== "number" || share < 0 || share > 1) return null;
    shares[name] = share;
    sum += share;
  }
  // A little more than 1 is what ten shares of 0.1 come to in doubles.
  return sum > 1 + 1e-9 ? null : { ...shares, seed, alsoOnReads };
}

/** Draws a fault for each call, or none, as the settings say. */
export class FaultPlan {
  #settings: FaultSettings = NO_FAULTS;
  #random: () => number = () => 1;
  #active = false;

  get settings(): FaultSettings {
    return this.#settings;
  }

  set settings(settings: FaultSettings) {
    this.#settings = settings;
    this.#random = seededRandom(settings.seed);
    this.#active = FAULT_SHARES.some((name) => settings[name] > 0);
  }

  /** The fault of the next call, or null. */
  draw(): Fault | null {
    if (!this.#active) return null;
    const coin = this.#random() < 0.5;
    let left = this.#random();
    const kind = FAULT_SHARES.find((name) => {
      left -= this.#settings[name];
      return left < 0;
    });
    switch (kind) {
      case undefined:
        return null;
      case "loseAnswerShare":
        return { kind: "silence", recorded: true };
      case "hangShare":
        return { kind: "silence", recorded: false };
      case "garbageShare":
        return { kind: "garbage", recorded: true };
      case "resetShare":
        return { kind: "reset", recorded: coin };
      case "serverErrorWithMessageShare":
        return { kind: "server_error", recorded: coin };
    }
  }
}

/** mulberry32: a small generator whose whole state is one 32-bit number, uniform in [0, 1). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
