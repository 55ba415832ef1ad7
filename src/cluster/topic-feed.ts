/** What the database says of the topics' log: modules/topics/stream-queries.ts reads it. */
export interface TopicHead {
  /** The topic's name, which is its stream's, too. */
  readonly topic: string;
  readonly partition: number;
  /** Its place in the shared state, see SharedState.topicPublished. */
  readonly slot: number;
  /** Of the message that comes next. */
  readonly nextOffset: number;
}

/** A message as it leaves: value and headers are JSON. */
export interface TopicMessage {
  readonly offset: number;
  readonly key: string;
  readonly value: string;
  readonly headers: string;
  readonly atMs: number;
}

export interface TopicFeed {
  /** Partitions that ever had a message. */
  heads(): TopicHead[];
  /** Messages of a partition from `offset` on, oldest first. */
  messagesFrom(head: TopicHead, offset: number, limit: number): TopicMessage[];
}
