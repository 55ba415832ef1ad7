/**
 * Calls per second that one replica starts at most, unless more payments than half of that come in. A call
 * with its commits and bookkeeping costs about 0.2 ms of CPU, and a replica of the challenge has 0.4 of a core:
 * more could not be served anyway, and the accept path would stall instead of the drain. A backlog of 10,000
 * drains within five seconds.
 */
export const CALLS_PER_SECOND = 2_000;
/** A machine that accepts more can also charge more: so much faster than the intake a backlog may drain. */
const INTAKE_FACTOR = 2;
/**
 * No faster than this however much comes in: beyond it the calls of one dispatch thread would take the CPU from the
 * accept path, and what is accepted can wait in the database. More dispatch threads call more.
 */
const CALLS_PER_SECOND_MAX = 6_000;
/** What may start at once after a pause, in ms of the pace: less than one period of the CPU limit. */
const BURST_MS = 20;

/** Whoever waits for the pace sleeps until this many calls may start: 5 ms, not a wake-up per call. */
const BATCH = 10;

/** A token bucket over time in ms. */
export class CallPace {
  private readonly intakePerSecond: (nowMs: number) => number;
  private perSecond = CALLS_PER_SECOND;
  private tokens = (CALLS_PER_SECOND * BURST_MS) / 1_000;
  private updatedMs = Number.NEGATIVE_INFINITY;

  /** @param intakePerSecond payments that come in per second now */
  constructor(intakePerSecond: (nowMs: number) => number) {
    this.intakePerSecond = intakePerSecond;
  }

  /** A call may start now. */
  isOpen(nowMs: number): boolean {
    this.refill(nowMs);
    return this.tokens >= 1;
  }

  take(): void {
    this.tokens -= 1;
  }

  /** When it is worth looking again, ms: now if a call may start, else when a batch may. */
  wakeAtMs(nowMs: number): number {
    if (this.isOpen(nowMs)) return nowMs;
    return nowMs + ((BATCH - this.tokens) * 1_000) / this.perSecond;
  }

  private refill(nowMs: number): void {
    if (nowMs <= this.updatedMs) return;
    const elapsedMs = nowMs - this.updatedMs;
    const followed = Math.min(CALLS_PER_SECOND_MAX, INTAKE_FACTOR * this.intakePerSecond(nowMs));
    this.perSecond = Math.max(CALLS_PER_SECOND, followed);
    const burst = (this.perSecond * BURST_MS) / 1_000;
    this.tokens = Math.min(burst, this.tokens + (elapsedMs * this.perSecond) / 1_000);
    this.updatedMs = nowMs;
  }
}
