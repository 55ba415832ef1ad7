import type { RollupRange } from "../domain/rollup.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { CountedWindow } from "./counter-store.ts";

/**
 * Main's side of the counters: asks the dispatch thread, which has the connection to Redis, and never makes a
 * request wait for it.
 *
 *   closed ──► no answer within ANSWER_TIMEOUT_MS, or none at all ──► open: null at once, tries in the background
 *     ▲                                                                 │
 *     └──────────────────────── a try is answered in time ◄─────────────┘
 */
const ANSWER_TIMEOUT_MS = 50;
const TRY_EVERY_MS = 250;

/** From main to dispatch, and back; both are cloned on the way. */
export interface CounterQuestion {
  readonly questionId: number;
  readonly ranges: readonly RollupRange[];
}
export interface CounterAnswer {
  readonly questionId: number;
  /** Null: Redis did not answer, or has no counters. */
  readonly counted: CountedWindow | null;
}

export interface CounterReaderParts {
  /** Whether dispatch finds that Redis can be used, and feeds it. */
  readonly isUsable: () => boolean;
  readonly metrics: Metrics;
}

export class CounterReader {
  readonly #parts: CounterReaderParts;
  readonly #waiting = new Map<number, (counted: CountedWindow | null) => void>();
  #ask: ((question: CounterQuestion) => void) | null = null;
  #nextId = 1;
  #isOpen = false;

  constructor(parts: CounterReaderParts) {
    this.#parts = parts;
  }

  /** Connects to the dispatch thread. Its messages for PeerLink answer no question of this one. */
  attach(worker: Worker): void {
    this.#ask = (question) => worker.postMessage(question);
    worker.onmessage = ({ data }: MessageEvent<CounterAnswer>) => {
      this.#waiting.get(data.questionId)?.(data.counted);
    };
  }

  /** What Redis knows of these ranges, or null if it does not say so in time. */
  async query(ranges: readonly RollupRange[]): Promise<CountedWindow | null> {
    if (this.#isOpen || !this.#parts.isUsable()) return null;
    const counted = await this.#question(ranges);
    if (counted === null) this.#open();
    return counted;
  }

  async #question(ranges: readonly RollupRange[]): Promise<CountedWindow | null> {
    if (this.#ask === null) return null;
    const questionId = this.#nextId++;
    const { promise, resolve } = Promise.withResolvers<CountedWindow | null>();
    this.#waiting.set(questionId, resolve);
    const timer = setTimeout(() => resolve(null), ANSWER_TIMEOUT_MS);
    this.#ask({ questionId, ranges });
    const counted = await promise;
    clearTimeout(timer);
    this.#waiting.delete(questionId);
    if (counted === null) this.#parts.metrics.increment("redis_errors");
    return counted;
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#tryLater();
  }

  #tryLater(): void {
    const timer = setTimeout(async () => {
      // No range: the question whether there are counters.
      const isBack = this.#parts.isUsable() && (await this.#question([])) !== null;
      if (isBack) this.#isOpen = false;
      else this.#tryLater();
    }, TRY_EVERY_MS);
    timer.unref();
  }
}
