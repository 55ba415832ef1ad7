import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { type OpenDatabase, openReader, openWriter } from "./database.ts";
import { migrate } from "./migrations.ts";
import { tasks } from "./tables.ts";

let directory: string;
let database: OpenDatabase;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "catraca-database-"));
  database = openWriter(join(directory, "catraca.db"), "process");
  migrate(database.sqlite);
});

afterEach(() => {
  database.sqlite.close();
  rmSync(directory, { recursive: true });
});

test("a bound LIMIT stands in an expression: SQLite compiles a statement with a bare one at every execution", () => {
  const reader = openReader(join(directory, "catraca.db"));
  for (const { sqlite } of [database, reader]) {
    const texts = ["SELECT id FROM tasks LIMIT ?", "select id from tasks where kind = ?1 limit ?2"];
    expect(texts.map((text) => sqlite.prepare(text).toString())).toEqual([
      expect.stringMatching(/LIMIT \S+ \+ 0$/),
      expect.stringMatching(/limit \S+ \+ 0$/),
    ]);
  }
  reader.sqlite.close();
});

test("a query of drizzle gives as many rows as its limit says", () => {
  const { orm } = database;
  const row = { kind: 1, addedAtMs: 0, nextAttemptAtMs: 0 };
  for (let subject = 1; subject <= 3; subject++)
    orm
      .insert(tasks)
      .values({ ...row, subject })
      .run();
  const some = orm.select({ id: tasks.id }).from(tasks).limit(sql.placeholder("limit")).prepare();
  expect([0, 2, 5].map((limit) => some.all({ limit }).length)).toEqual([0, 2, 3]);
  expect(orm.select().from(tasks).limit(1).offset(1).all()).toHaveLength(1);
});
