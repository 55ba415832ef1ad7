/**
 * What the stream of new payments looks like: how many come per second, since when, how many there were, and whether
 * it has stopped. The routing rule needs them all: whether a backlog can be drained while new payments come, how long
 * they may be expected to go on coming, how much may be at stake, and that nothing is saved up once they do not.
 */
const RATE_WINDOW_MS = 1_000;
/** Silence counts only when it is this long, and longer than pauses that were usual lately. */
const SILENCE_MINIMUM_MS = 150;
const SILENCE_OVER_USUAL_PAUSE = 3;
/** The longest pause is forgotten at this pace. */
const PAUSE_MEMORY_MS = 10_000;

export class IntakeMonitor {
  /** A pause longer than this ends an episode of load; the next payment begins another. */
  private readonly episodePauseMs: number;
  private startedMs = Number.NaN;
  private lastMs = Number.NEGATIVE_INFINITY;
  private weight = 0;
  private longestPauseMs = 0;
  private arrivals = 0;

  constructor(episodePauseMs: number) {
    this.episodePauseMs = episodePauseMs;
  }

  /**
   * A payment came in: `acceptedAtMs` is when it was accepted, which is long ago for one read after a
   * restart.
   */
  arrived(acceptedAtMs: number, nowMs: number): void {
    const pauseMs = nowMs - this.lastMs;
    if (Number.isNaN(this.startedMs) || pauseMs > this.episodePauseMs) {
      this.startedMs = acceptedAtMs;
      this.longestPauseMs = 0;
      this.weight = 0;
      this.arrivals = 0;
    } else {
      this.startedMs = Math.min(this.startedMs, acceptedAtMs);
      const faded = this.longestPauseMs * Math.exp(-pauseMs / PAUSE_MEMORY_MS);
      this.longestPauseMs = Math.max(faded, pauseMs);
      this.weight *= Math.exp(-pauseMs / RATE_WINDOW_MS);
    }
    this.lastMs = nowMs;
    this.arrivals += 1;
    // What a restart brings back is work, not demand.
    if (nowMs - acceptedAtMs < RATE_WINDOW_MS) this.weight += 1;
  }

  /** Payments per second of late. */
  ratePerSecond(nowMs: number): number {
    if (this.weight === 0) return 0;
    return (this.weight * Math.exp(-(nowMs - this.lastMs) / RATE_WINDOW_MS) * 1_000) / RATE_WINDOW_MS;
  }

  /** Payments of this episode of load, those included that were read after a restart. */
  get count(): number {
    return this.arrivals;
  }

  /** How long this episode of load has been going on, ms. */
  ageMs(nowMs: number): number {
    return Number.isNaN(this.startedMs) ? 0 : Math.max(0, nowMs - this.startedMs);
  }

  /** Nothing has come for much longer than the pauses that were usual. */
  isSilent(nowMs: number): boolean {
    return nowMs - this.lastMs > this.silenceMs();
  }

  /** When silence would begin if nothing came any more, ms. */
  silentFromMs(): number {
    return this.lastMs + this.silenceMs();
  }

  /** Forgets everything: the payments were purged, the next one begins a new episode. */
  reset(): void {
    this.startedMs = Number.NaN;
    this.lastMs = Number.NEGATIVE_INFINITY;
    this.weight = 0;
    this.longestPauseMs = 0;
    this.arrivals = 0;
  }

  private silenceMs(): number {
    return Math.max(SILENCE_MINIMUM_MS, SILENCE_OVER_USUAL_PAUSE * this.longestPauseMs);
  }
}
