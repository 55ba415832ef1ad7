/**
 * The two limits of a processor, after .NET's ConcurrencyLimiter and FixedWindowRateLimiter with a queue
 * that is served oldest first. A caller that hangs up while it waits gives its place up.
 */
export type Admission = "entered" | "full" | "left";

/** Callers that wait for a permit, oldest first, at most `placesMax`. */
class WaitingLine {
  readonly #placesMax: number;
  readonly #waiting = new Set<() => void>();

  constructor(placesMax: number) {
    this.#placesMax = placesMax;
  }

  get empty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Waits for a turn: "entered" once admitted, "left" if the caller hung up, "full" at once. */
  join(hungUp: AbortSignal): Promise<Admission> {
    if (hungUp.aborted) return Promise.resolve("left");
    if (this.#waiting.size >= this.#placesMax) return Promise.resolve("full");
    return new Promise((resolve) => {
      const leave = () => {
        this.#waiting.delete(admit);
        resolve("left");
      };
      const admit = () => {
        hungUp.removeEventListener("abort", leave);
        resolve("entered");
      };
      hungUp.addEventListener("abort", leave);
      this.#waiting.add(admit);
    });
  }

  /** Admits the caller that waits longest; false if nobody does. */
  admitOldest(): boolean {
    // A set keeps the order of insertion.
    for (const admit of this.#waiting) {
      this.#waiting.delete(admit);
      admit();
      return true;
    }
    return false;
  }
}

/** At most so many calls at once, some more waiting, the rest turned away. */
export class ConcurrencyLimit {
  readonly #line: WaitingLine;
  #free: number;

  constructor(atOnceMax: number, waitingMax: number) {
    this.#free = atOnceMax;
    this.#line = new WaitingLine(waitingMax);
  }

  /** Takes a free permit, if there is one; every one taken must be given back by `leave`. */
  tryEnter(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  /** Waits for a permit. */
  wait(hungUp: AbortSignal): Promise<Admission> {
    return this.#line.join(hungUp);
  }

  leave(): void {
    // A permit goes straight to the next in line, so that no newcomer overtakes.
    if (!this.#line.admitOldest()) this.#free++;
  }
}

/** .NET looks every 100 ms whether a window is over, so one of 5 s lasts 5.0 to 5.1 s: half way between. */
const WINDOW_STRETCH = 1.01;

/** The second and the third caller of a window wait for the next ones. */
const WAITING_MAX = 2;

/** One call per window for everybody together. Windows follow each other from the first call on. */
export class WindowLimit {
  readonly #windowMs: number;
  readonly #line = new WaitingLine(WAITING_MAX);
  #windowEndMs: number | null = null;
  #used = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(windowSeconds: number) {
    this.#windowMs = windowSeconds * 1000 * WINDOW_STRETCH;
  }

  async enter(hungUp: AbortSignal): Promise<Admission> {
    this.#advance();
    if (!this.#used) {
      this.#used = true;
      return "entered";
    }
    const admission = this.#line.join(hungUp);
    this.#armTimer();
    return admission;
  }

  #advance(): void {
    const nowMs = performance.now();
    this.#windowEndMs ??= nowMs + this.#windowMs;
    if (nowMs < this.#windowEndMs) return;
    const passed = 1 + Math.floor((nowMs - this.#windowEndMs) / this.#windowMs);
    this.#windowEndMs += passed * this.#windowMs;
    this.#used = this.#line.admitOldest();
  }

  /** While somebody waits, a timer opens the next window; otherwise the next call does. */
  #armTimer(): void {
    if (this.#timer !== null || this.#line.empty) return;
    const leftMs = (this.#windowEndMs ?? 0) - performance.now();
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#advance();
        this.#armTimer();
      },
      Math.max(1, Math.ceil(leftMs)),
    );
  }
}
