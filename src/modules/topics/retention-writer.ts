import { and, eq, lt, sql } from "drizzle-orm";
import type { StoreContext } from "../../store/module.ts";
import { topicMessages, topicPartitions } from "./table.ts";
import { TOPIC_NAMES, TOPICS } from "./topics.ts";

/** How often the oldest messages are looked at. */
const SWEEP_EVERY_MS = 250;
/** Deleted per partition and sweep, at most: some ms of the write lock, and four times that per second. */
const SWEEP_MESSAGES_MAX = 5_000;

/**
 * Forgets the oldest messages of each partition: those over TOPIC_RETENTION_MESSAGES and those older than
 * TOPIC_RETENTION_SECONDS. Offsets go on; what was the first offset simply becomes a later one.
 */
export class TopicRetention {
  readonly #messagesMax: number;
  readonly #ageMaxMs: number;
  readonly #now: () => number;
  readonly #statements;
  #sweepAtMs = 0;

  constructor({ orm, settings }: StoreContext, now: () => number) {
    this.#messagesMax = settings.topicRetentionMessages;
    this.#ageMaxMs = settings.topicRetentionSeconds * 1000;
    this.#now = now;
    this.#statements = prepareStatements(orm);
  }

  /** Looks, if it is time to. Inside the transaction. */
  sweep(): void {
    const now = this.#now();
    if (now < this.#sweepAtMs) return;
    this.#sweepAtMs = now + SWEEP_EVERY_MS;
    for (const name of TOPIC_NAMES) {
      const { number, partitions, isKeptForEver } = TOPICS[name];
      if (isKeptForEver) continue;
      for (let partition = 0; partition < partitions; partition++)
        this.#sweepPartition(number, partition, now);
    }
  }

  rolledBack(): void {
    this.#sweepAtMs = 0;
  }

  #sweepPartition(topic: number, partition: number, now: number): void {
    const place = { topic, partition };
    const first = this.#statements.first.get(place);
    if (first === undefined) return;
    const next = this.#statements.next.get(place)?.nextOffset ?? 0;
    let end = next - this.#messagesMax;
    const bornBefore = now - this.#ageMaxMs;
    if (first.atMs < bornBefore) {
      const old = this.#statements.lastOld.get({ ...place, before: bornBefore, limit: SWEEP_MESSAGES_MAX });
      end = Math.max(end, (old?.offset ?? -1) + 1);
    }
    if (end > first.offset) {
      this.#statements.forget.run({ ...place, end: Math.min(end, first.offset + SWEEP_MESSAGES_MAX) });
    }
  }
}

function prepareStatements(orm: StoreContext["orm"]) {
  const here = and(
    eq(topicMessages.topic, sql.placeholder("topic")),
    eq(topicMessages.partition, sql.placeholder("partition")),
  );
  const oldest = orm
    .select({ offset: topicMessages.offset, atMs: topicMessages.atMs })
    .from(topicMessages)
    .where(here)
    .orderBy(topicMessages.offset);
  const batch = oldest.limit(sql.placeholder("limit")).as("batch");
  return {
    first: orm
      .select({ offset: topicMessages.offset, atMs: topicMessages.atMs })
      .from(topicMessages)
      .where(here)
      .orderBy(topicMessages.offset)
      .limit(1)
      .prepare(),
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
    lastOld: orm
      .select({ offset: sql<number | null>`max(${batch.offset})` })
      .from(batch)
      .where(lt(batch.atMs, sql.placeholder("before")))
      .prepare(),
    forget: orm
      .delete(topicMessages)
      .where(and(here, lt(topicMessages.offset, sql.placeholder("end"))))
      .prepare(),
  };
}
