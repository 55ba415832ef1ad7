import { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { RollupWriter } from "../../src/modules/payments/rollup-writer.ts";
import { PAYMENT_STATUS } from "../../src/modules/payments/table.ts";
import { processorNumber } from "../../src/ring/frames.ts";
import { makePrivateFile } from "../../src/ring/private-file.ts";
import { migrate } from "../../src/store/migrations.ts";
import type { GeneratedPayment, GeneratedPayments } from "./generated-payments.ts";

/**
 * Writes settled payments into a new database as src/modules/payments/commands.ts would have: each is inserted pending
 * and settled a moment later, because a row that grows leaves fuller and emptier pages behind than one that is written
 * at once. What differs is the speed: one large cache, no journal, no task per payment. payment-writer.test.ts compares
 * the tables with what the commands themselves leave.
 */
const PAYMENTS_PER_BATCH = 32;
const PAYMENTS_PER_TRANSACTION = 64_000;

interface Statements {
  readonly insert: (payment: GeneratedPayment) => number;
  readonly settle: (seq: number, payment: GeneratedPayment) => void;
}

/** @param progress told the number of payments written, after each transaction */
export function writePayments(
  file: string,
  payments: GeneratedPayments,
  cacheMb: number,
  progress: (written: number) => void,
): void {
  makePrivateFile(file);
  const sqlite = new Database(file, { create: true, readwrite: true });
  try {
    // Whoever is cut off here begins anew: nothing of it has to survive.
    for (const pragma of ["journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"]) {
      sqlite.run(`PRAGMA ${pragma}`);
    }
    sqlite.run(`PRAGMA cache_size = -${cacheMb * 1024}`);
    migrate(sqlite);
    const rollups = new RollupWriter(drizzle(sqlite));
    const statements = prepare(sqlite);
    const { count } = payments.plan;
    for (let index = 0; index < count; ) {
      const end = Math.min(count, index + PAYMENTS_PER_TRANSACTION);
      sqlite.run("BEGIN");
      for (; index < end; index += PAYMENTS_PER_BATCH) {
        writeBatch(statements, rollups, payments, index, Math.min(end, index + PAYMENTS_PER_BATCH));
      }
      index = end;
      countTasks(sqlite, end);
      sqlite.run("COMMIT");
      progress(end);
    }
    sqlite.run("PRAGMA locking_mode = NORMAL");
    sqlite.run("PRAGMA journal_mode = WAL");
  } finally {
    sqlite.close();
  }
}

function writeBatch(
  { insert, settle }: Statements,
  rollups: RollupWriter,
  payments: GeneratedPayments,
  first: number,
  end: number,
): void {
  let seq = 0;
  for (let index = first; index < end; index++) seq = insert(payments.at(index));
  seq -= end - first;
  for (let index = first; index < end; index++) {
    const payment = payments.at(index);
    settle(++seq, payment);
    rollups.add(payment.processor, payment.requestedAtMs, payment.amountCents);
  }
  rollups.flush();
}

/** Every payment had one task: the next task's number follows theirs. */
function countTasks(sqlite: Database, count: number): void {
  sqlite.run("DELETE FROM sqlite_sequence WHERE name = 'tasks'");
  sqlite.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('tasks', ?)", [count]);
}

function prepare(sqlite: Database): Statements {
  const insert = sqlite.prepare<never, [Buffer, number, number]>(
    "INSERT INTO payments (correlation_id, amount_cents, accepted_at_ms) VALUES (?, ?, ?)",
  );
  const settle = sqlite.prepare<never, number[]>(
    `UPDATE payments SET status = ${PAYMENT_STATUS.settled}, processor = ?, requested_at_ms = ?, settled_at_ms = ?,
       fee_cents = ?, attempts = attempts + 1 WHERE seq = ?`,
  );
  return {
    insert: ({ id, amountCents, acceptedAtMs }) =>
      Number(insert.run(id, amountCents, acceptedAtMs).lastInsertRowid),
    settle: (seq, { processor, requestedAtMs, settledAtMs, feeCents }) => {
      settle.run(processorNumber(processor), requestedAtMs, settledAtMs, feeCents, seq);
    },
  };
}
