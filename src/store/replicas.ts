import { asc } from "drizzle-orm";
import type { OpenDatabase } from "./database.ts";
import { replicas } from "./tables.ts";

export interface KnownReplica {
  readonly name: string;
  readonly isAlive: boolean;
  /** ms since the epoch; null if it has ended its lease itself. */
  readonly leaseUntilMs: number | null;
}

/** Every replica that ever opened this database. A handful of rows, so any thread may look. */
export function knownReplicas({ orm }: OpenDatabase, nowMs: number): KnownReplica[] {
  return orm
    .select({ name: replicas.name, leaseUntilMs: replicas.leaseUntilMs })
    .from(replicas)
    .orderBy(asc(replicas.name))
    .all()
    .map(({ name, leaseUntilMs }) => ({
      name,
      isAlive: leaseUntilMs > nowMs,
      leaseUntilMs: leaseUntilMs > 0 ? leaseUntilMs : null,
    }));
}
