/**
 * Calls per second that one replica starts at most. A call with its commits and bookkeeping costs about 0.2 ms of
 * CPU, and a replica has 0.4 of a core: more could not be served anyway, and the accept path would stall
 * instead of the drain. A backlog of 10,000 drains within five seconds.
 */
export const CALLS_PER_SECOND = 2_000;
/** What may start at once after a pause: 20 ms worth, less than one period of the CPU limit. */
const BURST = 40;

/** Whoever waits for the pace sleeps until this many calls may start: 5 ms, not a wake-up per call. */
const BATCH = 10;

/** A token bucket over time in ms. */
export class CallPace {
  private tokens = BURST;
  private updatedMs = Number.NEGATIVE_INFINITY;

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
    return nowMs + ((BATCH - this.tokens) * 1_000) / CALLS_PER_SECOND;
  }

  private refill(nowMs: number): void {
    if (nowMs <= this.updatedMs) return;
    const elapsedMs = nowMs - this.updatedMs;
    this.tokens = Math.min(BURST, this.tokens + (elapsedMs * CALLS_PER_SECOND) / 1_000);
    this.updatedMs = nowMs;
  }
}
