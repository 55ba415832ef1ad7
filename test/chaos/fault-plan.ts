import { wholeBetween } from "../e2e/seed.ts";
import { seededRandom } from "../simulation/seeded-random.ts";
import { FAULTS, type FaultKind, TRACKS, type Track } from "./fault-table.ts";

/** One fault at one time. */
export interface Step {
  readonly track: Track;
  readonly fault: string;
  /** From the beginning of the load. */
  readonly atMs: number;
  readonly durationMs: number;
  /** What the fault table calls its strength; 0 if it has none. */
  readonly strength: number;
}

/**
 * The faults of `totalMs` of load, by time. Only the seed decides: each track has random numbers of its own, so a
 * longer plan begins with the shorter one.
 */
export function drawPlan(seed: number, totalMs: number): readonly Step[] {
  const steps = TRACKS.flatMap((track, index) => drawTrack(track, seed + index * TRACK_SEED_STEP, totalMs));
  return steps.sort((a, b) => a.atMs - b.atMs);
}

/** A prime: the seeds of two runs share no track. */
const TRACK_SEED_STEP = 1_000_003;

function drawTrack(track: Track, seed: number, totalMs: number): Step[] {
  const random = seededRandom(seed >>> 0);
  const { gapMs, kinds } = FAULTS[track];
  const steps: Step[] = [];
  let atMs = 0;
  for (;;) {
    // The first gap is shorter, so that a minute shows every track.
    atMs += Math.round(wholeBetween(random, ...gapMs) * (steps.length === 0 ? random() : 1));
    const kind = drawKind(kinds, random);
    const durationMs = wholeBetween(random, ...kind.durationMs);
    const strength = kind.strength === undefined ? 0 : wholeBetween(random, ...kind.strength.range);
    if (atMs >= totalMs) return steps;
    steps.push({ track, fault: kind.name, atMs, durationMs, strength });
    atMs += durationMs;
  }
}

function drawKind(kinds: readonly FaultKind[], random: () => number): FaultKind {
  let left = random() * kinds.reduce((sum, { weight }) => sum + weight, 0);
  for (const kind of kinds) {
    left -= kind.weight;
    if (left < 0) return kind;
  }
  throw new Error("a track has no faults");
}

/** For the progress line. @example "r2 kill for 1.8 s" */
export function describeStep({ track, fault, durationMs, strength }: Step): string {
  const unit = FAULTS[track].kinds.find(({ name }) => name === fault)?.strength?.unit;
  const lasts = durationMs === 0 ? "" : ` for ${(durationMs / 1000).toFixed(1)} s`;
  return `${track} ${fault}${unit === undefined ? "" : `, ${strength} ${unit},`}${lasts}`;
}
