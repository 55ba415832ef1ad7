import { CALLS_PER_SECOND } from "../../src/domain/call-pace.ts";
import { otherProcessor, PROCESSOR_NAMES, type ProcessorName } from "../../src/domain/processor.ts";
import { cheaperProcessor } from "../../src/domain/routing.ts";
import type { Scenario } from "./scenario.ts";
import { type Schedule, stateAt } from "./schedule.ts";

/**
 * The profit that nobody can exceed who knows schedule and load beforehand, in payments (1.00 each, less
 * fees).
 *
 * Payments may start from when they are accepted; a start at a processor counts if that processor will not
 * be failing when its delay (read at the start) is over and this is before the totals are read. What a
 * processor takes is bounded by its places (replicas × inFlightMax, at most 800), each of them taken for
 * the whole delay; all replicas together start as many calls as their CPU allows (replicas ×
 * CALLS_PER_SECOND). Nothing waits longer than the hold limit for the cheaper processor once the dearer
 * has worked for HOLD_SLACK_MS.
 *
 * Since every payment may start at every later moment, which starts can be used together is a matching whose
 * best total is: as many as possible at the cheaper one, then as many more as possible in all (the weights
 * hang on the processor alone, so greedy is exact). Both numbers come from serving the oldest first at the
 * earliest moment.
 *
 * It is a bound, not a plan: it knows no network, no commits, no crashes and no lost answers. Where both
 * processors are slow and full at once, which of them to fill first matters: the better of the two orders
 * is taken, which may miss the true best by some calls; everywhere else it cannot be exceeded.
 */
export function bestInHindsight(scenario: Scenario, acceptedAtMs: readonly number[]): number {
  const cheaper = cheaperProcessor(scenario.feeShares);
  const dearer = otherProcessor(cheaper);
  const atCheaper = mostProcessed(scenario, acceptedAtMs, [cheaper], 1);
  const inAll = Math.max(
    mostProcessed(scenario, acceptedAtMs, PROCESSOR_NAMES, 1),
    mostProcessed(scenario, acceptedAtMs, PROCESSOR_NAMES, -1),
  );
  return (
    atCheaper * (1 - scenario.feeShares[cheaper]) + (inAll - atCheaper) * (1 - scenario.feeShares[dearer])
  );
}

/**
 * What even both processors could not exceed if each had all payments to itself for as long as it likes: a looser bound
 * without exception, for where both are slow and full at once. Payments (1.00 each, less fees).
 */
export function boundInHindsight(scenario: Scenario, acceptedAtMs: readonly number[]): number {
  const cheaper = cheaperProcessor(scenario.feeShares);
  const dearer = otherProcessor(cheaper);
  const forEver = { ...scenario, maxHoldMs: Number.POSITIVE_INFINITY };
  const atCheaper = mostProcessed(forEver, acceptedAtMs, [cheaper], 1);
  const atDearer = mostProcessed(scenario, acceptedAtMs, [dearer], 1);
  const left = Math.min(atDearer, acceptedAtMs.length - atCheaper);
  return atCheaper * (1 - scenario.feeShares[cheaper]) + left * (1 - scenario.feeShares[dearer]);
}

const STEP_MS = 10;
const PLACES_MAX = 800;
/** Until the breaker has seen that the dearer works again, a payment may wait past the limit. */
const HOLD_SLACK_MS = 2_000;

/** What one who knows the schedule may begin in one step, by step. */
interface UsefulCalls {
  /** How many steps a call takes; 0 where none should be begun. */
  readonly callSteps: readonly number[];
  /** How many earlier steps gave their calls up for this one. */
  readonly replaced: readonly number[];
}

/** Places of one processor over time. */
class Places {
  private readonly useful: UsefulCalls;
  /** Per step: places that become free in it. */
  private readonly freed: number[] = [];
  private free: number;

  constructor(scenario: Scenario, name: ProcessorName) {
    this.useful = usefulCalls(scenario, name);
    this.free = Math.min(PLACES_MAX, scenario.replicas * scenario.inFlightMax);
    // The calls of a process that died run on at the processor, while the next process has all its places.
    const longestMs = Math.max(...scenario.schedule[name].map(({ delayMs }) => delayMs));
    for (const { atMs } of scenario.crashes) {
      this.addPlaces(Math.floor(atMs / STEP_MS), scenario.inFlightMax);
      this.addPlaces(Math.ceil((atMs + longestMs) / STEP_MS) + 1, -scenario.inFlightMax);
    }
  }

  /** How many steps a call takes that is begun in `step`. */
  callSteps(step: number): number {
    return this.useful.callSteps[step] ?? 0;
  }

  /** How many calls may be begun in `step`; asked once per step, in order. */
  advance(step: number): number {
    this.free += this.freed[step] ?? 0;
    return this.callSteps(step) > 0 ? Math.max(0, this.free) : 0;
  }

  take(step: number, calls: number): void {
    this.free -= calls;
    this.addPlaces(step + this.callSteps(step), calls);
  }

  private addPlaces(step: number, places: number): void {
    this.freed[step] = (this.freed[step] ?? 0) + places;
  }

  /** Steps whose share of the pace may be used up in `step` besides its own. */
  replaced(step: number): number {
    return this.useful.replaced[step] ?? 0;
  }
}

/**
 * A call is useful where it will be recorded before the totals are read, and no later one ends as early:
 * that one would do the same with less of a place, so the earlier one is given up for it together with its
 * share of the pace. Useful calls end in the order in which they begin, and beginning them as early as
 * there are places is best.
 */
function usefulCalls(scenario: Scenario, name: ProcessorName): UsefulCalls {
  const segments = scenario.schedule[name];
  const endMs = scenario.durationMs + scenario.graceMs;
  const steps = Math.ceil(endMs / STEP_MS) + 1;
  const callSteps = new Array<number>(steps).fill(0);
  const replaced = new Array<number>(steps).fill(0);
  let earliestEndMs = Number.POSITIVE_INFINITY;
  let earliestEndStep = 0;
  for (let step = steps - 1; step >= 0; step -= 1) {
    // Generous: what is possible at one edge of the step is possible in all of it.
    const firstMs = step * STEP_MS;
    const ends = [firstMs, firstMs + STEP_MS - 0.01]
      .map((startMs) => startMs + stateAt(segments, startMs).delayMs)
      .filter((recordedMs) => recordedMs <= endMs && worksAround(segments, recordedMs));
    const recordedMs = Math.min(...ends);
    if (recordedMs === Number.POSITIVE_INFINITY) continue;
    if (recordedMs >= earliestEndMs) {
      replaced[earliestEndStep] = (replaced[earliestEndStep] ?? 0) + 1;
      continue;
    }
    earliestEndMs = recordedMs;
    earliestEndStep = step;
    // A caller waits no longer than its timeout; the processor goes on without it.
    const busyMs = Math.min(recordedMs - firstMs, scenario.timeoutMs);
    callSteps[step] = Math.max(1, Math.floor(busyMs / STEP_MS));
  }
  return { callSteps, replaced };
}

function worksAround(segments: Schedule[ProcessorName], timeMs: number): boolean {
  return !stateAt(segments, timeMs).failing || !stateAt(segments, timeMs + STEP_MS).failing;
}

/**
 * The most payments that `names` can record in time together; `order` 1 fills the quicker one first, -1
 * the slower.
 */
function mostProcessed(
  scenario: Scenario,
  acceptedAtMs: readonly number[],
  names: readonly ProcessorName[],
  order: 1 | -1,
): number {
  const dearer = otherProcessor(cheaperProcessor(scenario.feeShares));
  const places = names.map((name) => new Places(scenario, name));
  const wayOut = names.includes(dearer) ? null : new Places(scenario, dearer);
  const endMs = scenario.durationMs + scenario.graceMs;
  const pacePerStep = (scenario.replicas * CALLS_PER_SECOND * STEP_MS) / 1_000;
  let wayOutSinceMs = Number.POSITIVE_INFINITY;
  let arrived = 0;
  let gone = 0;
  let processed = 0;
  for (let step = 0; step * STEP_MS <= endMs; step += 1) {
    const timeMs = step * STEP_MS;
    while ((acceptedAtMs[arrived] ?? Number.POSITIVE_INFINITY) < timeMs + STEP_MS) arrived += 1;
    // Who has waited too long for the cheaper one must go to the dearer one as far as that takes it.
    let room = wayOut?.advance(step) ?? 0;
    // One that answers nobody in time is no way out.
    if (stateAt(scenario.schedule[dearer], timeMs).delayMs >= scenario.timeoutMs) room = 0;
    wayOutSinceMs = room < 1 ? Number.POSITIVE_INFINITY : Math.min(wayOutSinceMs, timeMs);
    if (timeMs - wayOutSinceMs < HOLD_SLACK_MS) room = 0;
    for (; room >= 1 && gone < arrived; room -= 1) {
      if (timeMs - (acceptedAtMs[gone] ?? 0) <= scenario.maxHoldMs + STEP_MS) break;
      gone += 1;
    }
    let pace = pacePerStep;
    places.sort((one, other) => order * (one.callSteps(step) - other.callSteps(step)));
    for (const place of places) {
      const replacedPace = place.replaced(step) * pacePerStep;
      const taken = Math.min(place.advance(step), arrived - gone, pace + replacedPace);
      place.take(step, taken);
      pace = Math.min(pace, pace + replacedPace - taken);
      gone += taken;
      processed += taken;
    }
  }
  return processed;
}
