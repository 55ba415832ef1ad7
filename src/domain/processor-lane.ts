import { CALLS_PER_SECOND } from "./call-pace.ts";
import { type BreakerState, CircuitBreaker } from "./circuit-breaker.ts";
import { ConcurrencyLimit } from "./concurrency-limit.ts";
import type { ProcessorName } from "./processor.ts";
import type { ProcessorView } from "./routing.ts";
import { TaskHeap } from "./task-heap.ts";

/**
 * What one replica knows of one processor: breaker, concurrency limit, how long answers take, what is in
 * flight, and the payments whose outcome there is unknown.
 */
/** The least that a new answer counts among those before it: one odd answer in a stream changes little. */
const LATENCY_WEIGHT = 0.2;
/** What answers took longer ago than this tells little: one that comes alone, a scout's, counts nearly by itself. */
const LATENCY_MEMORY_MS = 300;
/**
 * Of the calls in flight, the part that may be questions about payments whose outcome is unknown: the rest
 * belongs to payments that have not been called for at all.
 */
const QUESTIONS_SHARE = 0.25;
/** An unknown outcome after this part of the timeout is a timeout, before it a broken connection. */
const TIMEOUT_SHARE = 0.9;
/** A scout that hangs binds its payment until the timeout: no more than ten are out then. */
const SCOUT_INTERVAL_MS = 1_000;
/** A processor that is quicker than this is not passed over for its slowness. */
const SLOW_LATENCY_MS = 100;
/** After a 429 without Retry-After; doubles with each further one. */
const REFUSAL_PAUSE_FIRST_MS = 20;
const REFUSAL_PAUSE_MAXIMUM_MS = 1_000;
/** The longest Retry-After that is obeyed: an absurd one must not stop payments for hours. */
const PAUSE_LIMIT_MS = 5_000;

export interface ProcessorSnapshot {
  readonly breaker: BreakerState;
  readonly concurrencyLimit: number;
  readonly inFlight: number;
  readonly latencyMs: number;
  readonly uncertain: number;
}

export class ProcessorLane<T> {
  readonly name: ProcessorName;
  readonly feeShare: number;
  readonly breaker: CircuitBreaker;
  readonly limit: ConcurrencyLimit;
  /** Payments that only this processor may be asked about, by the time at which they are due, ms. */
  readonly uncertain = new TaskHeap<T>();
  /** Calls and assignments that hold a place under the limit. */
  inFlight = 0;
  /** Calls in flight that ask about an unknown outcome. */
  questionsInFlight = 0;
  /** The payment that was the last probe, and not to be the next one as long as the other processor works. */
  lastProbeTaskId = Number.NaN;
  /** That probe asked about an unknown outcome. */
  lastProbeWasQuestion = false;

  private readonly timeoutMs: number;
  private readonly inFlightMax: number;
  private latencyMs = 0;
  private declaredLatencyMs = Number.NaN;
  private newestSampleStartedMs = Number.NEGATIVE_INFINITY;
  /** The latest start among the calls that have ended: calls begun before it have been overtaken. */
  private newestEndedStartMs = Number.NEGATIVE_INFINITY;
  /** Starts of the calls begun after that, in order: none of them has ended. */
  private readonly openStartsMs: number[] = [];
  private lastTakenMs = Number.NEGATIVE_INFINITY;
  private pausedUntilMs = Number.NEGATIVE_INFINITY;
  private refusalsInARow = 0;

  constructor(name: ProcessorName, feeShare: number, timeoutMs: number, inFlightMax: number) {
    this.name = name;
    this.feeShare = feeShare;
    this.timeoutMs = timeoutMs;
    this.inFlightMax = inFlightMax;
    this.breaker = new CircuitBreaker(name);
    this.limit = new ConcurrencyLimit(inFlightMax);
  }

  get isWorking(): boolean {
    return this.breaker.state === "closed";
  }

  hasRoom(nowMs: number): boolean {
    if (nowMs < this.pausedUntilMs) return false;
    if (this.inFlight < this.limit.value) return true;
    this.limit.wasReached();
    return false;
  }

  /** Answers take so long that payments may rather wait or go elsewhere. */
  isSlow(nowMs: number): boolean {
    return this.expectedLatencyMs(nowMs) >= SLOW_LATENCY_MS;
  }

  /**
   * A payment may be sent here only to see how long an answer takes by now: nothing has been called for a
   * while, and nothing else would tell that a processor that is avoided for being slow is quick again. Calls that
   * hang may hold every place under the limit, so a scout goes beyond it.
   */
  mayScout(nowMs: number): boolean {
    if (!this.isWorking || nowMs < this.pausedUntilMs || this.inFlight >= this.inFlightMax) return false;
    return nowMs - this.lastTakenMs >= SCOUT_INTERVAL_MS && this.isSlow(nowMs);
  }

  /**
   * The next probe may start, if `isUrgent` even before the one before has been answered. A processor that holds
   * all places with calls that hang is not called yet again.
   */
  mayProbe(isUrgent: boolean, nowMs: number): boolean {
    const dueMs = isUrgent ? this.breaker.secondProbeDueMs : this.breaker.probeDueMs;
    return dueMs <= nowMs && this.inFlight < this.inFlightMax;
  }

  /**
   * When a payment that is bound here may be the next probe, ms. It has nothing to lose by that, so usually at once; but
   * one that fails for its own sake would keep the breaker open for ever: after it comes a payment that is free, if
   * there is one, until its own time has come again.
   */
  get boundProbeDueMs(): number {
    const isAtOnce = this.uncertain.size > 0 && !this.lastProbeWasQuestion;
    return isAtOnce ? Number.NEGATIVE_INFINITY : this.uncertain.peekKey();
  }

  /** A question about an unknown outcome may start and is due. */
  mayAsk(nowMs: number): boolean {
    if (this.uncertain.peekKey() > nowMs || !this.isWorking) return false;
    const questionsMax = Math.max(1, Math.floor(this.limit.value * QUESTIONS_SHARE));
    return this.questionsInFlight < questionsMax && this.hasRoom(nowMs);
  }

  /** A payment takes a place; its call may start only when that has been written down. */
  placeTaken(nowMs: number): void {
    this.inFlight += 1;
    this.lastTakenMs = nowMs;
  }

  callStarted(nowMs: number): void {
    this.openStartsMs.push(nowMs);
  }

  /** A call that began at `startedMs` has ended, in whatever way. */
  callEnded(startedMs: number): void {
    if (startedMs <= this.newestEndedStartMs) return;
    this.newestEndedStartMs = startedMs;
    let overtaken = 0;
    while ((this.openStartsMs[overtaken] ?? Number.POSITIVE_INFINITY) <= startedMs) overtaken += 1;
    this.openStartsMs.splice(0, overtaken);
  }

  /** The processor recorded or finally declined a payment after `latencyMs`. */
  answered(latencyMs: number, isLatencyTypical: boolean, nowMs: number): void {
    if (!this.isWorking) this.limit.restart(nowMs);
    this.lastProbeWasQuestion = false;
    this.breaker.succeeded(nowMs);
    this.refusalsInARow = 0;
    if (!isLatencyTypical) return;
    this.limit.answered(latencyMs, nowMs);
    // A call begun before one that is already known tells about an older state of the processor.
    if (nowMs - latencyMs < this.newestSampleStartedMs) return;
    const sinceMs = nowMs - latencyMs - this.newestSampleStartedMs;
    this.newestSampleStartedMs = nowMs - latencyMs;
    const weight = Math.max(LATENCY_WEIGHT, 1 - Math.exp(-sinceMs / LATENCY_MEMORY_MS));
    this.latencyMs += (latencyMs - this.latencyMs) * weight;
  }

  /** 429: everybody together called too much. It works, so this is no failure; a pause follows. */
  refused(latencyMs: number, retryAfterMs: number | undefined, nowMs: number): void {
    this.breaker.succeeded(nowMs);
    this.limit.refused(latencyMs, nowMs);
    const pauseMs = Math.min(REFUSAL_PAUSE_FIRST_MS * 2 ** this.refusalsInARow, REFUSAL_PAUSE_MAXIMUM_MS);
    this.refusalsInARow = Math.min(this.refusalsInARow + 1, 10);
    this.pausedUntilMs = Math.max(
      this.pausedUntilMs,
      nowMs + Math.min(retryAfterMs ?? pauseMs, PAUSE_LIMIT_MS),
    );
  }

  /** No answer, or none that could be read: the outcome is unknown. */
  gaveNoAnswer(latencyMs: number, probe: number, nowMs: number): void {
    // A call that began before an outage tells nothing of the load after it.
    const isTelling = this.isWorking && latencyMs >= this.timeoutMs * TIMEOUT_SHARE;
    this.breaker.failed(true, probe, nowMs);
    // Later calls were answered: this answer was lost, which says nothing of load. Nor does a reset
    // connection.
    const wasOvertaken = nowMs - latencyMs < this.newestEndedStartMs;
    if (isTelling && !wasOvertaken) this.limit.timedOut(latencyMs, nowMs);
  }

  healthSeen(failing: boolean, minResponseTimeMs: number, nowMs: number): void {
    if (!failing && !this.isWorking && !this.breaker.hanging) this.limit.restart(nowMs);
    this.breaker.healthSeen(failing, nowMs);
    // What is measured counts more, until the processor says that something has changed.
    if (minResponseTimeMs === this.declaredLatencyMs) return;
    this.declaredLatencyMs = minResponseTimeMs;
    this.limit.latencyChanged();
    this.latencyMs = minResponseTimeMs;
    this.newestSampleStartedMs = nowMs;
    // Calls that were begun before, and hang, tell of what was before.
    this.callEnded(nowMs);
  }

  /** How long an answer takes, ms; at least as long as calls are out already that no later one overtook. */
  expectedLatencyMs(nowMs: number): number {
    const oldestMs = this.openStartsMs[0];
    return oldestMs === undefined ? this.latencyMs : Math.max(this.latencyMs, nowMs - oldestMs);
  }

  /** What the routing rule looks at. */
  view(nowMs: number): ProcessorView {
    const answerMs = this.expectedLatencyMs(nowMs);
    // An answer that comes after the timeout is none: the outcome stays unknown until it is asked for again.
    const latencyMs = answerMs < this.timeoutMs ? answerMs : answerMs + this.timeoutMs;
    return {
      feeShare: this.feeShare,
      working: this.isWorking,
      hasRoom: this.hasRoom(nowMs),
      expectedOutageMs: Math.max(this.breaker.expectedOutageMs(nowMs), this.pausedUntilMs - nowMs, 0),
      latencyMs,
      inFlight: this.inFlight,
      capacityPerSecond: Math.min(CALLS_PER_SECOND, (this.limit.value * 1_000) / Math.max(latencyMs, 1)),
    };
  }

  snapshot(nowMs: number): ProcessorSnapshot {
    return {
      breaker: this.breaker.state,
      concurrencyLimit: this.limit.value,
      inFlight: this.inFlight,
      latencyMs: this.expectedLatencyMs(nowMs),
      uncertain: this.uncertain.size,
    };
  }
}
