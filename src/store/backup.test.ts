import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backUp, restore, verify } from "./backup.ts";
import { awakenCopy } from "./copied-database.ts";
import { type OpenDatabase, openWriter } from "./database.ts";
import { migrate, SCHEMA_VERSION } from "./migrations.ts";

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "catraca-backup-"));
  file = join(directory, "catraca.db");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function databaseWith(payments: number) {
  const { sqlite } = openWriter(file, "process");
  migrate(sqlite);
  for (let i = 0; i < payments; i++) {
    sqlite.run(
      "INSERT INTO payments (correlation_id, amount_cents, accepted_at_ms) VALUES (randomblob(16), 1990, 1)",
    );
  }
  return sqlite;
}

/** A first start at 77 ms. @returns what was unfinished, and when modules were told */
function awaken(database: OpenDatabase): [unfinished: number | null, told: number[]] {
  const told: number[] = [];
  const unfinished = awakenCopy(database, [{ commands: {}, restored: (nowMs) => told.push(nowMs) }], 77);
  return [unfinished, told];
}

describe("backup", () => {
  test("holds what is committed, also what is still in the WAL", () => {
    databaseWith(12);
    const target = join(directory, "backup.db");
    expect(backUp(file, target)).toEqual({ kind: "done", payments: 12, schemaVersion: SCHEMA_VERSION });
    expect(verify(target).kind).toBe("done");
    expect(existsSync(`${target}.part`)).toBe(false);
  });

  test("never replaces a file, and says so where there is no database", () => {
    databaseWith(1);
    const target = join(directory, "backup.db");
    writeFileSync(target, "precious");
    expect(backUp(file, target)).toMatchObject({
      kind: "refused",
      message: expect.stringContaining("exists"),
    });
    expect(readFileSync(target, "utf8")).toBe("precious");
    expect(backUp(join(directory, "none.db"), join(directory, "b.db")).kind).toBe("refused");
  });
});

describe("restore", () => {
  test("puts the backup in place and keeps the old database beside it", () => {
    const sqlite = databaseWith(3);
    const target = join(directory, "backup.db");
    backUp(file, target);
    sqlite.run("DELETE FROM payments");
    sqlite.close();
    expect(restore(target, file, ".old")).toMatchObject({ kind: "done", payments: 3 });
    expect(verify(file)).toMatchObject({ payments: 3 });
    expect(verify(`${file}.old`)).toMatchObject({ payments: 0 });
  });

  test("frees every task: the replicas that had them are not those that will run", () => {
    const sqlite = databaseWith(1);
    sqlite.run(
      "INSERT INTO tasks (kind, subject, added_at_ms, next_attempt_at_ms, lease_owner, home) VALUES (3, 1, 1, 1, 2, 2)",
    );
    const target = join(directory, "backup.db");
    backUp(file, target);
    sqlite.close();
    expect(restore(target, file, ".old").kind).toBe("done");
    const restored = openWriter(file, "process").sqlite;
    expect(restored.query("SELECT lease_owner, home FROM tasks").all()).toEqual([
      { lease_owner: null, home: null },
    ]);
  });

  test("the copy says what it is, until a replica is started on it, once", () => {
    const sqlite = databaseWith(1);
    sqlite.run("INSERT INTO tasks (kind, subject, added_at_ms, next_attempt_at_ms) VALUES (1, 1, 1, 1)");
    const target = join(directory, "backup.db");
    backUp(file, target);
    // The database that goes on is none.
    expect(awaken(openWriter(file, "process"))).toEqual([null, []]);
    sqlite.close();
    restore(target, file, ".old");
    for (const copy of [target, file]) {
      const database = openWriter(copy, "process");
      expect(awaken(database)).toEqual([1, [77]]);
      expect(awaken(database)).toEqual([null, []]);
      expect(database.sqlite.query("SELECT is_copy, restored_at_ms FROM state").get()).toEqual({
        is_copy: 0,
        restored_at_ms: 77,
      });
      database.sqlite.close();
    }
  });

  test("brings the schema of an older backup up to date, so that it can say so", () => {
    const target = join(directory, "old.db");
    const old = new Database(target);
    migrate(old, 5);
    old.close();
    expect(verify(target)).toMatchObject({ schemaVersion: 5 });
    expect(restore(target, file, ".old")).toMatchObject({ kind: "done", schemaVersion: SCHEMA_VERSION });
    expect(awaken(openWriter(file, "process"))[0]).toBe(0);
    expect(verify(target)).toMatchObject({ schemaVersion: 5 });
  });

  test("refuses a damaged backup and touches nothing", () => {
    databaseWith(3).close();
    const before = readFileSync(file);
    const target = join(directory, "broken.db");
    writeFileSync(target, Buffer.from(before).fill(7, 8192));
    expect(restore(target, file, ".old").kind).toBe("refused");
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(existsSync(`${file}.old`)).toBe(false);
  });

  test("refuses a file that is no database of catraca", () => {
    writeFileSync(join(directory, "notes.txt"), "hello");
    expect(verify(join(directory, "notes.txt")).kind).toBe("refused");
  });

  test("refuses while a replica runs on the database", () => {
    const sqlite = databaseWith(1);
    const target = join(directory, "backup.db");
    backUp(file, target);
    sqlite.run(
      "INSERT INTO replicas (name, epoch, lease_until_ms, ring_generation, ring_position) VALUES ('r1', 1, ?, '', 0)",
      [Date.now() + 60_000],
    );
    expect(restore(target, file, ".old")).toMatchObject({
      kind: "refused",
      message: expect.stringContaining("r1"),
    });
  });
});
