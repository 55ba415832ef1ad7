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

/**
 * Brings the schema up to date.
 * @throws NewerSchemaError if a newer executable has used the database
 */
export function migrate(sqlite: Database): void {
  if (schemaVersionOf(sqlite) === SCHEMA_VERSION) return;
  if (!beginImmediate(sqlite, MIGRATION_LOCK_TIMEOUT_MS)) {
    throw new Error("the database stayed locked for a minute: is another program holding it open?");
  }
  try {
    const found = schemaVersionOf(sqlite);
    if (found > SCHEMA_VERSION) throw new NewerSchemaError(found);
    for (const statements of MIGRATIONS.slice(found)) sqlite.run(statements);
    sqlite.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    sqlite.run("COMMIT");
  } catch (error) {
    sqlite.run("ROLLBACK");
    throw error;
  }
}
