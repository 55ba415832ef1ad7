import { otherProcessor, type ProcessorName } from "./processor.ts";

/**
 * At which processor a payment is charged, and when.
 *
 * The rule: a payment goes where most of it is expected to be left,
 *
 *     (1 − fee) × chance to be processed in time,      chance = horizon / (horizon + wait)
 *
 * `wait` is how long it would take there: what is left of an outage, the queue, and twice the answer (who
 * waits can still be sent elsewhere, who has been sent can not). `horizon` is how long payments are
 * counted on to go on coming. Nobody knows when the last moment comes at which a payment still earns
 * something; what has gone on for a minute is counted on for half a minute more: the horizon is half the
 * time since the first payment, plus HORIZON_MINIMUM_MS. Once the intake has fallen silent it is
 * SILENT_HORIZON_MS.
 *
 * So a minute after the start the cheaper processor is worth a wait of four seconds at fees of 5 % and 15 %,
 * of one at 7 % and 10 %, of none at equal fees; after half an hour it is worth MAX_HOLD_SECONDS at either.
 * Whatever the rule says, no payment waits longer than that for one processor while the other works.
 */
export interface ProcessorView {
  readonly feeShare: number;
  /** The breaker is closed. */
  readonly working: boolean;
  /** A further call may start now. */
  readonly hasRoom: boolean;
  /** What is left of an outage as far as can be judged, or of a pause that it asked for; else 0. */
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

/**
 * The part of the time so far that is counted on. At 1 a load that ends without a warning takes about as
 * large a part of everything with it as the fees differ by; at a half, half of that, and what is saved in
 * outages that end is hardly less.
 */
export const HORIZON_OF_AGE = 0.5;
/** What is counted on at the very start, when nothing has gone on for any time yet. */
export const HORIZON_MINIMUM_MS = 5_000;
/** Waiting for an answer counts this many times as much as waiting to be sent. */
export const ANSWER_WEIGHT = 2;
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
  const cheaper = cheaperOf(view);
  const dearer = otherProcessor(cheaper);
  const better = expectedShare(dearer, view) > expectedShare(cheaper, view) ? dearer : cheaper;
  if (takesNow(view.processors[better])) return GO[better];
  // Past the limit, and where even hope comes past it, whoever takes it gets it.
  const other = otherProcessor(better);
  const isTooLate = view.paymentAgeMs + holdMs(view.processors[better], view) > view.maxHoldMs;
  return isTooLate && takesNow(view.processors[other]) ? GO[other] : HOLD[better];
}

/** What is expected to be left of 1.00 at `name` after the fee and the risk of coming too late. */
export function expectedShare(name: ProcessorName, view: RoutingView): number {
  const processor = view.processors[name];
  const waitMs = holdMs(processor, view) + ANSWER_WEIGHT * processor.latencyMs;
  if (waitMs === Number.POSITIVE_INFINITY) return 0;
  const horizonMs = view.intakeSilent
    ? SILENT_HORIZON_MS
    : HORIZON_OF_AGE * view.intakeAgeMs + HORIZON_MINIMUM_MS;
  return ((1 - processor.feeShare) * horizonMs) / (horizonMs + waitMs);
}

/**
 * How long until a call for a payment could start at `processor`, ms: what is left of an outage, and the
 * queue if there is one. The queue shrinks by what the processor takes less what comes in; where that is
 * nothing, the wait is Infinity: what is in excess would wait for ever.
 */
export function holdMs(processor: ProcessorView, view: RoutingView): number {
  if (takesNow(processor)) return 0;
  const spare = processor.capacityPerSecond - view.intakePerSecond;
  if (spare <= 0) return Number.POSITIVE_INFINITY;
  return processor.expectedOutageMs + (view.backlog / spare) * 1_000;
}

function takesNow(processor: ProcessorView): boolean {
  return processor.working && processor.hasRoom;
}

function cheaperOf({ processors }: RoutingView): ProcessorName {
  return processors.fallback.feeShare < processors.default.feeShare ? "fallback" : "default";
}
