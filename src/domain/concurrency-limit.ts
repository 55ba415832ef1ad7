/**
 * How many calls one replica keeps in flight at one processor, learned from the answers.
 *
 *   grow     the limit doubles once per round trip while it is the limit that holds calls back and latency
 *            does not rise with it (slow start)
 *   settle   latency rose at least half as much as the calls in flight did: more calls only wait in the
 *            processor's own queue. Back to the limit before; try again after SETTLED_MS
 *   cut      refused (429) or timed out: × 0.7 or × 0.5, at most once per round trip
 *
 * Only the *change* of latency against the change of the limit counts, as in gradient and Vegas limiters, and
 * never latency alone: a processor that takes two seconds for each of 256 calls is slow, not full, and
 * fewer calls would only make less of it.
 */
export const LIMIT_INITIAL = 64;
/** A few calls may always be out, so that some whose answers were lost do not take every place. */
export const LIMIT_MINIMUM = 16;
const CUT_BY_REFUSAL = 0.7;
const CUT_BY_TIMEOUT = 0.5;
/** How long a limit that was found is kept before it is tried whether there is room for more by now. */
const SETTLED_MS = 3_000;
/** Latency may rise by this share of the growth in flight before it counts as queueing. */
const QUEUEING_ELASTICITY = 0.5;
const PRESSED_ROUND_MS = 100;
/** Rises below this are noise of the network and of our own event loop. */
const LATENCY_NOISE_MS = 3;

export class ConcurrencyLimit {
  private readonly maximum: number;
  private current: number;
  private roundStartedMs = Number.NEGATIVE_INFINITY;
  private roundSamples = 0;
  private roundLatencySumMs = 0;
  private roundWasFull = false;
  private settledUntilMs = Number.NEGATIVE_INFINITY;
  private previousLimit = 0;
  private previousLatencyMs = 0;
  private pressedMs = Number.NEGATIVE_INFINITY;
  private lastCutMs = Number.NEGATIVE_INFINITY;

  constructor(maximum: number) {
    this.maximum = maximum;
    this.current = Math.min(LIMIT_INITIAL, maximum);
  }

  /** Calls that may be in flight at once. */
  get value(): number {
    return this.current;
  }

  /** The limit held a call back: without this a round is no reason to grow. */
  wasReached(): void {
    this.roundWasFull = true;
  }

  /** An answer came after `latencyMs`. Calls that began before this round tell about an older limit. */
  answered(latencyMs: number, nowMs: number): void {
    if (nowMs - latencyMs < this.roundStartedMs) return;
    this.roundSamples += 1;
    this.roundLatencySumMs += latencyMs;
    // Half of the limit is enough for a mean, and leaves the other half on its way: one round trip per round.
    if (this.roundSamples * 2 >= this.current) this.endRound(nowMs);
  }

  /**
   * Payments wait that no processor has room for. A processor that takes seconds to answer would need many
   * seconds to double a few times: here it doubles every PRESSED_ROUND_MS until it answers, unless it was
   * found full before. The maximum and the pace of calls still bound what it gets.
   */
  pressed(nowMs: number): void {
    if (nowMs < this.settledUntilMs || this.current >= this.maximum) return;
    if (nowMs - this.roundStartedMs < PRESSED_ROUND_MS || nowMs - this.pressedMs < PRESSED_ROUND_MS) return;
    this.pressedMs = nowMs;
    this.current = Math.min(this.current * 2, this.maximum);
  }

  /** 429: the processor says that it has too many calls (of everybody) at once. */
  refused(latencyMs: number, nowMs: number): void {
    this.cut(CUT_BY_REFUSAL, latencyMs, nowMs);
  }

  /** No answer within the timeout. */
  timedOut(latencyMs: number, nowMs: number): void {
    this.cut(CUT_BY_TIMEOUT, latencyMs, nowMs);
  }

  /** The processor is back after an outage: begin lower, a recovering service is not to be run over. */
  restart(nowMs: number): void {
    this.current = Math.max(this.current >> 1, Math.min(LIMIT_INITIAL, this.maximum));
    this.latencyChanged();
    this.beginRound(nowMs);
  }

  /** The processor itself takes longer or shorter now: what was compared before says nothing of queueing. */
  latencyChanged(): void {
    this.previousLimit = 0;
    this.settledUntilMs = Number.NEGATIVE_INFINITY;
  }

  private endRound(nowMs: number): void {
    const latencyMs = this.roundLatencySumMs / this.roundSamples;
    const wasFull = this.roundWasFull;
    const limit = this.current;
    this.beginRound(nowMs);
    if (!wasFull || nowMs < this.settledUntilMs) return;
    if (this.roseWithTheLimit(latencyMs)) {
      this.current = this.previousLimit;
      this.previousLimit = 0;
      this.settledUntilMs = nowMs + SETTLED_MS;
      return;
    }
    this.previousLimit = limit;
    this.previousLatencyMs = latencyMs;
    this.current = Math.min(limit * 2, this.maximum);
  }

  private roseWithTheLimit(latencyMs: number): boolean {
    if (this.previousLimit === 0 || this.previousLimit >= this.current) return false;
    const riseMs = latencyMs - this.previousLatencyMs;
    if (riseMs < LATENCY_NOISE_MS) return false;
    const growth = this.current / this.previousLimit - 1;
    return riseMs > QUEUEING_ELASTICITY * growth * this.previousLatencyMs;
  }

  /** At most one cut for all the calls of one round trip: they all tell of the same overload. */
  private cut(factor: number, latencyMs: number, nowMs: number): void {
    if (nowMs - latencyMs < this.lastCutMs) return;
    this.lastCutMs = nowMs;
    this.current = Math.max(Math.min(LIMIT_MINIMUM, this.maximum), Math.floor(this.current * factor));
    this.previousLimit = 0;
    this.settledUntilMs = nowMs + Math.min(2 * latencyMs, SETTLED_MS);
    this.beginRound(nowMs);
  }

  private beginRound(nowMs: number): void {
    this.roundStartedMs = nowMs;
    this.roundSamples = 0;
    this.roundLatencySumMs = 0;
    this.roundWasFull = false;
  }
}
