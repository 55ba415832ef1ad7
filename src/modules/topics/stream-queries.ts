import { and, asc, eq, gte, sql } from "drizzle-orm";
import type { TopicFeed, TopicHead, TopicMessage } from "../../cluster/topic-feed.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { topicMessages, topicPartitions } from "./table.ts";
import { PARTITIONS } from "./topics.ts";

/** Reads for the streams in Redis, on the connection of whoever asks. */
export class TopicStreamQueries implements TopicFeed {
  readonly #statements;

  constructor({ orm }: OpenDatabase) {
    this.#statements = {
      heads: orm.select().from(topicPartitions).prepare(),
      from: orm
        .select()
        .from(topicMessages)
        .where(
          and(
            eq(topicMessages.topic, sql.placeholder("topic")),
            eq(topicMessages.partition, sql.placeholder("partition")),
            gte(topicMessages.offset, sql.placeholder("offset")),
          ),
        )
        .orderBy(asc(topicMessages.offset))
        .limit(sql.placeholder("limit"))
        .prepare(),
    };
  }

  heads(): TopicHead[] {
    return this.#statements.heads.all().flatMap(({ topic, partition, nextOffset }) => {
      const slot = PARTITIONS.findIndex((known) => known.number === topic && known.partition === partition);
      const known = PARTITIONS[slot];
      return known === undefined ? [] : [{ topic: known.topic, partition, slot, nextOffset }];
    });
  }

  messagesFrom({ slot, partition }: TopicHead, offset: number, limit: number): TopicMessage[] {
    const topic = PARTITIONS[slot]?.number;
    return topic === undefined ? [] : this.#statements.from.all({ topic, partition, offset, limit });
  }
}
