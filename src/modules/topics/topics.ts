/**
 * THE table of topics (CONTRACTS, "Across all"). Numbers are stored and never reused; neither may a number of
 * partitions change, because it decides in which one a key's messages are.
 */
export const TOPICS = {
  order_queue: { number: 1, partitions: 1, isKeptForEver: false },
  "process-purchases": { number: 2, partitions: 2, isKeptForEver: false },
  "purchases-processed": { number: 3, partitions: 2, isKeptForEver: false },
  payment_retry: { number: 4, partitions: 2, isKeptForEver: false },
  // Dead letters outlive every retention.
  payment_dlq: { number: 5, partitions: 2, isKeptForEver: true },
  payments: { number: 6, partitions: 3, isKeptForEver: false },
  paymentsResults: { number: 7, partitions: 3, isKeptForEver: false },
  operation_queue: { number: 8, partitions: 1, isKeptForEver: false },
} as const satisfies Readonly<
  Record<string, { readonly number: number; readonly partitions: number; readonly isKeptForEver: boolean }>
>;

export type TopicName = keyof typeof TOPICS;

export const TOPIC_NAMES = Object.keys(TOPICS) as TopicName[]; // keys of a const object

/** All partitions of all topics; the place in this list is a partition's slot in memory that threads share. */
export const PARTITIONS: readonly {
  readonly topic: TopicName;
  readonly number: number;
  readonly partition: number;
}[] = TOPIC_NAMES.flatMap((topic) =>
  Array.from({ length: TOPICS[topic].partitions }, (_, partition) => ({
    topic,
    number: TOPICS[topic].number,
    partition,
  })),
);

export function isTopicName(text: string): text is TopicName {
  return Object.hasOwn(TOPICS, text);
}
