import { between } from "../seeded-random.ts";

/**
 * Every fault of the simulation, with its range. A seed draws which kinds it has (each with `chance`) and how strong
 * they are, so that some seeds show one fault alone and some show many at once.
 *
 * `share`: of the calls, commands or points that it may befall. `every so many ms`: the mean time between two of them.
 * All of it as in a dense run; see course.ts for the others.
 */
interface FaultRange {
  /** Of the seeds, those that have it at all. */
  readonly chance: number;
  readonly strength: readonly [number, number];
  /** What the strength is counted in: shares of points, or the mean time between two. Missing: shares of calls. */
  readonly per?: "point" | "ms";
  /** How long one lasts, or by how much; ms. */
  readonly lengthMs?: readonly [number, number];
  /** An outage, which may last many times as long in a run in which everything is slower. */
  readonly stretches?: boolean;
  readonly why: string;
}

export const FAULTS = {
  killAtPoint: {
    chance: 0.5,
    strength: [0.00002, 0.0006],
    per: "point",
    lengthMs: [100, 8_000],
    stretches: true,
    why: "share of points; a replica is killed there (between any two looks at a clock, bells, calls, BEGIN and COMMIT) and stays away so long",
  },
  stopAtPoint: {
    chance: 0.6,
    strength: [0.0002, 0.004],
    per: "point",
    lengthMs: [0.1, 60],
    why: "share of points; the thread is stopped so long: no CPU time",
  },
  freezeAtPoint: {
    chance: 0.4,
    strength: [0.00005, 0.0008],
    per: "point",
    lengthMs: [2_000, 9_000],
    stretches: true,
    why: "share of points; all threads of the replica are stopped so long: its lease (3 s) may run out, and it wakes with what it knew",
  },
  freezeWithOutcome: {
    chance: 0.4,
    strength: [0.005, 0.1],
    lengthMs: [3_000, 9_000],
    why: "share of calls; the replica is frozen when one has come back and nobody was told: others have its tasks by the time it wakes, its dispatch thread last; half of the times one of them stops just before",
  },
  killAtRest: {
    chance: 0.4,
    strength: [4_000, 20_000],
    per: "ms",
    lengthMs: [50, 8_000],
    stretches: true,
    why: "every so many ms; kill -9 of a replica that is between two steps",
  },
  stop: {
    chance: 0.3,
    strength: [6_000, 20_000],
    per: "ms",
    lengthMs: [50, 3_000],
    stretches: true,
    why: "every so many ms; a clean stop and a start: what is in flight is handed back",
  },
  wallClockStep: {
    chance: 0.4,
    strength: [5_000, 20_000],
    per: "ms",
    lengthMs: [-10_000, 10_000],
    why: "every so many ms; the machine's clock is set, for all replicas: they share the machine",
  },
  delay: { chance: 0.8, strength: [1, 400], why: "mean one-way delay in ms, exponential: calls overtake" },
  refused: { chance: 0.4, strength: [0.005, 0.2], why: "share of calls that get no connection" },
  lostRequest: { chance: 0.5, strength: [0.005, 0.1], why: "share of calls that never arrive" },
  lostAnswer: { chance: 0.5, strength: [0.005, 0.15], why: "share of calls that are served unheard" },
  reset: { chance: 0.4, strength: [0.005, 0.1], why: "share of calls that are served, then reset" },
  duplicate: { chance: 0.4, strength: [0.005, 0.2], why: "share of calls that arrive twice" },
  moodChange: {
    chance: 0.8,
    strength: [1_500, 8_000],
    per: "ms",
    why: "every so many ms; a processor and the gateways change how they behave",
  },
  slowUpstream: {
    chance: 0.5,
    strength: [0.05, 0.5],
    lengthMs: [300, 14_000],
    why: "share of moods; every call takes so long: past the time-out (10 s) it is recorded unheard",
  },
  failingUpstream: { chance: 0.6, strength: [0.1, 0.6], why: "share of moods; the failure switch is on" },
  lyingUpstream: {
    chance: 0.6,
    strength: [0.01, 0.3],
    why: "share of calls answered 500 with a message, garbage or 5xx of a proxy: half of them recorded",
  },
  refusingUpstream: { chance: 0.4, strength: [0.01, 0.3], why: "share of calls answered 429" },
  misconfiguredUpstream: { chance: 0.2, strength: [0.01, 0.2], why: "share of calls answered 401, 404 …" },
  redisLoss: {
    chance: 0.5,
    strength: [0.01, 0.2],
    why: "share of commands lost; as many answers are lost, and as many commands run twice",
  },
  redisAway: {
    chance: 0.4,
    strength: [4_000, 15_000],
    per: "ms",
    lengthMs: [200, 8_000],
    stretches: true,
    why: "every so many ms; Redis is away so long, and empty afterwards half of the times",
  },
  ringInaccessible: {
    chance: 0.25,
    strength: [5_000, 15_000],
    per: "ms",
    lengthMs: [500, 6_000],
    stretches: true,
    why: "every so many ms; the file of a replica's intake log cannot be opened for so long",
  },
  poison: {
    chance: 0.25,
    strength: [2_000, 10_000],
    per: "ms",
    why: "every so many ms; a command that throws",
  },
  purge: {
    chance: 0.2,
    strength: [5_000, 20_000],
    per: "ms",
    why: "every so many ms; an administrator purges section A",
  },
} as const satisfies Record<string, FaultRange>;

export type FaultName = keyof typeof FAULTS;

/** What one seed has: 0 stands for "not at all". */
export type FaultStrengths = Readonly<Record<FaultName, number>>;

/**
 * Draws the faults of a run.
 * @param stretch how many times rarer all of a run is, see course.ts; shares of calls are what they are
 */
export function drawFaults(random: () => number, stretch: number): FaultStrengths {
  const entries = Object.entries(FAULTS).map(([name, { chance, strength, per }]: [string, FaultRange]) => {
    const isThere = random() < chance;
    const [low, high] = strength;
    // Evenly over the orders of magnitude: a range of 1 to 400 is mostly small.
    const drawn = Math.exp(between(random, Math.log(low), Math.log(high)));
    const rarer = per === "point" ? drawn / stretch : per === "ms" ? drawn * stretch : drawn;
    return [name, isThere ? rarer : 0];
  });
  return Object.fromEntries(entries) as FaultStrengths; // one entry per name
}

/**
 * How long one of these lasts.
 * @param stretch up to how many times as long it may be in this run, if it may be longer at all
 */
export function drawLengthMs(random: () => number, name: FaultName, stretch = 1): number {
  const range: FaultRange = FAULTS[name];
  const [low, high] = range.lengthMs ?? [0, 0];
  const drawn = between(random, low, high);
  return range.stretches === true ? drawn * Math.exp(between(random, 0, Math.log(stretch))) : drawn;
}

/** The time until the next of something that happens every `meanMs` at random. */
export function waitMs(random: () => number, meanMs: number): number {
  return -Math.log(1 - random()) * meanMs;
}
