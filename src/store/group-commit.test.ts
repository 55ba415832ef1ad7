import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { durabilityOf, openWriter } from "./database.ts";
import { runBatch } from "./group-commit.ts";

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "catraca-commit-"));
  file = join(directory, "catraca.db");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open() {
  const { sqlite } = openWriter(file, "process");
  sqlite.run("CREATE TABLE IF NOT EXISTS facts (value INTEGER NOT NULL UNIQUE) STRICT");
  return sqlite;
}

function count(sqlite: Database): number {
  return sqlite.query<{ count: number }, []>("SELECT count(*) AS count FROM facts").get()?.count ?? -1;
}

describe("a batch", () => {
  test("is committed whole, with what it returned", () => {
    const sqlite = open();
    const result = runBatch(sqlite, () => {
      sqlite.run("INSERT INTO facts VALUES (1)");
      sqlite.run("INSERT INTO facts VALUES (2)");
      return "both";
    });
    expect(result).toEqual({ kind: "committed", value: "both" });
    expect(count(sqlite)).toBe(2);
  });

  test("that throws is rolled back whole and called a bug", () => {
    const sqlite = open();
    const result = runBatch(sqlite, () => {
      sqlite.run("INSERT INTO facts VALUES (1)");
      throw new Error("boom");
    });
    expect(result).toMatchObject({ kind: "bug", error: { message: "boom" } });
    expect(count(sqlite)).toBe(0);
    expect(runBatch(sqlite, () => 1).kind).toBe("committed");
  });

  test("waits for a lock that is held shortly, and reports one that stays", async () => {
    const sqlite = open();
    const other = new Database(file);
    other.run("BEGIN IMMEDIATE");
    expect(runBatch(sqlite, () => 1)).toMatchObject({ kind: "trouble", trouble: "locked" });
    other.run("ROLLBACK");
    expect(runBatch(sqlite, () => 1).kind).toBe("committed");
    other.close();
  });

  test("on a full database is trouble, not a bug, and works again once there is room", () => {
    const sqlite = open();
    const pages = sqlite.query<{ page_count: number }, []>("PRAGMA page_count").get()?.page_count ?? 0;
    sqlite.run(`PRAGMA max_page_count = ${pages}`);
    const fill = () => {
      for (let i = 0; i < 5000; i++) sqlite.run("INSERT INTO facts VALUES (?)", [i]);
    };
    expect(runBatch(sqlite, fill)).toMatchObject({ kind: "trouble", trouble: "disk_full" });
    expect(count(sqlite)).toBe(0);
    sqlite.run("PRAGMA max_page_count = 100000");
    expect(runBatch(sqlite, fill).kind).toBe("committed");
    expect(count(sqlite)).toBe(5000);
  });
});

describe("durability", () => {
  test("is what SQLite says, not what was asked for", () => {
    expect(durabilityOf(openWriter(file, "process").sqlite)).toBe("process");
    expect(durabilityOf(openWriter(file, "power").sqlite)).toBe("power");
  });
});
