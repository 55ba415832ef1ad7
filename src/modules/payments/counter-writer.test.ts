import { Database } from "bun:sqlite";
import { beforeEach, expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { migrate } from "../../store/migrations.ts";
import { CounterKeeper } from "./counter-writer.ts";

const NOW_MS = 1_800_000_000_000;

let sqlite: Database;
let applied: { counterApplied: number };
let keeper: CounterKeeper;

beforeEach(() => {
  sqlite = new Database(":memory:");
  migrate(sqlite);
  sqlite.run("UPDATE cluster SET counter_epoch = 'history'");
  applied = { counterApplied: 0 };
  keeper = new CounterKeeper({ sqlite, orm: drizzle(sqlite) }, applied);
});

/** Rows from number 1 on, each so many seconds old. */
function write(...agesSeconds: number[]): void {
  for (const [index, age] of agesSeconds.entries()) {
    sqlite.run("INSERT INTO payment_counter_outbox (seq, at_ms, deltas) VALUES (?, ?, '[]')", [
      index + 1,
      NOW_MS - age * 1000,
    ]);
  }
  sqlite.run("UPDATE cluster SET counter_seq = ?", [agesSeconds.length]);
}

/** The numbers that are left after a sweep, if one is due. */
function swept(): number[] {
  if (keeper.isDue(NOW_MS)) keeper.run(NOW_MS);
  return sqlite
    .query<{ seq: number }, []>("SELECT seq FROM payment_counter_outbox ORDER BY seq")
    .all()
    .map(({ seq }) => seq);
}

test("what Redis has goes after five seconds, what it does not have stays", () => {
  write(60, 50, 40, 30, 2, 1);
  applied.counterApplied = 3;
  expect(swept()).toEqual([4, 5, 6]);
});

test("what was written in the last seconds stays, for a Redis that lost them", () => {
  write(60, 50, 2, 1);
  applied.counterApplied = 4;
  expect(swept()).toEqual([3, 4]);
});

test("rows that were written while the clock was set back leave no gap behind them", () => {
  write(60, 3, 2, 14, 13, 1);
  applied.counterApplied = 6;
  expect(swept()).toEqual([2, 3, 4, 5, 6]);
});

test("rows of a clock that was far ahead keep nothing", () => {
  write(-3600, -3599, 60, 1);
  applied.counterApplied = 4;
  expect(swept()).toEqual([4]);
});

test("where nothing is to go no sweep is due", () => {
  write(2, 60, 1);
  applied.counterApplied = 3;
  expect(keeper.isDue(NOW_MS)).toBe(false);
});
