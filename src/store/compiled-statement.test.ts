import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { and, eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { blob, integer, sqliteTable } from "drizzle-orm/sqlite-core";
import { compile } from "./compiled-statement.ts";

const coins = sqliteTable("coins", {
  id: integer("id").primaryKey(),
  code: blob("code", { mode: "buffer" }).notNull().unique(),
  valueCents: integer("value_cents").notNull(),
  ownerId: integer("owner_id"),
});

function open() {
  const sqlite = new Database(":memory:");
  sqlite.run(
    "CREATE TABLE coins (id INTEGER PRIMARY KEY, code BLOB UNIQUE, value_cents INTEGER, owner_id INTEGER)",
  );
  return drizzle(sqlite);
}

const id = sql.placeholder("id");

describe("a compiled statement", () => {
  test("takes its arguments in the order of the names, whatever their order in the SQL", () => {
    const orm = open();
    const insert = compile(
      orm,
      orm.insert(coins).values({ id, code: sql.placeholder("code"), valueCents: sql.placeholder("value") }),
      ["value", "id", "code"],
    );
    insert.run(50, 7, Buffer.of(1, 2));
    expect(orm.select().from(coins).all()).toEqual([
      { id: 7, code: Buffer.of(1, 2), valueCents: 50, ownerId: null },
    ]);
  });

  test("gives rows with the names of the columns", () => {
    const orm = open();
    orm
      .insert(coins)
      .values({ id: 7, code: Buffer.of(1), valueCents: 50 })
      .run();
    const find = compile<{ value_cents: number }>(
      orm,
      orm.select({ value: coins.valueCents }).from(coins).where(eq(coins.id, id)),
      ["id"],
    );
    expect(find.get(7)).toEqual({ value_cents: 50 });
    expect(find.get(8)).toBeNull();
  });

  test("uses one argument at several places, and keeps constants", () => {
    const orm = open();
    orm
      .insert(coins)
      .values([
        { id: 7, code: Buffer.of(1), valueCents: 50, ownerId: 7 },
        { id: 8, code: Buffer.of(2), valueCents: 50, ownerId: 7 },
      ])
      .run();
    const free = compile(
      orm,
      orm
        .update(coins)
        .set({ ownerId: null, valueCents: 20 })
        .where(and(eq(coins.id, id), eq(coins.ownerId, id))),
      ["id"],
    );
    expect(free.run(7).changes).toBe(1);
    expect(free.run(8).changes).toBe(0);
    expect(
      orm
        .select()
        .from(coins)
        .all()
        .map((coin) => [coin.valueCents, coin.ownerId]),
    ).toEqual([
      [20, null],
      [50, 7],
    ]);
  });

  test("says that nothing was inserted when a row is there already", () => {
    const orm = open();
    const values = { code: sql.placeholder("code"), valueCents: sql.placeholder("value") };
    const insert = compile(orm, orm.insert(coins).values(values).onConflictDoNothing(), ["code", "value"]);
    expect(insert.run(Buffer.of(1), 50)).toEqual({ changes: 1, lastInsertRowid: 1 });
    expect(insert.run(Buffer.of(1), 20).changes).toBe(0);
  });

  test("refuses a placeholder that is not listed, and constants that are no numbers", () => {
    const orm = open();
    const query = orm.select().from(coins).where(eq(coins.id, id));
    expect(() => compile(orm, query, ["ident"])).toThrow("not listed: id");
    const text = orm.select().from(coins).where(sql`${coins.id} = ${"7"}`);
    expect(() => compile(orm, text, [])).toThrow("constants");
  });
});
