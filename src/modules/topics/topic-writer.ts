import { and, eq, sql } from "drizzle-orm";
import { partitionOf } from "../../domain/partition.ts";
import type { StoreContext, StoreModule } from "../../store/module.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import { type PublishedOffsets, TopicRetention } from "./retention-writer.ts";
import { topicMessages, topicPartitions } from "./table.ts";
import { TOPICS, type TopicName } from "./topics.ts";

/** Where a message lies. */
export interface TopicPosition {
  readonly partition: number;
  readonly offset: number;
}

export type TopicHeaders = Readonly<Record<string, string>>;

/** What other modules need to say something to the world, inside the transaction of what they say. */
export interface TopicWriter {
  /**
   * Appends a message. Messages of one key are in one partition, in the order in which they were appended.
   * @param value JSON; never a card, a token or another secret
   */
  append(topic: TopicName, key: string, value: unknown, headers: TopicHeaders, nowMs: number): TopicPosition;
}

/**
 * The append-only log of messages. Next offsets are read once per partition and transaction, counted here, and
 * written before the commit; the transaction holds the write lock, so nobody else counts meanwhile.
 *
 *   append: offset = next++ ──► message row          beforeCommit: next ──► partition row, retention
 */
export class TopicLog implements TopicWriter, StoreModule {
  readonly commands = {};
  readonly #statements;
  readonly #retention: TopicRetention;
  /** Next offset by partition, of the partitions that this transaction has appended to. */
  readonly #next = new Map<number, { topic: number; partition: number; nextOffset: number }>();

  /**
   * @param now ms since the epoch; the clock that retention looks at
   * @param published what the streams in Redis have, see TopicRetention
   */
  constructor(context: StoreContext, now: () => number = Date.now, published: PublishedOffsets = () => null) {
    this.#statements = onFirstUse(() => prepareStatements(context.orm));
    this.#retention = new TopicRetention(context, now, published);
  }

  append(topic: TopicName, key: string, value: unknown, headers: TopicHeaders, nowMs: number): TopicPosition {
    const { number, partitions } = TOPICS[topic];
    const partition = partitionOf(key, partitions);
    const counter = this.#counterOf(number, partition);
    const offset = counter.nextOffset++;
    this.#statements.insert.run({
      topic: number,
      partition,
      offset,
      key,
      value: JSON.stringify(value),
      headers: JSON.stringify(headers),
      atMs: nowMs,
    });
    return { partition, offset };
  }

  beforeCommit(): void {
    for (const counter of this.#next.values()) this.#statements.advance.run(counter);
    this.#next.clear();
    this.#retention.sweep();
  }

  rolledBack(): void {
    this.#next.clear();
    this.#retention.rolledBack();
  }

  #counterOf(topic: number, partition: number): { nextOffset: number } {
    const slot = topic * SLOTS_PER_TOPIC + partition;
    const known = this.#next.get(slot);
    if (known !== undefined) return known;
    const nextOffset = this.#statements.next.get({ topic, partition })?.nextOffset ?? 0;
    const counter = { topic, partition, nextOffset };
    this.#next.set(slot, counter);
    return counter;
  }
}

/** More than any topic has partitions. */
const SLOTS_PER_TOPIC = 64;

function prepareStatements(orm: StoreContext["orm"]) {
  const topic = sql.placeholder("topic");
  const partition = sql.placeholder("partition");
  return {
    insert: orm
      .insert(topicMessages)
      .values({
        topic,
        partition,
        offset: sql.placeholder("offset"),
        key: sql.placeholder("key"),
        value: sql.placeholder("value"),
        headers: sql.placeholder("headers"),
        atMs: sql.placeholder("atMs"),
      })
      .prepare(),
    next: orm
      .select({ nextOffset: topicPartitions.nextOffset })
      .from(topicPartitions)
      .where(and(eq(topicPartitions.topic, topic), eq(topicPartitions.partition, partition)))
      .prepare(),
    advance: orm
      .insert(topicPartitions)
      .values({ topic, partition, nextOffset: sql.placeholder("nextOffset") })
      .onConflictDoUpdate({
        target: [topicPartitions.topic, topicPartitions.partition],
        set: { nextOffset: sql.raw("excluded.next_offset") },
      })
      .prepare(),
  };
}
