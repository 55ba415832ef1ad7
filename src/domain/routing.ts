import { otherProcessor, type ProcessorName } from "./processor.ts";

/**
 * At which processor a payment is charged, and when.
 *
 * The rule: a payment goes where most is expected to be left of it,
 *
 *     (1 − fee) × chance to be processed in time,      chance = horizon / (horizon + wait)
 *
 * `wait` is how long it would take there: what is left of an outage, the queue, the answer. `horizon` is how
 * long payments may be expected to go on: as long as they have so far, and at least MAX_HOLD_SECONDS (nobody
 * knows when the last moment comes at which a payment still earns something; what has gone on for a minute will
 * probably go on for another, so a wait of six seconds has a chance of about 10/11). After the intake has
 * fallen silent only SILENT_HORIZON_MS are counted on.
 *
 * With fees of 5 % and 15 % a minute after the start the cheaper processor is worth a wait of some ten seconds,
 * with 7 % and 10 % three, with equal fees none. Whatever the rule says, no payment waits for the cheaper longer
 * than MAX_HOLD_SECONDS while the dearer works.
 */
export interface ProcessorView {
  readonly feeShare: number;
  /** The breaker is closed. */
  readonly working: boolean;
  /** A further call may start now. */
  readonly hasRoom: boolean;
  /** What is left of an outage as far as can be judged; 0 when working. */
  readonly expectedOutageMs: number;
  readonly latencyMs: number;
  /** Calls per second that it can take from here. */
  readonly capacityPerSecond: number;
}

export interface RoutingView {
  readonly processors: Readonly<Record<ProcessorName, ProcessorView>>;
  /** Payments that wait and are free to go anywhere. */
  readonly backlog: number;
  readonly intakePerSecond: number;
  readonly intakeAgeMs: number;
  readonly intakeSilent: boolean;
  /** Of the payment that is to be decided. */
  readonly paymentAgeMs: number;
  readonly maxHoldMs: number;
}

export type Route =
  | { readonly kind: "go"; readonly processor: ProcessorName }
  /** Wait; `for` names the processor that is worth waiting for. */
  | { readonly kind: "hold"; readonly for: ProcessorName };

/** The second that one user needs between two payments: what can be expected after the last of them. */
export const SILENT_HORIZON_MS = 1_000;

const GO: Record<ProcessorName, Route> = {
  default: { kind: "go", processor: "default" },
  fallback: { kind: "go", processor: "fallback" },
};
const HOLD: Record<ProcessorName, Route> = {
  default: { kind: "hold", for: "default" },
  fallback: { kind: "hold", for: "fallback" },
};

/** The processor with the lower fee; `default` when they are equal. */
export function cheaperProcessor(fees: Readonly<Record<ProcessorName, number>>): ProcessorName {
  return fees.fallback < fees.default ? "fallback" : "default";
}

/** Decides about one payment; the same view always gives the same route. */
export function chooseRoute(view: RoutingView): Route {
  const { processors } = view;
  const cheaper = processors.fallback.feeShare < processors.default.feeShare ? "fallback" : "default";
  const dearer = otherProcessor(cheaper);
  const waitForCheaperMs = expectedWaitMs(processors[cheaper], view);
  const dearerNow = processors[dearer].working && processors[dearer].hasRoom;
  if (processors[cheaper].working && processors[cheaper].hasRoom) {
    // Nothing is in the way but how slow its answers are.
    const slower =
      dearerNow && isBetter(dearer, processors[dearer].latencyMs, cheaper, waitForCheaperMs, view);
    return GO[slower ? dearer : cheaper];
  }
  if (!dearerNow) return HOLD[cheaper];
  const tooLate = view.paymentAgeMs + waitForCheaperMs > view.maxHoldMs;
  const better = isBetter(dearer, processors[dearer].latencyMs, cheaper, waitForCheaperMs, view);
  return tooLate || better ? GO[dearer] : HOLD[cheaper];
}

/**
 * How long until what waits now would be processed at `processor`: outage, then the backlog at the rate by which
 * it can shrink while new payments come, then one answer. Infinity when it takes less than what comes in:
 * what is in excess would wait for ever.
 */
export function expectedWaitMs(processor: ProcessorView, view: RoutingView): number {
  const base = processor.expectedOutageMs + processor.latencyMs;
  if (processor.working && processor.hasRoom) return base;
  const spare = processor.capacityPerSecond - view.intakePerSecond;
  if (spare <= 0) return Number.POSITIVE_INFINITY;
  return base + (view.backlog / spare) * 1_000;
}

function isBetter(
  one: ProcessorName,
  oneWaitMs: number,
  other: ProcessorName,
  otherWaitMs: number,
  view: RoutingView,
): boolean {
  const horizonMs = view.intakeSilent ? SILENT_HORIZON_MS : Math.max(0, view.intakeAgeMs) + view.maxHoldMs;
  return (
    expectedShare(view.processors[one].feeShare, oneWaitMs, horizonMs) >
    expectedShare(view.processors[other].feeShare, otherWaitMs, horizonMs)
  );
}

/** What is expected to be left of 1.00 after the fee and the risk of coming too late. */
export function expectedShare(feeShare: number, waitMs: number, horizonMs: number): number {
  if (waitMs === Number.POSITIVE_INFINITY) return 0;
  return ((1 - feeShare) * horizonMs) / (horizonMs + waitMs);
}
