import type { Database } from "bun:sqlite";
import engineAndPayments from "./migrations/0001-engine-and-payments.sql" with { type: "text" };
import ledger from "./migrations/0002-ledger.sql" with { type: "text" };
import users from "./migrations/0003-users.sql" with { type: "text" };
import wallets from "./migrations/0004-wallets.sql" with { type: "text" };
import idempotency from "./migrations/0005-idempotency.sql" with { type: "text" };
import cluster from "./migrations/0010-cluster.sql" with { type: "text" };
import topics from "./migrations/0020-topics-and-dead-letters.sql" with { type: "text" };
import shop from "./migrations/0021-shop.sql" with { type: "text" };
import accountPayments from "./migrations/0030-account-payments.sql" with { type: "text" };
import discardJobs from "./migrations/0040-discard-jobs.sql" with { type: "text" };
import whatOthersMayKnow from "./migrations/0041-what-others-may-know.sql" with { type: "text" };
import taskAttempts from "./migrations/0042-task-attempts.sql" with { type: "text" };
import { troubleOf } from "./trouble.ts";
import { beginImmediate } from "./write-lock.ts";

/**
 * Forward-only migrations, embedded in the executable. PRAGMA user_version counts those applied; all that
 * are missing run in one transaction together with that count, so an upgrade happens or does not.
 */
const MIGRATIONS: readonly string[] = [
  engineAndPayments,
  ledger,
  users,
  wallets,
  idempotency,
  cluster,
  topics,
  shop,
  accountPayments,
  discardJobs,
  whatOthersMayKnow,
  taskAttempts,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** Another replica may be migrating: that takes seconds at worst. */
const MIGRATION_LOCK_TIMEOUT_MS = 60_000;

/** The schema is newer than this executable: going on would corrupt what it does not know. */
export class NewerSchemaError extends Error {
  constructor(found: number) {
    super(
      `the database has schema version ${found}, this executable knows up to ${SCHEMA_VERSION}: ` +
        "start the newer executable again, or restore a backup that was made before the upgrade",
    );
    this.name = "NewerSchemaError";
  }
}

/** The number of migrations that were applied to this database. */
export function schemaVersionOf(sqlite: Database): number {
  return sqlite.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
}

/** A migration cannot be applied: the database is as it was, and the executable that made it still works on it. */
export class MigrationError extends Error {
  constructor(found: number, target: number, failed: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `the database could not be brought from schema version ${found} to ${target}: migration ${failed}: ${reason}; ` +
        "nothing was changed: go on with the executable that you had, and report this",
      { cause },
    );
    this.name = "MigrationError";
  }
}

/**
 * Brings the schema up to date.
 * @param target default: all migrations; fewer make a database as an older executable would have
 * @throws NewerSchemaError if a newer executable has used the database
 * @throws MigrationError if one fails; then none was applied
 */
export function migrate(sqlite: Database, target = SCHEMA_VERSION): void {
  if (schemaVersionOf(sqlite) === target) return;
  if (!beginImmediate(sqlite, MIGRATION_LOCK_TIMEOUT_MS)) {
    throw new Error("the database stayed locked for a minute: is another program holding it open?");
  }
  try {
    const found = schemaVersionOf(sqlite);
    if (found > SCHEMA_VERSION) throw new NewerSchemaError(found);
    for (let version = found + 1; version <= target; version++) apply(sqlite, version, found, target);
    sqlite.run("COMMIT");
  } catch (error) {
    // A full disk has ended the transaction by itself.
    if (sqlite.inTransaction) sqlite.run("ROLLBACK");
    throw error;
  }
}

function apply(sqlite: Database, version: number, found: number, target: number): void {
  try {
    sqlite.run(MIGRATIONS[version - 1] ?? "");
    sqlite.run(`PRAGMA user_version = ${version}`);
  } catch (error) {
    // A full disk is no fault of the migration.
    throw troubleOf(error) === null ? new MigrationError(found, target, version, error) : error;
  }
}
