import { and, eq, lt, sql } from "drizzle-orm";
import type { StoreContext } from "../../store/module.ts";
import { onFirstUse } from "../../store/on-first-use.ts";
import { topicMessages, topicPartitions } from "./table.ts";
import { PARTITIONS, TOPICS } from "./topics.ts";

/** How often the oldest messages are looked at. */
const SWEEP_EVERY_MS = 250;
/** Deleted per partition and sweep, at most: some ms of the write lock, and four times that per second. */
const SWEEP_MESSAGES_MAX = 5_000;
/** While Redis is away, messages are kept for it until there are so many times as many as usual. */
const UNPUBLISHED_FACTOR = 10;

/** Up to which offset a partition's stream has it, by its slot in PARTITIONS; null if this replica does not know. */
export type PublishedOffsets = (slot: number) => number | null;

/**
 * Forgets the oldest messages of each partition: those over TOPIC_RETENTION_MESSAGES and those older than
 * TOPIC_RETENTION_SECONDS. Offsets go on; what was the first offset simply becomes a later one.
 *
 * With TOPIC_STREAMS it waits for what is not in Redis yet, within a bound. How far Redis is, the replica that
 * publishes writes down here (`published_offset`) for the others.
 */
export class TopicRetention {
  readonly #messagesMax: number;
  readonly #ageMaxMs: number;
  readonly #isPublished: boolean;
  readonly #now: () => number;
  readonly #published: PublishedOffsets;
  readonly #statements;
  #sweepAtMs = 0;

  constructor({ orm, settings }: StoreContext, now: () => number, published: PublishedOffsets) {
    this.#isPublished = settings.topicStreams;
    this.#published = published;
    this.#messagesMax = settings.topicRetentionMessages;
    this.#ageMaxMs = settings.topicRetentionSeconds * 1000;
    this.#now = now;
    this.#statements = onFirstUse(() => prepareStatements(orm));
  }

  /** Looks, if it is time to. Inside the transaction. */
  sweep(): void {
    const now = this.#now();
    if (now < this.#sweepAtMs) return;
    this.#sweepAtMs = now + SWEEP_EVERY_MS;
    for (const [slot, { topic, number, partition }] of PARTITIONS.entries()) {
      if (!TOPICS[topic].isKeptForEver) this.#sweepPartition(slot, { topic: number, partition }, now);
    }
  }

  rolledBack(): void {
    this.#sweepAtMs = 0;
  }

  #sweepPartition(slot: number, place: { topic: number; partition: number }, now: number): void {
    const first = this.#statements.first.get(place);
    if (first === undefined) return;
    const row = this.#statements.row.get(place);
    const next = row?.nextOffset ?? 0;
    let end = next - this.#messagesMax;
    const bornBefore = now - this.#ageMaxMs;
    if (first.atMs < bornBefore) {
      const old = this.#statements.lastOld.get({ ...place, before: bornBefore, limit: SWEEP_MESSAGES_MAX });
      end = Math.max(end, (old?.offset ?? -1) + 1);
    }
    if (this.#isPublished) {
      const published = this.#notePublished(slot, place, row?.publishedOffset ?? 0);
      end = Math.min(end, Math.max(published, next - UNPUBLISHED_FACTOR * this.#messagesMax));
    }
    if (end > first.offset) {
      this.#statements.forget.run({ ...place, end: Math.min(end, first.offset + SWEEP_MESSAGES_MAX) });
    }
  }

  #notePublished(slot: number, place: { topic: number; partition: number }, noted: number): number {
    const known = this.#published(slot);
    if (known === null || known === noted) return noted;
    this.#statements.note.run({ ...place, published: known });
    return known;
  }
}

function prepareStatements(orm: StoreContext["orm"]) {
  const here = and(
    eq(topicMessages.topic, sql.placeholder("topic")),
    eq(topicMessages.partition, sql.placeholder("partition")),
  );
  const herePartition = and(
    eq(topicPartitions.topic, sql.placeholder("topic")),
    eq(topicPartitions.partition, sql.placeholder("partition")),
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
    row: orm.select().from(topicPartitions).where(herePartition).prepare(),
    note: orm
      .update(topicPartitions)
      // drizzle types a placeholder in `set` only as SQL.
      .set({ publishedOffset: sql`${sql.placeholder("published")}` })
      .where(herePartition)
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
