import { otherProcessor, PROCESSOR_NAMES, type ProcessorName } from "../../src/domain/processor.ts";
import { between, pick } from "./seeded-random.ts";

/**
 * What the two processors do over time. Nothing in `src/domain` may know any of these: they are what the rule
 * is tried on.
 */
export interface Segment {
  readonly fromMs: number;
  readonly delayMs: number;
  readonly failing: boolean;
}
export type Schedule = Readonly<Record<ProcessorName, readonly Segment[]>>;

export const SCHEDULE_KINDS = [
  "published",
  "final",
  "final-like",
  "swapped",
  "never-back",
  "fallback-gone",
  "both-down",
  "flapping",
  "slow",
  "outages",
  "random",
  "hanging",
  "killed",
  "quick",
] as const;
export type ScheduleKind = (typeof SCHEDULE_KINDS)[number];

type Random = () => number;

/** The state at a time; segments are in order and the first begins at 0. */
export function stateAt(segments: readonly Segment[], timeMs: number): Segment {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const segment = segments[middle];
    if (segment !== undefined && segment.fromMs <= timeMs) low = middle;
    else high = middle - 1;
  }
  const found = segments[low];
  if (found === undefined) throw new Error("stateAt: expected at least one segment");
  return found;
}

/** A schedule of the kind, over `durationMs`. */
export function makeSchedule(kind: ScheduleKind, durationMs: number, random: Random): Schedule {
  switch (kind) {
    case "published":
      return published();
    case "final":
    case "final-like":
      return finalLike(durationMs, random);
    case "swapped": {
      const { default: bad, fallback: good } = finalLike(durationMs, random);
      return { default: good, fallback: bad };
    }
    case "never-back":
      return neverBack(durationMs, random);
    case "fallback-gone":
      return fallbackGone(durationMs, random);
    case "both-down":
      return bothDown(durationMs, random);
    case "flapping":
      return { default: flaps(durationMs, random), fallback: flaps(durationMs, random) };
    case "slow":
      return {
        default: segments(durationMs, random, 20_000, () =>
          steady(pick(random, [1_000, 2_000, 2_000, 3_000, 5_000])),
        ),
        fallback: segments(durationMs, random, 20_000, () =>
          steady(pick(random, [0, 20, 100, 1_000, 2_000])),
        ),
      };
    case "outages":
      return { default: outages(durationMs, random), fallback: outages(durationMs, random) };
    case "random":
      return { default: anything(durationMs, random, 5_000), fallback: anything(durationMs, random, 5_000) };
    case "hanging":
      return { default: anything(durationMs, random, 15_000), fallback: anything(durationMs, random, 100) };
    case "killed":
      return random() < 0.5 ? published() : finalLike(durationMs, random);
    case "quick":
      return {
        default: [{ fromMs: 0, ...steady(between(random, 0, 20)) }],
        fallback: [{ fromMs: 0, ...steady(5) }],
      };
  }
}

const steady = (delayMs: number) => ({ delayMs, failing: false });
const down = (delayMs: number) => ({ delayMs, failing: true });

/** The rehearsal of the challenge, as in its rules. */
function published(): Schedule {
  return {
    default: [
      { fromMs: 0, ...steady(0) },
      { fromMs: 10_000, ...steady(100) },
      { fromMs: 20_000, ...down(100) },
      { fromMs: 30_000, ...down(2_000) },
      { fromMs: 40_000, ...steady(20) },
      { fromMs: 50_000, ...steady(0) },
    ],
    fallback: [
      { fromMs: 0, ...steady(0) },
      { fromMs: 30_000, ...down(1_000) },
      { fromMs: 40_000, ...steady(20) },
      { fromMs: 50_000, ...steady(5_000) },
    ],
  };
}

/** Default quick at first, then slow or failing most of the time; fallback works, at times slowly. */
function finalLike(durationMs: number, random: Random): Schedule {
  const quickUntilMs = between(random, 2_000, durationMs * 0.25);
  const later = segments(durationMs, random, 15_000, () =>
    random() < 0.6
      ? down(pick(random, [20, 100, 500, 2_000]))
      : steady(pick(random, [300, 1_000, 2_000, 3_000, 5_000])),
  ).filter((segment) => segment.fromMs > quickUntilMs);
  return {
    default: [{ fromMs: 0, ...steady(5) }, { fromMs: quickUntilMs, ...down(100) }, ...later],
    fallback: segments(durationMs, random, 25_000, () => steady(pick(random, [0, 5, 20, 100, 1_000]))),
  };
}

function neverBack(durationMs: number, random: Random): Schedule {
  const goneFromMs = between(random, 0, durationMs);
  const gone =
    random() < 0.6 ? down(pick(random, [0, 100, 2_000])) : steady(pick(random, [2_000, 5_000, 9_000]));
  return {
    default: [
      { fromMs: 0, ...steady(between(random, 0, 100)) },
      { fromMs: goneFromMs, ...gone },
    ],
    fallback: [{ fromMs: 0, ...steady(between(random, 0, 100)) }],
  };
}

/** Default has outages, and fallback, quick at first, is gone for good from some moment on. */
function fallbackGone(durationMs: number, random: Random): Schedule {
  return { default: outages(durationMs, random), fallback: neverBack(durationMs, random).default };
}

/** Both fail together for 2 to 20 s, time and again; the one comes back up to 5 s after the other. */
function bothDown(durationMs: number, random: Random): Schedule {
  const found: Record<ProcessorName, Segment[]> = { default: [], fallback: [] };
  let timeMs = 0;
  while (timeMs < durationMs) {
    const downMs = timeMs + between(random, 3_000, 40_000);
    const upMs = downMs + between(random, 2_000, 20_000);
    const later = random() < 0.5 ? "default" : "fallback";
    for (const name of PROCESSOR_NAMES) {
      found[name].push({ fromMs: timeMs, ...steady(pick(random, [0, 5, 20, 100, 1_000])) });
      found[name].push({ fromMs: downMs, ...down(pick(random, [0, 100, 2_000])) });
      if (name === later) found[name].push({ fromMs: upMs, ...down(0) });
    }
    timeMs = upMs + between(random, 0, 5_000);
    // The first one back; the loop brings the other one back at `timeMs`.
    found[otherProcessor(later)].push({ fromMs: upMs, ...steady(pick(random, [0, 20, 100])) });
  }
  return found;
}

/** On and off with a period of 0.5 to 10 s, each phase a little uneven. */
function flaps(durationMs: number, random: Random): Segment[] {
  const periodMs = between(random, 500, 10_000);
  const upShare = between(random, 0.2, 0.9);
  const delayMs = pick(random, [0, 5, 20, 100]);
  const found: Segment[] = [];
  let timeMs = 0;
  for (let up = random() < 0.7; timeMs < durationMs || found.length === 0; up = !up) {
    found.push({ fromMs: timeMs, delayMs, failing: !up });
    timeMs += periodMs * (up ? upShare : 1 - upShare) * between(random, 0.7, 1.3);
  }
  return found;
}

/** Long stretches of quick answers with outages of 2 to 40 s between. */
function outages(durationMs: number, random: Random): Segment[] {
  const found: Segment[] = [];
  let timeMs = 0;
  while (timeMs < durationMs) {
    found.push({ fromMs: timeMs, ...steady(pick(random, [0, 5, 20, 100])) });
    timeMs += between(random, 3_000, 40_000);
    found.push({ fromMs: timeMs, ...down(pick(random, [0, 20, 100, 1_000])) });
    timeMs += between(random, 2_000, 40_000);
  }
  return found;
}

function anything(durationMs: number, random: Random, slowestMs: number): Segment[] {
  const delays = [0, 0, 5, 20, 50, 100, 500, 1_000, 2_000, 5_000, 12_000, 15_000].filter(
    (ms) => ms <= slowestMs,
  );
  return segments(durationMs, random, pick(random, [3_000, 10_000, 20_000]), () =>
    random() < 0.3 ? down(pick(random, delays)) : steady(pick(random, delays)),
  );
}

/** Phases of a random length around `meanMs` (exponential, at least 300 ms). */
function segments(
  durationMs: number,
  random: Random,
  meanMs: number,
  make: () => { delayMs: number; failing: boolean },
): Segment[] {
  const found: Segment[] = [];
  for (let timeMs = 0; timeMs < durationMs; timeMs += Math.max(300, -Math.log(1 - random()) * meanMs)) {
    found.push({ fromMs: timeMs, ...make() });
  }
  return found;
}
