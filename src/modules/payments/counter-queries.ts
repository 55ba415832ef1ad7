import { and, eq, gt, gte, lt, sql } from "drizzle-orm";
import type { CounterFeed, CounterHead, CounterRow } from "../../cluster/counter-feed.ts";
import type { CounterSnapshot, RollupBucket } from "../../cluster/counter-store.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { cluster, replicas, state } from "../../store/tables.ts";
import { paymentCounterOutbox, paymentRollups } from "./table.ts";

/** Reads for the counters in Redis, on the connection of whoever asks. */
export class CounterQueries implements CounterFeed {
  readonly #head;
  readonly #rowsAfter;
  readonly #buckets;
  readonly #rank;
  readonly #begin;
  readonly #commit;

  constructor(database: OpenDatabase) {
    const { orm, sqlite } = database;
    this.#begin = sqlite.prepare<never, []>("BEGIN");
    this.#commit = sqlite.prepare<never, []>("COMMIT");
    this.#head = orm
      .select({
        databaseId: cluster.databaseId,
        epoch: cluster.counterEpoch,
        seq: cluster.counterSeq,
        purgeGeneration: sql<number>`(SELECT ${state.purgeGeneration} FROM ${state})`,
      })
      .from(cluster)
      .prepare();
    this.#rowsAfter = orm
      .select()
      .from(paymentCounterOutbox)
      .where(gt(paymentCounterOutbox.seq, sql.placeholder("seq")))
      .orderBy(paymentCounterOutbox.seq)
      .limit(sql.placeholder("limit"))
      .prepare();
    this.#buckets = orm
      .select()
      .from(paymentRollups)
      .where(
        and(
          eq(paymentRollups.level, sql.placeholder("level")),
          gte(paymentRollups.bucket, sql.placeholder("floor")),
        ),
      )
      .prepare();
    const own = sql`(SELECT ${replicas.id} FROM ${replicas} WHERE ${replicas.name} = ${sql.placeholder("name")})`;
    this.#rank = orm
      .select({ rank: sql<number>`count(*)` })
      .from(replicas)
      .where(and(gt(replicas.leaseUntilMs, sql.placeholder("now")), lt(replicas.id, own)))
      .prepare();
  }

  head(): CounterHead {
    const row = this.#head.get();
    if (row === undefined) throw new Error("the cluster's row is missing");
    return row;
  }

  rowsAfter(seq: number, limit: number): CounterRow[] {
    return this.#rowsAfter.all({ seq, limit }).map((row) => ({
      seq: row.seq,
      atMs: row.atMs,
      // counter-writer.ts wrote it with this shape
      deltas: JSON.parse(row.deltas) as CounterRow["deltas"],
    }));
  }

  snapshot(floors: readonly number[]): CounterSnapshot | null {
    return this.atOneMoment(() => {
      const { epoch, seq } = this.head();
      if (epoch === null) return null;
      // All at once, not bit by bit while Redis takes it in: a read transaction that lasts would keep the WAL from
      // starting over. At most some 200,000 buckets after a long time under load.
      const buckets: RollupBucket[] = floors.flatMap((floor, level) => this.#buckets.all({ level, floor }));
      return { epoch, seq, floors, buckets };
    });
  }

  rank(replicaName: string, nowMs: number): number {
    return this.#rank.get({ name: replicaName, now: nowMs })?.rank ?? 0;
  }

  /** Runs several reads on one state of the database. */
  atOneMoment<T>(read: () => T): T {
    this.#begin.run();
    try {
      return read();
    } finally {
      this.#commit.run();
    }
  }
}
