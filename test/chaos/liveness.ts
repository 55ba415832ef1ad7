import { metric } from "../e2e/client.ts";
import { until } from "../e2e/until.ts";
import { type BookEntry, Comparison } from "./book.ts";
import type { ChaosSet } from "./chaos-set.ts";
import { DatabaseReader } from "./database-reader.ts";
import type { Workload } from "./workload.ts";

/**
 * The stated time in which everything ends once all faults are over (R5). It is made of: what was scheduled while the
 * clock was 20 s ahead, one lease, a breaker's probe, the longest pause between two attempts (an order's: 30 s).
 */
export const LIVENESS_MS = 90_000;

/** Ends every fault that is left: what runs from now on is healthy. */
export async function heal(set: ChaosSet): Promise<void> {
  set.clock?.set(0);
  set.storage.free();
  set.redis.signal("SIGCONT");
  await set.upstreams.heal();
  for (const replica of set.replicas) {
    replica.signal("SIGCONT");
    replica.start();
  }
}

/** Waits until every run of the load has ended, the queue is empty and every replica is ready. */
export async function untilQuiet(set: ChaosSet, workload: Workload): Promise<BookEntry> {
  const comparison = new Comparison(
    "R5",
    `everything ends within ${LIVENESS_MS / 1000} s after the last fault`,
  );
  const startedAt = performance.now();
  const leftMs = () => Math.max(1_000, LIVENESS_MS - (performance.now() - startedAt));
  const wait = async (what: Promise<unknown>) => {
    const failure = await what.then(
      () => null,
      (error: unknown) => String(error),
    );
    comparison.expect(failure === null, () => failure ?? "");
  };
  await wait(Promise.all(set.replicas.map((replica) => replica.ready(leftMs()))));
  await wait(workload.ended(leftMs()));
  for (const { socket: unix } of set.replicas) {
    await wait(
      until("the queue to be empty", leftMs(), async () => {
        return (await metric("http://localhost", "catraca_queue_depth", { unix })) === 0;
      }),
    );
  }
  const database = new DatabaseReader(set.databaseFile);
  await wait(until("the last reservation to end", leftMs(), () => database.openReservations() === 0));
  database.close();
  return comparison.entry(`it took ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}
