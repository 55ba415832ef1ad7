import { otherProcessor, type ProcessorName } from "./processor.ts";

/**
 * At which processor a payment is charged, and when. Two rules, both about the same thing: nobody knows when the
 * last moment comes at which a payment still earns something.
 *
 * 1. A payment goes where most of it is expected to be left,
 *
 *        (1 − fee) × chance to be processed in time,      chance = horizon / (horizon + wait)
 *
 *    `wait` is how long it would take there: what is left of an outage, the queue, and the answer. `horizon` is how
 *    long payments are counted on to go on coming: what has gone on for a minute is counted on for a minute more
 *    (plus HORIZON_MINIMUM_MS), and once the intake has fallen silent for SILENT_HORIZON_MS.
 *
 * 2. What waits for the cheaper processor, or for its late answers, while the other would take it at once, is at
 *    stake: it may all be lost. That is never more than STAKE_SHARE of what the difference of the fees has been
 *    worth over all payments so far; what is in excess goes to the dearer one.
 *
 * So a minute after the start the cheaper processor is worth a wait of up to eight seconds at fees of 5 % and 15 %, of
 * two at 7 % and 10 %, of none at equal fees, as long as no more than 5 % or 1.6 % of all payments wait. After half
 * an hour it is worth MAX_HOLD_SECONDS at either. Whatever the rules say, no payment waits longer than that for one
 * processor while the other works.
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
  /** Calls out now. */
  readonly inFlight: number;
  /** Calls per second that it can take from here. */
  readonly capacityPerSecond: number;
}

export interface RoutingView {
  readonly processors: Readonly<Record<ProcessorName, ProcessorView>>;
  /** Payments that wait and are free to go anywhere. */
  readonly backlog: number;
  readonly intakePerSecond: number;
  readonly intakeAgeMs: number;
  /** Payments since then. */
  readonly intakeCount: number;
  readonly intakeSilent: boolean;
  /** Of the payment that is to be decided. */
  readonly paymentAgeMs: number;
  readonly maxHoldMs: number;
}

export type Route =
  | { readonly kind: "go"; readonly processor: ProcessorName }
  /** Wait; `for` names the processor that is worth waiting for. */
  | { readonly kind: "hold"; readonly for: ProcessorName };

/** What is counted on at the very start, when nothing has gone on for any time yet. */
export const HORIZON_MINIMUM_MS = 5_000;
/**
 * At 1 an end that comes without a warning could cost as much as all fees saved until then; at a half, half of that,
 * and what is saved in outages that end is hardly less.
 */
export const STAKE_SHARE = 0.5;
/** Answers that come sooner still come after the last payment: they are not at stake. */
const LATE_ANSWER_MS = 200;
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
  const isDearerBetter = expectedShare(dearer, view) > expectedShare(cheaper, view);
  const better = isDearerBetter || isTooMuchAtStake(cheaper, view) ? dearer : cheaper;
  if (takesNow(view.processors[better])) return GO[better];
  // Past the limit, and where even hope comes past it, whoever takes it gets it.
  const other = otherProcessor(better);
  const isTooLate = view.paymentAgeMs + holdMs(view.processors[better], view) > view.maxHoldMs;
  return isTooLate && takesNow(view.processors[other]) ? GO[other] : HOLD[better];
}

/** What is expected to be left of 1.00 at `name` after the fee and the risk of coming too late. */
export function expectedShare(name: ProcessorName, view: RoutingView): number {
  const processor = view.processors[name];
  const waitMs = holdMs(processor, view) + processor.latencyMs;
  if (waitMs === Number.POSITIVE_INFINITY) return 0;
  const horizonMs = view.intakeSilent ? SILENT_HORIZON_MS : view.intakeAgeMs + HORIZON_MINIMUM_MS;
  return ((1 - processor.feeShare) * horizonMs) / (horizonMs + waitMs);
}

/** The second rule: `cheaper` would be waited for, the other takes payments and answers sooner, and enough wait. */
function isTooMuchAtStake(cheaper: ProcessorName, view: RoutingView): boolean {
  const { [cheaper]: cheap, [otherProcessor(cheaper)]: dear } = view.processors;
  const isHeld = !takesNow(cheap);
  const isLate = cheap.latencyMs >= LATE_ANSWER_MS && cheap.latencyMs > dear.latencyMs;
  if (!takesNow(dear) || !(isHeld || isLate)) return false;
  const atStake = cheap.inFlight + (isHeld ? view.backlog : 0);
  const worthOfOne = 1 - (1 - dear.feeShare) / (1 - cheap.feeShare);
  const counted = view.intakeCount + (view.intakePerSecond * HORIZON_MINIMUM_MS) / 1_000;
  return atStake > STAKE_SHARE * worthOfOne * counted;
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
