import { Database } from "bun:sqlite";
import { join } from "node:path";
import { bucketOf, ROLLUP_LEVELS } from "../../src/domain/rollup.ts";
import { openWriter } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrations.ts";
import { type Family, repeat } from "./family.ts";
import { writeGeneratedId } from "./generated-payments.ts";
import { makeDirectory, removeDirectory } from "./processes.ts";
import { AMOUNT_CENTS, StoreDriver } from "./store-driver.ts";

/**
 * Payments accepted and settled per second by the store thread's own code, beside raw statements that leave the same
 * rows. Each transaction takes in as many new payments as it settles of the one before.
 */
const PAYMENTS = 60_000;
const QUICK_PAYMENTS = 6_000;
const PER_TRANSACTION = 64;

export const store: Family = {
  name: "store",
  about: "payments accepted and settled per second by the store thread alone, beside raw bun:sqlite",
  seconds: 30,
  run: async (effort) => {
    const payments = effort.isQuick ? QUICK_PAYMENTS : PAYMENTS;
    // Once for the compiler.
    for (const warmUp of [rawPerSecond, storePerSecond])
      inDirectory((where) => warmUp(where, QUICK_PAYMENTS));
    const rounds = await repeat(effort, async () => ({
      raw: inDirectory((directory) => rawPerSecond(directory, payments)),
      ours: inDirectory((directory) => storePerSecond(directory, payments)),
    }));
    return {
      figures: [
        {
          name: "store: payments accepted and settled",
          unit: "/s",
          values: rounds.map(({ ours }) => ours),
          yardstick: { name: "raw bun:sqlite, the same rows", values: rounds.map(({ raw }) => raw) },
          goal: null,
          note: `transactions of ${PER_TRANSACTION} + ${PER_TRANSACTION}, rings included, one thread`,
        },
      ],
    };
  },
};

function inDirectory(measure: (directory: string) => number): number {
  const directory = makeDirectory();
  try {
    return measure(directory);
  } finally {
    removeDirectory(directory);
  }
}

/** The store thread's code. Exported for scripts/profile. */
export function storePerSecond(directory: string, payments: number): number {
  const driver = new StoreDriver(directory);
  const startedAt = performance.now();
  for (let accepted = 0; accepted < payments; accepted += PER_TRANSACTION) {
    driver.accept(PER_TRANSACTION);
    driver.turn();
    driver.settle();
  }
  driver.turn();
  const seconds = (performance.now() - startedAt) / 1000;
  driver.close();
  checkSettled(join(directory, "catraca.db"), driver.settled);
  return driver.settled / seconds;
}

/** Statements by hand, in transactions of the same size on a file that is opened in the same way. */
function rawPerSecond(directory: string, payments: number): number {
  const file = join(directory, "raw.db");
  const { sqlite } = openWriter(file, "process");
  migrate(sqlite);
  const write = prepareRaw(sqlite);
  const startedAt = performance.now();
  const total = Math.ceil(payments / PER_TRANSACTION) * PER_TRANSACTION;
  for (let accepted = 0; accepted <= total; accepted += PER_TRANSACTION) write(accepted, accepted === total);
  const seconds = (performance.now() - startedAt) / 1000;
  sqlite.close();
  checkSettled(file, total);
  return total / seconds;
}

/** @returns one transaction: inserts payments from `first` on, unless it is the last, and settles those before */
function prepareRaw(sqlite: Database): (first: number, isLast: boolean) => void {
  const insert = sqlite.prepare(
    "INSERT INTO payments (correlation_id, amount_cents, accepted_at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const addTask = sqlite.prepare(
    "INSERT INTO tasks (kind, subject, added_at_ms, next_attempt_at_ms, lease_owner, upstream) VALUES (1, ?, ?, ?, 1, 1)",
  );
  const endTask = sqlite.prepare("DELETE FROM tasks WHERE id = ? AND lease_owner = 1 RETURNING subject");
  const settle = sqlite.prepare(
    "UPDATE payments SET status = 1, processor = 1, requested_at_ms = ?, settled_at_ms = ?, fee_cents = ?, attempts = attempts + 1 WHERE seq = ? AND status = 0",
  );
  const count = sqlite.prepare(
    "INSERT INTO payment_rollups VALUES (?, ?, ?, ?, 0, 0) ON CONFLICT (level, bucket) DO UPDATE SET default_count = default_count + excluded.default_count, default_cents = default_cents + excluded.default_cents",
  );
  sqlite.run("INSERT INTO replicas VALUES (1, 'bench', 1, 0, '', 0, NULL)");
  const advance = sqlite.prepare("UPDATE replicas SET ring_position = ?, lease_until_ms = ? WHERE id = 1");
  const id = Buffer.alloc(16);
  const feeCents = Math.round(AMOUNT_CENTS * 0.05);
  return sqlite.transaction((first: number, isLast: boolean) => {
    const nowMs = Date.now();
    for (let seq = first - PER_TRANSACTION + 1; seq <= first && first > 0; seq++) {
      endTask.get(seq);
      settle.run(nowMs, nowMs, feeCents, seq);
    }
    for (let level = 0; level < ROLLUP_LEVELS && first > 0; level++) {
      count.run(level, bucketOf(nowMs, level), PER_TRANSACTION, PER_TRANSACTION * AMOUNT_CENTS);
    }
    for (let index = first; index < first + PER_TRANSACTION && !isLast; index++) {
      writeGeneratedId(1, index, id);
      const { lastInsertRowid } = insert.run(id, AMOUNT_CENTS, nowMs);
      addTask.run(lastInsertRowid, nowMs, nowMs);
    }
    advance.run(first, nowMs);
  });
}

/** A rate of work that was not done would be worth nothing. */
function checkSettled(file: string, expected: number): void {
  const sqlite = new Database(file, { readonly: true });
  const row = sqlite
    .query<{ payments: number; counted: number }, []>(
      `SELECT (SELECT count(*) FROM payments WHERE status = 1) AS payments,
              (SELECT sum(default_count) FROM payment_rollups WHERE level = 6) AS counted`,
    )
    .get();
  sqlite.close();
  if (row?.payments !== expected || row.counted !== expected) {
    throw new Error(`${expected} payments should be settled and counted: ${JSON.stringify(row)}`);
  }
}
