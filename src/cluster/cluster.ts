import type { Redis } from "ioredis";
import type { Settings } from "../config/settings.ts";
import type { ProcessorName } from "../domain/processor.ts";
import type { RollupRange } from "../domain/rollup.ts";
import type { ProcessorHealthSeen, SharedState } from "../engine/shared-state.ts";
import type { Logger } from "../log/logger.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { CounterQueries } from "../modules/payments/counter-queries.ts";
import { TopicStreamQueries } from "../modules/topics/stream-queries.ts";
import type { Doorbell } from "../ring/doorbell.ts";
import { openReader } from "../store/database.ts";
import type { CounterHead } from "./counter-feed.ts";
import { type CountedWindow, CounterStore } from "./counter-store.ts";
import { CounterSync } from "./counter-sync.ts";
import { LiveRelay } from "./live-relay.ts";
import { type LiveMessage, listenToPeers, liveChannel } from "./live-state.ts";
import { Pace } from "./pace.ts";
import type { PeerCommand, PeerNews } from "./peer-messages.ts";
import { connectRedis } from "./redis-connection.ts";
import { losesKeys } from "./redis-eviction.ts";
import { StreamStore } from "./stream-store.ts";
import { TopicStreams } from "./topic-streams.ts";

/**
 * Cluster mode, in the first dispatch thread: feeds the counters in Redis, tells peers what this replica learns,
 * and notices at once what they have changed in the database.
 */
export interface ClusterParts {
  readonly settings: Settings;
  readonly state: SharedState;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly storeBell: Doorbell;
  readonly toMain: (news: PeerNews) => void;
}

/** How often the database is looked at for a purge by another replica: one row, some 10 µs. */
const WATCH_MS = 50;
/** What is read is a few rows, mostly the newest. */
const CACHE_KIB = 256;
/** Feeding that fails so often in a row, at most a second each, gets new connections. */
const FAILURES_MAX = 10;
/** Feeding has time: summaries are exact without it. */
const FEED_TIMEOUT_MS = 1_000;

/** Starts cluster mode; null without REDIS_URL. */
export function startCluster(parts: ClusterParts): Cluster | null {
  const { redisUrl } = parts.settings;
  if (redisUrl === null) return null;
  parts.state.redis = "away";
  return new Cluster(parts, redisUrl);
}

export class Cluster {
  readonly #parts: ClusterParts;
  readonly #url: string;
  readonly #database;
  readonly #queries: CounterQueries;
  readonly #watch;
  #purgeGeneration: number;
  #redis: Redis | null = null;
  #subscriber: Redis | null = null;
  #store: CounterStore | null = null;
  #sync: CounterSync | null = null;
  #streams: TopicStreams | null = null;
  #relay: LiveRelay | null = null;
  /** The eviction policy that makes this Redis unfit; null while there is none. */
  #evicts: string | null = null;
  /** Steps in a row that failed. */
  #failures = 0;
  readonly #feeding = new Pace();
  readonly #publishing = new Pace();
  /** The last interest that main told before there was a connection. */
  #early: PeerCommand | null = null;

  constructor(parts: ClusterParts, url: string) {
    this.#parts = parts;
    this.#url = url;
    this.#database = openReader(parts.settings.databaseFile, CACHE_KIB);
    this.#queries = new CounterQueries(this.#database);
    const { databaseId, purgeGeneration } = this.#queries.head();
    this.#purgeGeneration = purgeGeneration;
    this.#watch = setInterval(() => this.#look(), WATCH_MS);
    this.#connect(databaseId).catch((error: unknown) => {
      parts.log.error("cannot use Redis: answers come from the database", { error });
    });
  }

  stop(): void {
    clearInterval(this.#watch);
    this.#parts.state.redis = "away";
    this.#redis?.disconnect();
    this.#subscriber?.disconnect();
    this.#sync = null;
    this.#streams = null;
    this.#relay?.stop();
    this.#database.sqlite.close();
  }

  /** What Redis knows of these ranges; null when it does not answer or has no counters. */
  async count(ranges: readonly RollupRange[]): Promise<CountedWindow | null> {
    if (this.#store === null || this.#redis?.status !== "ready") return null;
    try {
      return await this.#store.query(ranges);
    } catch {
      // Counted as an error by main, which has stopped waiting long before.
      return null;
    }
  }

  /** Tells the others what a processor said of itself. */
  healthHeard(processor: ProcessorName, { failing, minResponseTimeMs, seenAtMs }: ProcessorHealthSeen): void {
    this.#tell({ kind: "health", from: this.#name, processor, failing, minResponseTimeMs, seenAtMs });
  }

  /** Tells the others that this replica's circuit breaker opened or closed. */
  breakerMoved(processor: ProcessorName, open: boolean): void {
    this.#tell({ kind: "breaker", from: this.#name, processor, open, atMs: Date.now() });
  }

  /** Does what main asks for the sake of clients of other replicas. */
  take(command: PeerCommand): void {
    if (this.#relay !== null) this.#relay.take(command);
    else if (command.kind === "setInterest") this.#early = command;
  }

  get #name(): string {
    return this.#parts.settings.replicaId;
  }

  #tell(message: LiveMessage): void {
    if (this.#redis?.status !== "ready") return;
    const channel = liveChannel(this.#queries.head().databaseId);
    this.#redis.publish(channel, JSON.stringify(message)).catch(() => this.#count());
  }

  #count(): void {
    this.#parts.metrics.increment("redis_errors");
  }

  async #connect(databaseId: string): Promise<void> {
    const { log, metrics, state } = this.#parts;
    const options = { url: this.#url, commandTimeoutMs: FEED_TIMEOUT_MS, log };
    const redis = await connectRedis({ ...options, name: `catraca-${this.#name}-feed` });
    this.#redis = redis;
    this.#subscriber = await connectRedis({ ...options, name: `catraca-${this.#name}-live` });
    const relay = new LiveRelay({
      databaseId,
      replicaName: this.#name,
      publisher: redis,
      subscriber: this.#subscriber,
      tell: (message) => this.#tell(message),
      toMain: this.#parts.toMain,
    });
    this.#relay = relay;
    if (this.#early !== null) relay.take(this.#early);
    listenToPeers(this.#subscriber, liveChannel(databaseId), this.#name, state, (said) => relay.hear(said));
    if (this.#parts.settings.topicStreams) this.#streams = this.#openStreams(redis, databaseId);
    this.#store = new CounterStore(redis, databaseId);
    this.#sync = new CounterSync({
      feed: this.#queries,
      store: this.#store,
      replicaName: this.#name,
      metrics,
      log,
      onApplied: (seq) => {
        state.counterApplied = seq;
      },
    });
    redis.on("ready", () => void this.#judge(redis));
    // It may be ready already, while the second connection was being made.
    if (redis.status === "ready") await this.#judge(redis);
  }

  #openStreams(redis: Redis, databaseId: string): TopicStreams {
    const { log, metrics, state, settings } = this.#parts;
    return new TopicStreams({
      feed: new TopicStreamQueries(this.#database),
      store: new StreamStore(redis, databaseId, settings.topicStreamEntries),
      rank: (nowMs) => this.#queries.rank(this.#name, nowMs),
      metrics,
      log,
      onPublished: (slot, nextOffset) => state.setTopicPublished(slot, nextOffset),
    });
  }

  /** A Redis that deletes keys when memory is short would silently lose counts. */
  async #judge(redis: Redis): Promise<void> {
    try {
      this.#evicts = losesKeys(await redis.info("memory"));
    } catch {
      // Not allowed to ask, or gone again: the next connect asks again.
      this.#evicts = null;
    }
    if (this.#evicts === null) return;
    this.#parts.log.error(
      "Redis may evict any key when memory is short: the counters are not used. Set maxmemory-policy to noeviction",
      { policy: this.#evicts },
    );
  }

  #publish(now: number): void {
    const streams = this.#streams;
    if (streams === null || !this.#publishing.isDue) return;
    if (this.#redis?.status !== "ready" || this.#evicts !== null) return;
    const step = () =>
      streams.step(now).catch((error: unknown) => {
        this.#count();
        this.#parts.log.debug("publishing to the streams failed; tried again", { error });
      });
    void this.#publishing.run(step, () => streams.pauseMs);
  }

  #feed(sync: CounterSync, head: CounterHead, now: number): void {
    const step = () =>
      sync.step(head, now).then(
        () => {
          this.#set("ok");
          this.#failures = 0;
        },
        (error: unknown) => {
          this.#count();
          this.#set("away");
          this.#failed();
          this.#parts.log.debug("feeding Redis failed; tried again", { error });
        },
      );
    void this.#feeding.run(step, () => sync.pauseMs);
  }

  #look(): void {
    const { state, storeBell, log } = this.#parts;
    const now = Date.now();
    try {
      const head = this.#queries.head();
      if (head.purgeGeneration !== this.#purgeGeneration) {
        this.#purgeGeneration = head.purgeGeneration;
        state.nudgeStore();
        storeBell.ring();
      }
      this.#publish(now);
      if (this.#sync === null || !this.#feeding.isDue) return;
      if (this.#redis?.status !== "ready" || this.#evicts !== null) {
        this.#set("away");
        return;
      }
      this.#feed(this.#sync, head, now);
    } catch (error) {
      log.debug("cannot look at the database now", { error });
    }
  }

  /** After half an answer whatever comes is taken for its other half: only a new connection ends that. */
  #failed(): void {
    if (++this.#failures % FAILURES_MAX !== 0) return;
    this.#redis?.disconnect(true);
    this.#subscriber?.disconnect(true);
  }

  #set(redis: "ok" | "away"): void {
    this.#parts.state.redis = redis;
    this.#parts.metrics.set("redis_up", redis === "ok" ? 1 : 0);
  }
}
