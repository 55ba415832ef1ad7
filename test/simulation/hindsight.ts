import { CALLS_PER_SECOND } from "../../src/domain/call-pace.ts";
import { otherProcessor, PROCESSOR_NAMES, type ProcessorName } from "../../src/domain/processor.ts";
import { cheaperProcessor } from "../../src/domain/routing.ts";
import type { Scenario } from "./scenario.ts";
import { stateAt } from "./schedule.ts";

/**
 * The profit that nobody can exceed who knows schedule and load beforehand, in payments (1.00 each, less fees).
 *
 * Payments may start from when they are accepted; a start at a processor counts if that processor will not be failing
 * when its delay (read at the start) is over and this is before the totals are read. What a processor takes is bounded
 * by its places (replicas × inFlightMax, at most 800): all of them at once after every change of its delay,
 * then places ÷ delay per second. All replicas together start as many calls as their CPU allows (replicas ×
 * CALLS_PER_SECOND). Nothing waits longer than the hold limit for the cheaper processor once the dearer has worked
 * for HOLD_SLACK_MS.
 *
 * Since every payment may start at every later moment, which starts can be used together is a matching whose
 * best total is: as many as possible at the cheaper one, then as many more as possible in all (the weights hang on
 * the processor alone, so greedy is exact). Both numbers come from serving the oldest first at the earliest moment.
 *
 * It is an upper bound, not a plan: it knows no network, no commits, no crashes and no lost answers,
 * and lets all places be free at every change of delay.
 */
export function bestInHindsight(scenario: Scenario, acceptedAtMs: readonly number[]): number {
  const cheaper = cheaperProcessor(scenario.feeShares);
  const dearer = otherProcessor(cheaper);
  const atCheaper = mostProcessed(scenario, acceptedAtMs, [cheaper]);
  const inAll = mostProcessed(scenario, acceptedAtMs, PROCESSOR_NAMES);
  return (
    atCheaper * (1 - scenario.feeShares[cheaper]) + (inAll - atCheaper) * (1 - scenario.feeShares[dearer])
  );
}

const STEP_MS = 10;
/** Even a delay of 0 is a call with an insert. */
const SHORTEST_CALL_MS = 1;
const PLACES_MAX = 800;
/** Until the breaker has seen that the dearer works again, a payment may wait past the limit. */
const HOLD_SLACK_MS = 2_000;

/** Places of one processor that can be taken, step by step. */
class Places {
  private readonly scenario: Scenario;
  private readonly name: ProcessorName;
  private readonly maximum: number;
  private delayMs = Number.NaN;
  free: number;

  constructor(scenario: Scenario, name: ProcessorName) {
    this.scenario = scenario;
    this.name = name;
    this.maximum = Math.min(PLACES_MAX, scenario.replicas * scenario.inFlightMax);
    this.free = this.maximum;
  }

  /** How many calls that will be recorded in time may start in the step that begins at `timeMs`. */
  advance(timeMs: number): number {
    const endMs = this.scenario.durationMs + this.scenario.graceMs;
    const segments = this.scenario.schedule[this.name];
    // Generous: what is possible at either end of the step is possible in it, and the shorter delay holds.
    const first = stateAt(segments, timeMs).delayMs;
    const last = stateAt(segments, timeMs + STEP_MS).delayMs;
    const works = [timeMs + first, timeMs + STEP_MS + first, timeMs + STEP_MS + last].some(
      (recordedMs) => !stateAt(segments, recordedMs).failing && recordedMs <= endMs + STEP_MS,
    );
    const delayMs = Math.max(Math.min(first, last), SHORTEST_CALL_MS);
    if (delayMs !== this.delayMs) this.free = this.maximum;
    this.delayMs = delayMs;
    this.free = Math.min(
      this.maximum * Math.max(1, STEP_MS / delayMs),
      this.free + (this.maximum * STEP_MS) / delayMs,
    );
    return works ? this.free : 0;
  }
}

/** The most payments that `names` can record in time together. */
function mostProcessed(
  scenario: Scenario,
  acceptedAtMs: readonly number[],
  names: readonly ProcessorName[],
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
  for (let timeMs = 0; timeMs <= endMs; timeMs += STEP_MS) {
    while ((acceptedAtMs[arrived] ?? Number.POSITIVE_INFINITY) < timeMs + STEP_MS) arrived += 1;
    // Who has waited too long for the cheaper one must go to the dearer one as far as that takes it.
    let room = wayOut?.advance(timeMs) ?? 0;
    wayOutSinceMs = room < 1 ? Number.POSITIVE_INFINITY : Math.min(wayOutSinceMs, timeMs);
    if (timeMs - wayOutSinceMs < HOLD_SLACK_MS) room = 0;
    for (; room >= 1 && gone < arrived; room -= 1) {
      if (timeMs - (acceptedAtMs[gone] ?? 0) <= scenario.maxHoldMs + STEP_MS) break;
      gone += 1;
    }
    let pace = pacePerStep;
    for (const place of places) {
      const taken = Math.min(Math.floor(place.advance(timeMs)), arrived - gone, pace);
      place.free -= taken;
      pace -= taken;
      gone += taken;
      processed += taken;
    }
  }
  return processed;
}
