import { LIMITS } from "../config/limits.ts";
import { problem } from "./errors.ts";
import { RETRY_LATER } from "./execution-problem.ts";

/**
 * Says no to a part of what would be stored while more comes than can be answered: otherwise everybody waits, for
 * seconds, until clients give up one by one whose requests are then done for nothing.
 *
 * What a request waits for is that all are answered that are ready before it: a turn of the event loop, so that is
 * measured now and then. A long one alone says nothing (a burst, a collection of garbage, the pause of a replica that
 * has used up its CPU quota). A queue stands if within a second not one was short: the rule of CoDel (RFC 8289), which
 * looks at the shortest wait.
 *
 *   turns  ▂▁▇▁▁▃▁  the shortest is short: all are admitted
 *   turns  ▅▇▆▅▇▆▅  a queue stands: a larger part is refused, each second, until it is gone
 *
 * Only what creates is refused (POST): reads are how clients find out what became of their requests.
 */
const SAMPLE_MS = 50;
const INTERVAL_MS = 1000;
/** Fewer are not enough to say that none was in time. */
const SAMPLES_MIN = 3;
/** What the part that is refused grows by while a queue stands, and shrinks to when there is next to none. */
const SHARE_UP = 0.15;
const SHARE_DOWN = 0.5;
const SHARE_MIN = 0.05;
/** A refusal costs a third of an acceptance, and somebody has to find out that it is better now. */
const SHARE_MAX = 0.9;

export interface LoadSheddingParts {
  /** Called for each refusal; must not throw. */
  readonly onRefused: () => void;
  /** Called when refusing begins. */
  readonly onBegin?: () => void;
  /** ms on a clock that never goes back */
  readonly now?: () => number;
  readonly random?: () => number;
  /** Runs something later, as setTimeout does. */
  readonly later?: (work: () => void, delayMs: number) => unknown;
  /** Runs something after all that is ready now. */
  readonly afterTurn?: (work: () => void) => unknown;
}

export class LoadShedder {
  readonly #parts: Required<LoadSheddingParts>;
  #share = 0;
  #isSampling = false;
  /** Whether a request came since the last sample: nobody looks while nobody comes. */
  #hasRequests = false;
  #intervalFromMs = 0;
  #samples = 0;
  #shortestMs = Number.POSITIVE_INFINITY;

  constructor({
    onRefused,
    onBegin = () => {},
    now = () => performance.now(),
    random = Math.random,
    later = (work, delayMs) => setTimeout(work, delayMs).unref(),
    // The first one runs before the loop looks for what is ready.
    afterTurn = (work) => setImmediate(() => setImmediate(work)),
  }: LoadSheddingParts) {
    this.#parts = { onRefused, onBegin, now, random, later, afterTurn };
  }

  /** The part of the creating requests that is refused now, 0 to 1. */
  get share(): number {
    return this.#share;
  }

  /** The answer 503 for a request that is not taken, or null. */
  admit({ method }: Pick<Request, "method">): Response | null {
    if (!this.#isSampling) this.#begin();
    this.#hasRequests = true;
    if (this.#share === 0 || method !== "POST" || this.#parts.random() >= this.#share) return null;
    this.#parts.onRefused();
    return problem("OVERLOADED", { headers: RETRY_LATER });
  }

  #begin(): void {
    this.#isSampling = true;
    this.#beginInterval(this.#parts.now());
    this.#sampleLater();
  }

  #sampleLater(): void {
    const { now, later, afterTurn } = this.#parts;
    this.#hasRequests = false;
    later(() => {
      const fromMs = now();
      afterTurn(() => this.#sample(now() - fromMs));
    }, SAMPLE_MS);
  }

  #sample(turnMs: number): void {
    const nowMs = this.#parts.now();
    this.#samples++;
    this.#shortestMs = Math.min(this.#shortestMs, turnMs);
    if (nowMs - this.#intervalFromMs >= INTERVAL_MS && this.#samples >= SAMPLES_MIN) {
      this.#judge();
      this.#beginInterval(nowMs);
    }
    this.#isSampling = this.#hasRequests || this.#share > 0;
    if (this.#isSampling) this.#sampleLater();
  }

  #judge(): void {
    const waitMsMax = LIMITS.requestWaitMsMax.value;
    if (this.#shortestMs > waitMsMax) {
      if (this.#share === 0) this.#parts.onBegin();
      this.#share = Math.min(SHARE_MAX, this.#share + SHARE_UP);
    } else if (this.#shortestMs < waitMsMax / 2) {
      this.#share *= SHARE_DOWN;
      if (this.#share < SHARE_MIN) this.#share = 0;
    }
  }

  #beginInterval(nowMs: number): void {
    this.#intervalFromMs = nowMs;
    this.#samples = 0;
    this.#shortestMs = Number.POSITIVE_INFINITY;
  }
}
