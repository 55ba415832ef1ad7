import type { Redis } from "ioredis";
import type { RollupRange } from "../domain/rollup.ts";
import type { Logger } from "../log/logger.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { type CountedWindow, CounterStore } from "./counter-store.ts";
import { connectRedis } from "./redis-connection.ts";

/**
 * Main's side of the counters: asks Redis, and never makes a request wait for it.
 *
 *   closed ──► a query fails or takes longer than QUERY_TIMEOUT_MS ──► open: null at once, pings in the background
 *     ▲                                                                   │
 *     └──────────────────────── a ping is answered in time ◄──────────────┘
 */
const QUERY_TIMEOUT_MS = 50;
const PING_EVERY_MS = 250;

export interface CounterReaderParts {
  readonly url: string;
  readonly replicaName: string;
  readonly databaseId: string;
  /** Whether dispatch finds that Redis can be used, and feeds it. */
  readonly isUsable: () => boolean;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export class CounterReader {
  readonly #parts: CounterReaderParts;
  #redis: Redis | null = null;
  #store: CounterStore | null = null;
  #isOpen = false;
  #isStopped = false;

  constructor(parts: CounterReaderParts) {
    this.#parts = parts;
    this.#connect().catch((error: unknown) => parts.log.error("cannot use Redis for reading", { error }));
  }

  /** What Redis knows of these ranges, or null if it does not say so in time. */
  async query(ranges: readonly RollupRange[]): Promise<CountedWindow | null> {
    if (this.#isOpen || this.#store === null || this.#redis?.status !== "ready" || !this.#parts.isUsable()) {
      return null;
    }
    try {
      return await this.#store.query(ranges);
    } catch {
      this.#parts.metrics.increment("redis_errors");
      this.#open();
      return null;
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#redis?.disconnect();
  }

  async #connect(): Promise<void> {
    const { url, replicaName, databaseId, log } = this.#parts;
    this.#redis = await connectRedis({
      url,
      name: `catraca-${replicaName}-read`,
      commandTimeoutMs: QUERY_TIMEOUT_MS,
      log,
    });
    if (this.#isStopped) this.#redis.disconnect();
    this.#store = new CounterStore(this.#redis, databaseId);
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#pingLater();
  }

  #pingLater(): void {
    const timer = setTimeout(() => {
      if (this.#isStopped) return;
      const ping = this.#redis?.status === "ready" ? this.#redis.ping() : Promise.reject(new Error("away"));
      ping.then(
        () => {
          this.#isOpen = false;
        },
        () => this.#pingLater(),
      );
    }, PING_EVERY_MS);
    timer.unref();
  }
}
