import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { migrate, NewerSchemaError, SCHEMA_VERSION, schemaVersionOf } from "./migrations.ts";

/** Every drizzle table of the product: whatever a `table.ts` or `tables.ts` exports. */
async function drizzleTables(): Promise<SQLiteTable[]> {
  const files = new Bun.Glob("**/*table*.ts").scanSync(`${import.meta.dir}/..`);
  const tables: SQLiteTable[] = [];
  for (const file of files) {
    const exported: Record<string, unknown> = await import(`../${file}`);
    for (const value of Object.values(exported)) if (value instanceof SQLiteTable) tables.push(value);
  }
  return tables;
}

describe("migrations", () => {
  test("bring an empty database to the present version, once", () => {
    const sqlite = new Database(":memory:");
    expect(schemaVersionOf(sqlite)).toBe(0);
    migrate(sqlite);
    expect(schemaVersionOf(sqlite)).toBe(SCHEMA_VERSION);
    migrate(sqlite);
    expect(schemaVersionOf(sqlite)).toBe(SCHEMA_VERSION);
  });

  test("refuse a database of a newer executable and leave it as it is", () => {
    const sqlite = new Database(":memory:");
    sqlite.run(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    expect(() => migrate(sqlite)).toThrow(NewerSchemaError);
    expect(sqlite.query("SELECT count(*) AS count FROM sqlite_schema").get()).toEqual({ count: 0 });
  });

  test("make the very columns that the code's tables name", async () => {
    const sqlite = new Database(":memory:");
    migrate(sqlite);
    const tables = await drizzleTables();
    expect(tables.length).toBeGreaterThan(5);
    for (const table of tables) {
      const { name, columns } = getTableConfig(table);
      const actual = sqlite.query<{ name: string; notnull: number }, [string]>(
        'SELECT name, "notnull" FROM pragma_table_info(?)',
      );
      const known = actual.all(name).map((column) => column.name);
      // A column that the code does not name is allowed (full-text indexes); one that is missing is not.
      for (const column of columns)
        expect([name, known]).toEqual([name, expect.arrayContaining([column.name])]);
    }
  });
});
