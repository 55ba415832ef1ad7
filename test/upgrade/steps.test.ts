/** R19: a database of every earlier schema, with rows in all of its tables, is brought to the present one and keeps them. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { MigrationError, migrate, SCHEMA_VERSION, schemaVersionOf } from "../../src/store/migrations.ts";
import { OLD_ROWS } from "./old-rows.ts";

type Row = Readonly<Record<string, unknown>>;
type Rows = Readonly<Record<string, readonly Row[]>>;

/** A database as an executable left it that knew so many migrations. */
function databaseAt(version: number): Database {
  const sqlite = new Database(":memory:");
  for (let step = 1; step <= version; step++) {
    migrate(sqlite, step);
    for (const statement of OLD_ROWS[step] ?? []) sqlite.run(statement);
  }
  return sqlite;
}

/** Every row of every table; the full-text index's own tables are derived from the products. */
function rowsOf(sqlite: Database): Rows {
  const tables = sqlite
    .query<{ name: string }, []>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'product_search%' ORDER BY name",
    )
    .all();
  return Object.fromEntries(
    tables.map(({ name }) => {
      // Names come from the schema above.
      const rows = sqlite.query<Record<string, unknown>, []>(`SELECT * FROM ${name} ORDER BY 1, 2`).all();
      return [name, rows];
    }),
  );
}

const schemaOf = (sqlite: Database) =>
  sqlite.query("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").all();

/** What makes a later migration fail, when the ones before it have been done: the 9th, and the end of the 12th. */
const IN_THE_WAY = { hinder: "CREATE TABLE account_payments (x, y)", mend: "DROP TABLE account_payments" };
const MISSING = {
  hinder: "ALTER TABLE payment_events RENAME TO hidden_events",
  mend: "ALTER TABLE hidden_events RENAME TO payment_events",
};

/** Tables whose rows a later migration brings into another one: their values, as those are named there. */
const MOVED: Readonly<Record<string, { readonly to: string; readonly row: (old: Row) => Row }>> = {
  user_payment_attempts: { to: "task_attempts", row: (old) => attemptOf(2, old["payment_id"], old) },
  order_attempts: { to: "task_attempts", row: (old) => attemptOf(3, old["order_seq"], old) },
};

const attemptOf = (kind: number, subject: unknown, { at_ms, outcome, code }: Row): Row => ({
  kind,
  subject,
  number: 1,
  at_ms,
  outcome,
  code,
});

const versions = Array.from({ length: SCHEMA_VERSION }, (_, index) => index + 1);

describe.each(versions)("schema %p", (version) => {
  test("has rows in all of its tables", () => {
    const rows = rowsOf(databaseAt(version));
    for (const [table, found] of Object.entries(rows))
      expect([table, found.length > 0]).toEqual([table, true]);
  });

  test("is brought to the present one, and every value is where it was", () => {
    const sqlite = databaseAt(version);
    const before = rowsOf(sqlite);
    migrate(sqlite);
    expect(schemaVersionOf(sqlite)).toBe(SCHEMA_VERSION);
    // Columns that are new are beside the old ones; no row has come or gone.
    const after = rowsOf(sqlite);
    for (const [table, rows] of Object.entries(before)) {
      const moved = MOVED[table];
      if (moved !== undefined) {
        const there = rows.map((row) => expect.objectContaining(moved.row(row)));
        expect([after[table], after[moved.to]]).toEqual([undefined, expect.arrayContaining(there)]);
        continue;
      }
      const kept = rows.map((row) => expect.objectContaining(row));
      // The counters of tables that are new are in one table with the old ones.
      if (table === "sqlite_sequence") expect(after[table]).toEqual(expect.arrayContaining(kept));
      else expect([table, after[table]]).toEqual([table, kept]);
    }
    expect(schemaOf(sqlite)).toEqual(schemaOf(databaseAt(SCHEMA_VERSION)));
    expect(sqlite.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
    expect(sqlite.query("PRAGMA foreign_key_check").all()).toEqual([]);
  });
});

test.each(versions.slice(0, -1))(
  "schema %p stays as it was if a later migration fails in the middle",
  (version) => {
    const sqlite = databaseAt(version);
    const { hinder, mend } = version < 9 ? IN_THE_WAY : MISSING;
    sqlite.run(hinder);
    const before = { rows: rowsOf(sqlite), schema: schemaOf(sqlite) };
    expect(() => migrate(sqlite)).toThrow(MigrationError);
    expect(() => migrate(sqlite)).toThrow("nothing was changed");
    expect({ rows: rowsOf(sqlite), schema: schemaOf(sqlite) }).toEqual(before);
    expect(schemaVersionOf(sqlite)).toBe(version);
    expect(sqlite.inTransaction).toBe(false);
    // Mended, it goes on from there.
    sqlite.run(mend);
    migrate(sqlite);
    expect(schemaVersionOf(sqlite)).toBe(SCHEMA_VERSION);
  },
);

test("rows are there for every migration: a new one needs its own", () => {
  expect(Object.keys(OLD_ROWS).map(Number)).toEqual(versions);
});
