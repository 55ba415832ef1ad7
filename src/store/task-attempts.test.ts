import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { LIMITS } from "../config/limits.ts";
import { StoreHarness } from "./fixtures/store-harness.ts";
import { attemptReader, type NewAttempt } from "./task-attempts.ts";

const NOW_MS = Date.UTC(2025, 6, 15);
const FAILED: NewAttempt = {
  outcome: { kind: "failed", code: "http_500" },
  call: { isLookup: false, status: 500, excerpt: "no" },
  latencyMs: 12.34567,
};

let store: StoreHarness;
beforeEach(() => {
  store = new StoreHarness();
});
afterEach(() => store.close());

const note = (id: number, attempt = FAILED, subject = 7) =>
  store.context.attempts.note("order", { id, subject }, attempt, NOW_MS);
const read = (subject = 7) => attemptReader(store.database, "order")(subject);

describe("an attempt", () => {
  test("is noted as it came out", () => {
    note(1);
    note(1, {
      outcome: { kind: "settled", requestedAtMs: 0 },
      call: { isLookup: true, status: 200, excerpt: null },
      latencyMs: 3,
    });
    expect(read()).toEqual([
      {
        atMs: NOW_MS,
        isLookup: 0,
        outcome: "failed",
        code: "http_500",
        status: 500,
        latencyMs: 12.346,
        excerpt: "no",
      },
      {
        atMs: NOW_MS,
        isLookup: 1,
        outcome: "settled",
        code: null,
        status: 200,
        latencyMs: 3,
        excerpt: null,
      },
    ]);
  });

  test("without a call took no time, and has no answer", () => {
    note(1, { outcome: { kind: "declined", code: "card_lost" }, latencyMs: 0.01 });
    expect(read()).toMatchObject([{ code: "card_lost", status: null, latencyMs: null, excerpt: null }]);
  });

  test("belongs to its subject and kind alone", () => {
    note(1);
    expect(read(8)).toEqual([]);
    expect(attemptReader(store.database, "userPayment")(7)).toEqual([]);
  });
});

test("past the bound nothing more is noted, and other subjects are as before", () => {
  const { value } = LIMITS.historyEventsMax;
  for (let attempt = 1; attempt <= value + 20; attempt++) {
    note(1, { ...FAILED, outcome: { kind: "failed", code: `code_${attempt}` } });
  }
  expect(read()).toHaveLength(value);
  expect(read().at(-1)?.code).toBe(`code_${value}`);
  note(2, FAILED, 8);
  expect(read(8)).toHaveLength(1);
});

test("a requeue makes another task: its attempts are told apart, and the subject has those of both", () => {
  note(1);
  note(5);
  note(5);
  expect(store.context.attempts.ofTask("order", { id: 1, subject: 7 })).toHaveLength(1);
  expect(store.context.attempts.ofTask("order", { id: 5, subject: 7 })).toHaveLength(2);
  expect(read()).toHaveLength(3);
});
