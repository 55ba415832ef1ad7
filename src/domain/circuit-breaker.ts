import type { ProcessorName } from "./processor.ts";

/**
 * Circuit breaker of one processor.
 *
 *                 FAILURES_TO_OPEN in a row, or health says "failing"
 *      ┌────────┐ ─────────────────────────────────────────────────► ┌──────┐
 *      │ closed │                                                    │ open │ ◄─┐ probe failed:
 *      └────────┘ ◄───────────┐                                      └──────┘   │ next one later
 *           ▲                 │ any success                             │       │
 *           └─ any success ── ┴──────────────── ┌───────────┐ ◄─────────┘ ──────┘
 *                                               │ half-open │   a probe starts (exactly one at a time)
 *                                               └───────────┘
 *
 * One failure among successes means nothing here: that payment alone waits and tries again. A success that
 * comes back while the breaker is open closes it, because the answer describes the processor *now* (it reads
 * its failure switch when it answers, not when it is called).
 */
export type BreakerState = "closed" | "open" | "half-open";

/** Five in a row: at a 10 % rate of single failures that is an accident once in 100,000 calls. */
export const FAILURES_TO_OPEN = 5;
/** The first probe comes quickly, because short interruptions are common. */
export const PROBE_INTERVAL_FIRST_MS = 50;
/**
 * Later ones are at most this far apart. What waits for a return waits for the probe, too, and one that flaps works for
 * a fraction of a second: ten calls per second and replica cost a few thousandths of a core and no service that is down
 * notices them.
 */
export const PROBE_INTERVAL_MAXIMUM_MS = 100;
const PROBE_INTERVAL_GROWTH = 1.5;
/** Doubles with each probe that is begun because the one before did not answer: few hang at once. */
const PROBE_PATIENCE_FIRST_MS = 1_000;
/** How many past outages are remembered to judge how long the present one may last. */
const OUTAGES_REMEMBERED = 8;

export class CircuitBreaker {
  readonly processor: ProcessorName;
  private current: BreakerState = "closed";
  private failuresInARow = 0;
  private streakStartedMs = 0;
  private outageStartedMs = 0;
  private nextProbeAtMs = 0;
  private probeIntervalMs = PROBE_INTERVAL_FIRST_MS;
  private openedByHanging = false;
  private probeNumber = 0;
  private patienceMs = PROBE_PATIENCE_FIRST_MS;
  private probeStartedMs = 0;
  private impatientFromMs = 0;
  private readonly pastOutagesMs: number[] = [];

  constructor(processor: ProcessorName) {
    this.processor = processor;
  }

  get state(): BreakerState {
    return this.current;
  }

  /** True when the last evidence against the processor was a call without an answer. */
  get hanging(): boolean {
    return this.current !== "closed" && this.openedByHanging;
  }

  /** When the next probe may start, ms; Infinity when closed or while a probe is under way. */
  get probeDueMs(): number {
    return this.current === "open" ? this.nextProbeAtMs : Number.POSITIVE_INFINITY;
  }

  /**
   * When a second probe may be begun although the first one has no answer yet, ms. Only for where much hangs on
   * it: a processor that takes seconds to say "no" may be quick again long before it has said so.
   */
  get secondProbeDueMs(): number {
    return this.current === "half-open" ? this.impatientFromMs : this.probeDueMs;
  }

  /** How long the present outage has lasted, ms; 0 when closed. */
  outageAgeMs(nowMs: number): number {
    return this.current === "closed" ? 0 : Math.max(0, nowMs - this.outageStartedMs);
  }

  /**
   * How much longer the present outage is expected to last, ms; 0 when closed. Without experience: as long as
   * it has lasted already (an outage of unknown cause that is a second old is more likely to end within
   * the next second than one that is a minute old). Past outages that were longer than this one is now
   * count as one more opinion each.
   */
  expectedOutageMs(nowMs: number): number {
    if (this.current === "closed") return 0;
    const ageMs = this.outageAgeMs(nowMs);
    let sumMs = ageMs;
    let opinions = 1;
    for (const pastMs of this.pastOutagesMs) {
      if (pastMs <= ageMs) continue;
      sumMs += pastMs - ageMs;
      opinions += 1;
    }
    return sumMs / opinions;
  }

  /**
   * A probe has been chosen: nobody else may start one until it ends. Returns its number, by which a probe
   * of an earlier outage that ends late is told apart.
   */
  probeStarted(nowMs: number): number {
    if (this.current === "half-open") this.patienceMs *= 2;
    this.current = "half-open";
    this.probeStartedMs = nowMs;
    this.impatientFromMs = nowMs + this.patienceMs;
    this.probeNumber += 1;
    return this.probeNumber;
  }

  /** This is the probe that is under way now. */
  isProbe(probeNumber: number): boolean {
    return this.current === "half-open" && probeNumber === this.probeNumber;
  }

  /**
   * Something suggests that the outage may be over (the other processor is back: what ended one outage often ended
   * both; or it says itself that it works): the next probe is due now, whatever became of the one before, unless
   * that has just begun.
   */
  hopeAgain(nowMs: number): void {
    this.nextProbeAtMs = Math.min(this.nextProbeAtMs, nowMs);
    const soonestMs = this.probeStartedMs + PROBE_INTERVAL_MAXIMUM_MS;
    this.impatientFromMs = Math.min(this.impatientFromMs, Math.max(nowMs, soonestMs));
  }

  /** The probe was given up before it was called (its payment was purged). */
  probeAbandoned(probeNumber: number, nowMs: number): void {
    if (!this.isProbe(probeNumber)) return;
    this.current = "open";
    this.nextProbeAtMs = nowMs;
  }

  /** The processor answered a call properly. */
  succeeded(nowMs: number): void {
    this.failuresInARow = 0;
    if (this.current !== "closed") this.close(nowMs);
  }

  /**
   * A call certainly failed (`hung` false) or got no answer (`hung` true); `probeNumber` is 0 for no probe.
   */
  failed(hung: boolean, probeNumber: number, nowMs: number): void {
    if (this.failuresInARow === 0) this.streakStartedMs = nowMs;
    this.failuresInARow += 1;
    if (this.current === "closed") {
      if (this.failuresInARow >= FAILURES_TO_OPEN) this.open(this.streakStartedMs, hung, nowMs);
      return;
    }
    if (!this.isProbe(probeNumber)) return;
    this.current = "open";
    this.openedByHanging = hung;
    if (!hung) this.patienceMs = PROBE_PATIENCE_FIRST_MS;
    this.probeIntervalMs = Math.min(this.probeIntervalMs * PROBE_INTERVAL_GROWTH, PROBE_INTERVAL_MAXIMUM_MS);
    this.nextProbeAtMs = nowMs + this.probeIntervalMs;
  }

  /**
   * The processor's own word about itself, seldom but authoritative. "Failing" opens; "not failing" closes an
   * outage made of failures at once, and asks for a probe where calls hang, even if one is silent (health answers
   * may be quick while payments are not).
   */
  healthSeen(failing: boolean, nowMs: number): void {
    if (failing) {
      if (this.current === "closed") this.open(nowMs, false, nowMs);
      return;
    }
    if (this.current === "closed") return;
    if (this.openedByHanging) this.hopeAgain(nowMs);
    else this.close(nowMs);
  }

  private open(startedMs: number, hung: boolean, nowMs: number): void {
    this.current = "open";
    this.outageStartedMs = startedMs;
    this.openedByHanging = hung;
    this.probeIntervalMs = PROBE_INTERVAL_FIRST_MS;
    this.patienceMs = PROBE_PATIENCE_FIRST_MS;
    this.nextProbeAtMs = nowMs + PROBE_INTERVAL_FIRST_MS;
  }

  private close(nowMs: number): void {
    this.pastOutagesMs.push(this.outageAgeMs(nowMs));
    if (this.pastOutagesMs.length > OUTAGES_REMEMBERED) this.pastOutagesMs.shift();
    this.current = "closed";
    this.openedByHanging = false;
    this.failuresInARow = 0;
  }
}
