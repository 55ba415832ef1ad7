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
  const cheaper = cheaperOf(view);
  const dearer = otherProcessor(cheaper);
  const cheaperWaitMs = expectedWaitMs(view.processors[cheaper], view);
  const dearerWaitMs = expectedWaitMs(view.processors[dearer], view);
  const horizonMs = horizonOf(view);
  const cheaperShare = expectedShare(view.processors[cheaper].feeShare, cheaperWaitMs, horizonMs);
  const dearerShare = expectedShare(view.processors[dearer].feeShare, dearerWaitMs, horizonMs);
  const better = dearerShare > cheaperShare ? dearer : cheaper;
  if (takesNow(view.processors[better])) return GO[better];
  // Holding is for who may hope: past the limit, and where even hope comes past it, whoever takes it gets it.
  const other = otherProcessor(better);
  const waitMs = better === cheaper ? cheaperWaitMs : dearerWaitMs;
  const isTooLate = view.paymentAgeMs + waitMs > view.maxHoldMs;
  return isTooLate && takesNow(view.processors[other]) ? GO[other] : HOLD[better];
}

/**
 * How long until a payment would be processed at `processor`, ms: what is left of an outage, the queue if there is
 * one, one answer. The queue shrinks by what the processor takes less what comes in; where that is nothing,
 * the wait is Infinity: what is in excess would wait for ever.
 */
export function expectedWaitMs(processor: ProcessorView, view: RoutingView): number {
  const base = processor.expectedOutageMs + processor.latencyMs;
  if (takesNow(processor)) return base;
  const spare = processor.capacityPerSecond - view.intakePerSecond;
  return spare <= 0 ? Number.POSITIVE_INFINITY : base + (view.backlog / spare) * 1_000;
}

function takesNow(processor: ProcessorView): boolean {
  return processor.working && processor.hasRoom;
}

function cheaperOf({ processors }: RoutingView): ProcessorName {
  return processors.fallback.feeShare < processors.default.feeShare ? "fallback" : "default";
}

const KA = Number(process.env["KA"] ?? 1);
const KB = Number(process.env["KB"] ?? 0);
function horizonOf(view: RoutingView): number {
  const h = KA * view.intakeAgeMs + KB;
  return view.intakeSilent ? Math.min(SILENT_HORIZON_MS, h) : h;
}

/** What is expected to be left of 1.00 after the fee and the risk of coming too late. */
export function expectedShare(feeShare: number, waitMs: number, horizonMs: number): number {
  if (waitMs === Number.POSITIVE_INFINITY) return 0;
  // Never zero: at the very start the shorter wait decides.
  return ((1 - feeShare) * (horizonMs + 1)) / (horizonMs + 1 + waitMs);
}
