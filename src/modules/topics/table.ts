import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const topicMessages = sqliteTable(
  "topic_messages",
  {
    topic: integer("topic").notNull(),
    partition: integer("partition").notNull(),
    offset: integer("message_offset").notNull(),
    key: text("key").notNull(),
    value: text("value").notNull(),
    headers: text("headers").notNull(),
    atMs: integer("at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.topic, table.partition, table.offset] })],
);

export const topicPartitions = sqliteTable(
  "topic_partitions",
  {
    topic: integer("topic").notNull(),
    partition: integer("partition").notNull(),
    nextOffset: integer("next_offset").notNull(),
    publishedOffset: integer("published_offset").notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.topic, table.partition] })],
);
