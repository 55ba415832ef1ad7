import { LIMITS } from "../config/limits.ts";
import { preparedProblem } from "./errors.ts";
import { RETRY_LATER } from "./execution-problem.ts";

/**
 * Says no to a part of what would be stored while more comes than can be answered: otherwise everybody waits, for
 * seconds, until clients give up one by one whose requests are then done for nothing.
 *
 * Requests wait unread in their sockets, where nobody sees them; but each waits until all are answered that are ready
 * before it: a turn of the event loop. A turn is calm if it ends in time (`requestWaitMsMax`). One that is not says
 * nothing yet (a burst, a collection of garbage, the pause of a replica that has used up its CPU quota): a queue stands
 * if half a second passes without a calm one, as in CoDel (RFC 8289), which looks at the shortest wait. A process that
 * was stopped (by a slow disk, or its machine) finds what has come meanwhile: that passes by itself.
 *
 *   all admitted ─── half a second without a calm turn, and more than a burst in it ───► refusing
 *        ▲                                                                                   │
 *        │                       every 100 ms: no calm turn in them ─► admitted share × 0.7 ◄┤
 *        └─ the share is 1 again ────────────────── a calm one ──────► admitted share + 0.05 ◄┘
 *
 * and all at once if nobody comes for half a second. So the share ends where turns are just about in time: the CPU is
 * always busy, and nobody waits long. It is looked at as requests are read and by no timer: as long as 1,024 sockets (the
 * most that Bun asks for) are ready each time, a turn goes on, for seconds, and no timer runs.
 *
 * Only what creates is refused (POST): reads are how clients find out what became of their requests.
 */
const PATIENCE_MS = 500;
/** So many in a row come in one burst: to answer them a little late is better than to refuse them. */
const BURST = 1024;
/** Longer pauses between two requests count as this: the pause of a CPU quota. What stopped the process is no queue. */
const PAUSE_MS_MAX = 100;
const STEP_MS = 100;
const SHARE_DOWN = 0.7;
const SHARE_UP = 0.05;
/** A refusal costs a fifth of an acceptance, and somebody has to find out that it is better now. */
const SHARE_MIN = 0.1;
/** While all is calm not every turn is looked at. */
const LOOK_MS = 50;

export interface LoadSheddingParts {
  /** Called for each refusal; must not throw. */
  readonly onRefused: () => void;
  /** Called when refusing begins. */
  readonly onBegin?: () => void;
  /** ms on a clock that never goes back */
  readonly now?: () => number;
  /** 0 to below 1 */
  readonly random?: () => number;
  /** Runs something after all that is ready now. */
  readonly afterTurn?: (work: () => void) => unknown;
}

const refusal = preparedProblem("OVERLOADED", { headers: RETRY_LATER });

export class LoadShedder {
  readonly #parts: Required<LoadSheddingParts>;
  #admittedShare = 1;
  #steppedAtMs = 0;
  #isInTurn = false;
  #turnFromMs = 0;
  #turnEndedAtMs = 0;
  #lookFromMs = 0;
  #seenAtMs = 0;
  #uncalmMs = 0;
  #requestsSinceCalm = 0;

  constructor({
    onRefused,
    onBegin = () => {},
    now = () => performance.now(),
    random = Math.random,
    afterTurn = setImmediate,
  }: LoadSheddingParts) {
    this.#parts = { onRefused, onBegin, now, random, afterTurn };
  }

  /** The part of the creating requests that is admitted now, 0.1 to 1. */
  get admittedShare(): number {
    return this.#admittedShare;
  }

  /** The answer 503 for a request that is not taken, or null. */
  admit({ method }: Pick<Request, "method">): Response | null {
    const nowMs = this.#parts.now();
    if (!this.#isInTurn) {
      if (nowMs < this.#lookFromMs) return null;
      this.#beginTurn(nowMs);
    }
    this.#requestsSinceCalm++;
    this.#uncalmMs += Math.min(nowMs - this.#seenAtMs, PAUSE_MS_MAX);
    this.#seenAtMs = nowMs;
    if (nowMs - this.#steppedAtMs >= STEP_MS) this.#step(nowMs);
    if (this.#admittedShare === 1 || method !== "POST") return null;
    // At random: clients that come in the same order each time would be refused each time.
    if (this.#parts.random() < this.#admittedShare) return null;
    this.#parts.onRefused();
    return refusal();
  }

  #beginTurn(nowMs: number): void {
    this.#isInTurn = true;
    this.#turnFromMs = nowMs;
    const idleMs = nowMs - this.#turnEndedAtMs;
    // Nobody came for so long: nobody waits.
    if (idleMs > LIMITS.requestWaitMsMax.value) this.#noteCalm(nowMs);
    if (idleMs > PATIENCE_MS) this.#admittedShare = 1;
    this.#parts.afterTurn(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    const nowMs = this.#parts.now();
    this.#isInTurn = false;
    this.#turnEndedAtMs = nowMs;
    if (nowMs - this.#turnFromMs > LIMITS.requestWaitMsMax.value) return;
    this.#noteCalm(nowMs);
    if (this.#admittedShare === 1) this.#lookFromMs = nowMs + LOOK_MS;
  };

  #noteCalm(nowMs: number): void {
    this.#seenAtMs = nowMs;
    this.#uncalmMs = 0;
    this.#requestsSinceCalm = 0;
  }

  #step(nowMs: number): void {
    const steps = Math.floor((nowMs - this.#steppedAtMs) / STEP_MS);
    this.#steppedAtMs = nowMs;
    if (this.#admittedShare < 1) {
      this.#admittedShare =
        this.#uncalmMs > LIMITS.requestWaitMsMax.value
          ? Math.max(SHARE_MIN, this.#admittedShare * SHARE_DOWN)
          : Math.min(1, this.#admittedShare + SHARE_UP * steps);
    } else if (this.#uncalmMs > PATIENCE_MS && this.#requestsSinceCalm > BURST) {
      this.#admittedShare = SHARE_DOWN;
      this.#parts.onBegin();
    }
  }
}
