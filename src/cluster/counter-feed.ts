import type { CounterSnapshot } from "./counter-store.ts";

/** What the database says of the counters' history: modules/payments/counter-queries.ts reads it. */
export interface CounterHead {
  readonly databaseId: string;
  /** The history's name; null while no replica uses Redis. */
  readonly epoch: string | null;
  /** The number of its last delta. */
  readonly seq: number;
  readonly purgeGeneration: number;
}

export interface CounterRow {
  readonly seq: number;
  readonly atMs: number;
  readonly deltas: readonly [number, number, number, number, number][];
}

export interface CounterFeed {
  head(): CounterHead;
  /** Deltas with higher numbers, in order. */
  rowsAfter(seq: number, limit: number): CounterRow[];
  /** Everything settled so far, for counters that are built anew. */
  snapshot(floors: readonly number[]): CounterSnapshot | null;
  /** How many live replicas come before this one: 0 for the one that feeds Redis. */
  rank(replicaName: string, nowMs: number): number;
}
