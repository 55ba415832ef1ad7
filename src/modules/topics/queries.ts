import { and, asc, desc, eq, gte, lt, sql } from "drizzle-orm";
import { formatTimestamp } from "../../domain/timestamp.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import { topicMessages, topicPartitions } from "./table.ts";
import { TOPIC_NAMES, TOPICS, type TopicName } from "./topics.ts";

export interface PartitionView {
  readonly partition: number;
  /** Of the oldest message that is kept; the next one's if there is none. */
  readonly firstOffset: number;
  /** Of the newest message; one below the first if there is none. */
  readonly lastOffset: number;
  /** Messages kept. */
  readonly depth: number;
  readonly oldestAgeSeconds: number | null;
}

export interface TopicView {
  readonly name: TopicName;
  readonly partitions: readonly PartitionView[];
}

export interface MessageView {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: unknown;
  readonly headers: unknown;
  readonly time: string;
}

type MessageRow = typeof topicMessages.$inferSelect;

/** Reads of the message log, on main's own connection. */
export class TopicQueries {
  readonly #statements;

  constructor({ orm }: OpenDatabase) {
    this.#statements = onFirstUse(() => prepareStatements(orm));
  }

  /** @param nowMs ms since the epoch */
  topics(nowMs: number): TopicView[] {
    return TOPIC_NAMES.map((name) => ({
      name,
      partitions: Array.from({ length: TOPICS[name].partitions }, (_, partition) =>
        this.#partition(TOPICS[name].number, partition, nowMs),
      ),
    }));
  }

  /** The offset that the next message of this partition will get. */
  endOf(topic: TopicName, partition: number): number {
    return this.#statements.next.get({ topic: TOPICS[topic].number, partition })?.nextOffset ?? 0;
  }

  /** Messages of one partition from `offset` on, oldest first. */
  messagesFrom(topic: TopicName, partition: number, offset: number, limit: number): MessageView[] {
    return this.#statements.from.all({ topic: TOPICS[topic].number, partition, offset, limit }).map(viewOf);
  }

  /**
   * The newest messages of the partitions that `below` names, newest first, each below its offset there.
   * Messages of one partition keep their order; those of different ones are in the order of their times.
   */
  newest(topic: TopicName, below: ReadonlyMap<number, number>, limit: number): MessageView[] {
    const lists = [...below].map(([partition, offset]) =>
      this.#statements.below.all({ topic: TOPICS[topic].number, partition, offset, limit }),
    );
    return mergeNewest(lists, limit).map(viewOf);
  }

  #partition(topic: number, partition: number, nowMs: number): PartitionView {
    const next = this.#statements.next.get({ topic, partition })?.nextOffset ?? 0;
    const first = this.#statements.from.get({ topic, partition, offset: 0, limit: 1 });
    return {
      partition,
      firstOffset: first?.offset ?? next,
      lastOffset: next - 1,
      depth: next - (first?.offset ?? next),
      oldestAgeSeconds: first === undefined ? null : Math.max(0, (nowMs - first.atMs) / 1000),
    };
  }
}

/** Takes from the heads of the lists, the latest first, as many as `limit`. */
function mergeNewest(lists: readonly MessageRow[][], limit: number): MessageRow[] {
  const heads = lists.map((rows) => ({ rows, at: 0 }));
  const merged: MessageRow[] = [];
  while (merged.length < limit) {
    let latest: { head: { at: number }; row: MessageRow } | null = null;
    for (const head of heads) {
      const row = head.rows[head.at];
      if (row !== undefined && (latest === null || row.atMs > latest.row.atMs)) latest = { head, row };
    }
    if (latest === null) break;
    latest.head.at++;
    merged.push(latest.row);
  }
  return merged;
}

function viewOf(row: MessageRow): MessageView {
  const { partition, offset, key } = row;
  return {
    partition,
    offset,
    key,
    // topic-writer.ts wrote both as JSON
    value: JSON.parse(row.value),
    headers: JSON.parse(row.headers),
    time: formatTimestamp(row.atMs),
  };
}

function prepareStatements(orm: OpenDatabase["orm"]) {
  const here = and(
    eq(topicMessages.topic, sql.placeholder("topic")),
    eq(topicMessages.partition, sql.placeholder("partition")),
  );
  const offset = sql.placeholder("offset");
  const limit = sql.placeholder("limit");
  return {
    next: orm
      .select({ nextOffset: topicPartitions.nextOffset })
      .from(topicPartitions)
      .where(
        and(
          eq(topicPartitions.topic, sql.placeholder("topic")),
          eq(topicPartitions.partition, sql.placeholder("partition")),
        ),
      )
      .prepare(),
    from: orm
      .select()
      .from(topicMessages)
      .where(and(here, gte(topicMessages.offset, offset)))
      .orderBy(asc(topicMessages.offset))
      .limit(limit)
      .prepare(),
    below: orm
      .select()
      .from(topicMessages)
      .where(and(here, lt(topicMessages.offset, offset)))
      .orderBy(desc(topicMessages.offset))
      .limit(limit)
      .prepare(),
  };
}
