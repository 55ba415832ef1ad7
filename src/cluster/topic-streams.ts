import { isDue } from "../domain/due-time.ts";
import type { Logger } from "../log/logger.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { fieldOf, type StreamCursor, type StreamStore } from "./stream-store.ts";
import type { TopicFeed, TopicHead } from "./topic-feed.ts";

/**
 * Publishes the topics' messages to Redis Streams of the same names, for consumers outside.
 *
 *   cursors unknown ──► ask Redis, compare with the log ──► known ──► log has more ──► APPEND ──► known
 *          ▲                                                                 │
 *          └───── Redis has something else, was away, or a second is over ◄──┘
 *
 * The live replica with the lowest number publishes; the others look now and then whether messages stay behind,
 * and publish those themselves. Two that publish at once do no harm: an append names the cursor it goes on from.
 *
 * Messages of a partition are appended in their order and each once, so a key's order holds in the stream. Twice
 * they come only after Redis has lost its data, or the database was restored from a backup.
 */
export interface TopicStreamsParts {
  readonly feed: TopicFeed;
  readonly store: StreamStore;
  /** How many live replicas come before this one. */
  readonly rank: (nowMs: number) => number;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Hears what the streams have; null for what this replica does not know. Retention waits for it. */
  readonly onPublished: (slot: number, nextOffset: number | null) => void;
}

const RANK_LOOK_MS = 1_000;
/** How often the first replica asks Redis, which may have been emptied while there was nothing to append. */
const ASK_MS = 1_000;
/** How much later each further replica steps in. */
const RANK_MS = 1_500;
/** Messages per append: a ms of Redis. */
const APPEND_MAX = 100;
/** Appends per partition and step, so that no topic waits for another for long. */
const APPENDS_MAX = 10;

export class TopicStreams {
  readonly #parts: TopicStreamsParts;
  /** What Redis has, as far as known; null: ask. */
  #cursors: Map<string, StreamCursor> | null = null;
  /** Streams whose names are taken by other data in this Redis, already said. */
  readonly #misused = new Set<string>();
  #rank = 0;
  #rankAtMs = 0;
  #askAtMs = 0;

  constructor(parts: TopicStreamsParts) {
    this.#parts = parts;
  }

  /** How long to wait before the next `step`, ms. */
  get pauseMs(): number {
    return this.#rank === 0 ? 0 : RANK_MS;
  }

  /** Publishes what is new, or a good part of it. Rejects when Redis is away: what it has is asked next time. */
  async step(nowMs: number): Promise<void> {
    const { feed, metrics } = this.#parts;
    this.#lookAtRank(nowMs);
    if (this.#rank > 0 || isDue(nowMs, this.#askAtMs, ASK_MS)) this.#cursors = null;
    try {
      const heads = feed.heads();
      const cursors = this.#cursors ?? (await this.#ask(heads));
      if (this.#cursors === null) this.#askAtMs = nowMs + ASK_MS;
      this.#cursors = cursors;
      let lag = 0;
      for (const head of heads) lag += await this.#publish(head, cursors, nowMs);
      metrics.set("topic_stream_lag", this.#rank === 0 ? lag : 0);
    } catch (error) {
      this.#cursors = null;
      throw error;
    }
  }

  /** What Redis has; a cursor that the log contradicts is taken away. */
  async #ask(heads: readonly TopicHead[]): Promise<Map<string, StreamCursor>> {
    const { feed, store, log } = this.#parts;
    const cursors = await store.cursors();
    for (const head of heads) {
      const field = fieldOf(head.topic, head.partition);
      const cursor = cursors.get(field);
      if (cursor === undefined) continue;
      const [last] = feed.messagesFrom(head, cursor.nextOffset - 1, 1);
      const isOther = last?.offset === cursor.nextOffset - 1 && last.atMs !== cursor.lastAtMs;
      if (!isOther && cursor.nextOffset <= feedEnd(feed, head)) continue;
      log.warn("the stream in Redis is not of this log: it gets all messages of the partition again", {
        topic: head.topic,
        partition: head.partition,
      });
      await store.forget(head.topic, head.partition, cursor);
      cursors.delete(field);
    }
    return cursors;
  }

  /** @returns how many messages of the partition are not in the stream yet */
  async #publish(head: TopicHead, cursors: Map<string, StreamCursor>, nowMs: number): Promise<number> {
    const { feed, store, metrics } = this.#parts;
    const { topic, partition, slot, nextOffset } = head;
    const field = fieldOf(topic, partition);
    for (let round = 0; round < APPENDS_MAX; round++) {
      const known = cursors.get(field) ?? null;
      if ((known?.nextOffset ?? 0) >= nextOffset) break;
      const messages = feed.messagesFrom(head, known?.nextOffset ?? 0, APPEND_MAX);
      const [first] = messages;
      // All forgotten, before streams were switched on.
      if (first === undefined) return 0;
      // The turn of a replica that comes before this one; nobody's, if the clock was set back since it was written.
      if (Math.abs(nowMs - first.atMs) < this.#rank * RANK_MS) break;
      const cursor = await this.#append(() => store.append(topic, partition, known, messages), topic);
      if (cursor === null) {
        this.#cursors = null;
        break;
      }
      metrics.add("topic_stream_entries", messages.length);
      cursors.set(field, cursor);
    }
    const published = cursors.get(field)?.nextOffset ?? 0;
    this.#parts.onPublished(slot, this.#rank === 0 ? published : null);
    return Math.max(0, nextOffset - published);
  }

  /** A name that somebody else uses in this Redis stops its own topic only. */
  async #append(append: () => Promise<StreamCursor | null>, topic: string): Promise<StreamCursor | null> {
    try {
      return await append();
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes("WRONGTYPE")) throw error;
      if (!this.#misused.has(topic)) {
        this.#misused.add(topic);
        this.#parts.log.error("a topic cannot be published: its name is a key of another type in Redis", {
          topic,
        });
      }
      return null;
    }
  }

  #lookAtRank(nowMs: number): void {
    if (!isDue(nowMs, this.#rankAtMs, RANK_LOOK_MS)) return;
    this.#rankAtMs = nowMs + RANK_LOOK_MS;
    this.#rank = this.#parts.rank(nowMs);
  }
}

/** The next offset now: peers may have appended and published since `head` was read. */
function feedEnd(feed: TopicFeed, { slot, nextOffset }: TopicHead): number {
  return feed.heads().find((head) => head.slot === slot)?.nextOffset ?? nextOffset;
}
