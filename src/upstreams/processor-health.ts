import { isResponseTimeMs } from "../domain/processor.ts";
import type { HttpClient, HttpEndpoint } from "./http-client.ts";
import { readJsonObject } from "./processor-answer.ts";
import { parseRetryAfter } from "./retry-after.ts";

export interface ProcessorHealth {
  readonly failing: boolean;
  /** The delay that the processor has configured, ms. */
  readonly minResponseTimeMs: number;
  /** When the answer arrived, ms since the epoch. */
  readonly seenAtMs: number;
}

/** The clock of the poll; a test brings its own. */
export interface PollClock {
  /** The wall clock, ms since the epoch. */
  nowMs(): number;
  /** Runs `run` once after `delayMs`; the result cancels that. */
  schedule(run: () => void, delayMs: number): () => void;
}

export interface ProcessorHealthOptions {
  /** Asked before every call, for a lease in a cluster; a rejection counts as no. Default: always. */
  readonly mayPoll?: () => boolean | Promise<boolean>;
  /** A call that brought no health: its code ("timeout", "http_429"). */
  readonly onMissed?: (code: string) => void;
  readonly clock?: PollClock;
}

/**
 * A processor allows one health call per 5.0 to 5.1 s, for everybody together. Counting from the end of the
 * last call keeps to that also when the call itself hung.
 */
export const HEALTH_SPACING_MS = 5_100;
/** Two early calls hang for a window each before the third is refused: 10.2 s, and then some. */
export const HEALTH_TIMEOUT_MS = 15_000;
/** One is used; the others may be connects that hang for the two minutes after which the system gives up. */
const CONNECTIONS_MAX = 32;
/** How soon to ask again for the right to poll. */
const TURN_RETRY_MS = 1_000;

/**
 * Polls `GET /payments/service-health` of one processor: one call at a time, over a connection of its own, so
 * that a call that hangs takes nothing from the payments. It starts once and stops once.
 *
 *   asking ──no──► 1 s ──► asking
 *     └───yes──► calling ──► 5.1 s, or longer if told so ──► asking
 */
export class ProcessorHealthPoll {
  readonly #endpoint: HttpEndpoint;
  readonly #mayPoll: () => boolean | Promise<boolean>;
  readonly #onMissed: (code: string) => void;
  readonly #clock: PollClock;
  #cancel: () => void = () => {};
  #state: "new" | "running" | "stopped" = "new";

  /** @throws Error for an unusable URL */
  constructor(baseUrl: string, client: HttpClient, options: ProcessorHealthOptions = {}) {
    this.#endpoint = client.endpoint(baseUrl, { connectionsMax: CONNECTIONS_MAX, waitingMax: 1 });
    this.#mayPoll = options.mayPoll ?? (() => true);
    this.#onMissed = options.onMissed ?? (() => {});
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** Starts with a first call at once; `onHealth` hears every answer. */
  start(onHealth: (health: ProcessorHealth) => void): void {
    if (this.#state !== "new") throw new Error("a health poll starts only once");
    this.#state = "running";
    void this.#turn(onHealth);
  }

  /** No further call; the answer of one in flight is dropped. */
  stop(): void {
    this.#state = "stopped";
    this.#cancel();
  }

  async #turn(onHealth: (health: ProcessorHealth) => void): Promise<void> {
    const isAllowed = await this.#isAllowed();
    if (this.#state === "stopped") return;
    const delayMs = isAllowed ? await this.#call(onHealth) : TURN_RETRY_MS;
    // Stopped meanwhile, which the compiler does not see.
    if (this.#isStopped()) return;
    this.#cancel = this.#clock.schedule(() => void this.#turn(onHealth), delayMs);
  }

  #isStopped(): boolean {
    return this.#state === "stopped";
  }

  async #isAllowed(): Promise<boolean> {
    try {
      return await this.#mayPoll();
    } catch {
      // Not knowing whose turn it is means that it is not ours.
      return false;
    }
  }

  /** Makes one call; returns how long to wait after it. */
  async #call(onHealth: (health: ProcessorHealth) => void): Promise<number> {
    const result = await this.#endpoint.request({
      method: "GET",
      path: "/payments/service-health",
      timeoutMs: HEALTH_TIMEOUT_MS,
    });
    if (this.#isStopped()) return 0;
    if (result.kind !== "answer") {
      this.#onMissed(result.code);
    } else if (result.status !== 200 && result.status !== 503) {
      this.#onMissed(`http_${result.status}`);
      const retryAfterMs = parseRetryAfter(result.header("retry-after"), this.#clock.nowMs());
      return Math.max(HEALTH_SPACING_MS, retryAfterMs ?? 0);
    } else {
      // One version of the published processor answers 503 while failing, with the same body.
      const { failing, minResponseTime } = readJsonObject(result.body);
      if (typeof failing === "boolean" && isResponseTimeMs(minResponseTime)) {
        onHealth({ failing, minResponseTimeMs: minResponseTime, seenAtMs: this.#clock.nowMs() });
      } else {
        this.#onMissed("unreadable");
      }
    }
    return HEALTH_SPACING_MS;
  }
}

const SYSTEM_CLOCK: PollClock = {
  nowMs: Date.now,
  schedule(run, delayMs) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
