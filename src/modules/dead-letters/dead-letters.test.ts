import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import { DeadLetterCommands } from "./commands.ts";
import { readBulkRequest, readFilter, readJobsPage } from "./model.ts";
import { DeadLetterQueries } from "./queries.ts";
import type { DeadLetter, DeadLetterSource, RequeueResult } from "./sources.ts";
import type { JobStatus } from "./table.ts";
import { DeadLetterList } from "./writer.ts";

let store: StoreHarness;
let list: DeadLetterList;
let queries: DeadLetterQueries;
let nowMs: number;
/** What the source was offered, and what it will say. */
let offered: { subject: string; extra: unknown }[];
let answer: RequeueResult;

const NO_FILTER = { source: null, code: null, fromMs: null, toMs: null };

beforeEach(() => {
  nowMs = 1_000_000;
  offered = [];
  answer = { kind: "requeued" };
  store = new StoreHarness();
  list = new DeadLetterList(store.context);
  const source: DeadLetterSource = {
    source: "users",
    requeue: (subject, extra) => {
      offered.push({ subject, extra });
      return answer;
    },
  };
  store.modules.push(new DeadLetterCommands(store.context, list, [source], () => nowMs));
  queries = new DeadLetterQueries(store.database);
});
afterEach(() => store.close());

function put(subject: string, over: Partial<DeadLetter> = {}): void {
  const letter: DeadLetter = {
    source: "users",
    subject,
    error: { name: "PaymentFailed", message: "It did not work.", code: "timeout" },
    originalTopic: null,
    originalMessage: { subject },
    attempts: 3,
    history: [{ atMs: nowMs - 1, outcome: "unknown", code: "timeout" }],
    ...over,
  };
  store.transact(() => list.put(letter, nowMs));
}

const open = () => queries.list(NO_FILTER, 500, null).items;
const subjects = () => open().map(({ subject }) => subject);
const execute = (name: string, input: object) =>
  store.execute(`deadLetters.${name}`, { who: "ann", ...input }, nowMs);
const startJob = (action: "requeue" | "discard", input: object) => execute("startJob", { action, ...input });
const audit = () =>
  store.database.sqlite
    .query<{ who: string; action: string; at_ms: number }, []>("SELECT * FROM audit_log")
    .all();

describe("the list", () => {
  test("the latest first, page by page", () => {
    for (let number = 0; number < 7; number++) {
      // Several of one millisecond: the ids tell them apart.
      if (number % 3 === 0) nowMs++;
      put(`s${number}`);
    }
    const first = queries.list(NO_FILTER, 4, null);
    const second = queries.list(NO_FILTER, 4, first.last);
    expect([...first.items, ...second.items].map(({ subject }) => subject)).toEqual(
      [6, 5, 4, 3, 2, 1, 0].map((number) => `s${number}`),
    );
  });

  test("filtered by source, code and time", () => {
    put("a");
    put("b", { source: "orders" });
    nowMs += 1000;
    put("c", { error: { name: "X", message: "x", code: "http_502" } });
    const found = (filter: object) =>
      queries.list({ ...NO_FILTER, ...filter }, 10, null).items.map(({ subject }) => subject);
    expect(found({ source: "orders" })).toEqual(["b"]);
    expect(found({ code: "http_502" })).toEqual(["c"]);
    expect(found({ fromMs: nowMs })).toEqual(["c"]);
    expect(found({ toMs: nowMs - 1 })).toEqual(["b", "a"]);
    expect(queries.count({ ...NO_FILTER, code: "timeout" })).toEqual({ users: 1, orders: 1 });
  });

  test("a letter tells everything that is known", () => {
    put("a");
    expect(queries.find(1)).toEqual({
      id: 1,
      source: "users",
      subject: "a",
      error: { name: "PaymentFailed", message: "It did not work.", code: "timeout" },
      originalTopic: null,
      originalMessage: { subject: "a" },
      attempts: 3,
      deaths: 1,
      firstDiedAt: "1970-01-01T00:16:40.000Z",
      diedAt: "1970-01-01T00:16:40.000Z",
      history: [
        { at: "1970-01-01T00:16:39.999Z", event: "attempt", outcome: "unknown", code: "timeout" },
        { at: "1970-01-01T00:16:40.000Z", event: "died", code: "timeout" },
      ],
    });
  });
});

describe("an administrator's actions", () => {
  test("requeueing takes it out of the list; dying again brings the same letter back", () => {
    put("a");
    expect(execute("requeue", { id: 1, extra: { card: "sealed" } })).toEqual({ kind: "requeued" });
    expect(offered).toEqual([{ subject: "a", extra: { card: "sealed" } }]);
    expect(open()).toEqual([]);
    expect(queries.find(1)).toBeNull();
    expect(execute("requeue", { id: 1, extra: null })).toEqual({ kind: "unknown" });
    nowMs += 5000;
    put("a", { attempts: 6 });
    expect(open()).toMatchObject([{ id: 1, deaths: 2, attempts: 6 }]);
    expect(queries.find(1)?.history.map(({ event, who }) => who ?? event)).toEqual([
      "attempt",
      "died",
      "ann",
      "attempt",
      "died",
    ]);
  });

  test("what its source refuses stays", () => {
    put("a");
    answer = { kind: "refused", reason: "No money." };
    expect(execute("requeue", { id: 1, extra: null })).toEqual({ kind: "refused", reason: "No money." });
    expect(subjects()).toEqual(["a"]);
  });

  test("a source that nobody plays cannot be requeued", () => {
    put("w", { source: "wallets" });
    expect(execute("requeue", { id: 1, extra: null })).toMatchObject({ kind: "refused" });
    expect(subjects()).toEqual(["w"]);
  });

  test("deleting is for good", () => {
    put("a");
    expect(execute("delete", { id: 1 })).toEqual({ kind: "deleted" });
    expect(execute("delete", { id: 1 })).toEqual({ kind: "unknown" });
    expect(open()).toEqual([]);
  });

  test("each is in the audit log, with who, when and what came of it; what was not there is not", () => {
    put("a");
    put("b");
    execute("requeue", { id: 1, extra: null });
    execute("delete", { id: 2 });
    execute("delete", { id: 99 });
    expect(audit()).toMatchObject([
      { who: "ann", action: "dlq.requeue", at_ms: nowMs, subject: "1 users a", result: "requeued" },
      { who: "ann", action: "dlq.delete", at_ms: nowMs, subject: "2 users b", result: "deleted" },
    ]);
  });
});

describe("all that match", () => {
  beforeEach(() => {
    for (let number = 0; number < 30; number++) put(`s${number}`);
    for (let number = 0; number < 5; number++) put(`w${number}`, { source: "wallets" });
  });

  /** Lets time pass, with a transaction every 100 ms as the store thread makes them. */
  function pass(durationMs: number): void {
    for (let end = nowMs + durationMs; nowMs < end; ) {
      nowMs += 100;
      store.transact(() => {});
    }
  }

  test("are requeued at the pace that was asked for", () => {
    const started = startJob("requeue", { filter: { ...NO_FILTER, source: "users" }, perSecond: 10 });
    expect(started).toEqual({ kind: "started", jobId: 1, matched: 30 });
    expect(offered).toEqual([]);
    pass(1000);
    expect(offered).toHaveLength(10);
    expect(queries.job("requeue", 1)).toMatchObject({ status: "running", matched: 30, requeued: 10 });
    pass(2500);
    expect(offered).toHaveLength(30);
    expect(queries.job("requeue", 1)).toMatchObject({
      status: "done",
      requeued: 30,
      refused: 0,
      endedAt: expect.any(String),
    });
    expect(subjects()).toEqual(["w4", "w3", "w2", "w1", "w0"]);
  });

  test("what is refused stays, and is counted", () => {
    startJob("requeue", { filter: { ...NO_FILTER, source: "wallets" }, perSecond: 100 });
    pass(1000);
    expect(queries.job("requeue", 1)).toMatchObject({ status: "done", requeued: 0, refused: 5 });
    expect(open()).toHaveLength(35);
  });

  test("one that dies again meanwhile is not taken twice", () => {
    startJob("requeue", { filter: { ...NO_FILTER, source: "users" }, perSecond: 10 });
    pass(1000);
    put("s0");
    pass(5000);
    expect(offered.filter(({ subject }) => subject === "s0")).toHaveLength(1);
    expect(subjects()).toContain("s0");
  });

  test("cancelled, it stops where it is", () => {
    startJob("requeue", { filter: { ...NO_FILTER, source: "users" }, perSecond: 10 });
    pass(1000);
    expect(execute("cancelJob", { action: "requeue", id: 1 })).toEqual({ kind: "cancelled" });
    pass(5000);
    expect(offered).toHaveLength(10);
    expect(queries.job("requeue", 1)?.status).toBe("cancelled");
    expect(execute("cancelJob", { action: "requeue", id: 1 })).toEqual({ kind: "unknown" });
  });

  test("a job that could not go on for a minute does not catch up in a burst", () => {
    startJob("requeue", { filter: { ...NO_FILTER, source: "users" }, perSecond: 10 });
    nowMs += 60_000;
    store.transact(() => {});
    expect(offered).toHaveLength(10);
  });

  test("goes on after a restart: all that is known of it is in the database", () => {
    startJob("requeue", { filter: { ...NO_FILTER, source: "users" }, perSecond: 10 });
    pass(1000);
    store.modules.length = 0;
    const revived: DeadLetterSource = {
      source: "users",
      requeue: (subject, extra) => {
        offered.push({ subject, extra });
        return answer;
      },
    };
    store.modules.push(new DeadLetterCommands(store.context, list, [revived], () => nowMs));
    pass(3000);
    expect(new Set(offered.map(({ subject }) => subject)).size).toBe(30);
    expect(offered).toHaveLength(30);
  });

  test("goes on at its pace when the clock is set back by ten minutes", () => {
    startJob("requeue", { filter: { ...NO_FILTER, source: "users" }, perSecond: 10 });
    pass(1000);
    expect(offered).toHaveLength(10);
    nowMs -= 600_000;
    // As the store thread does when it sees that.
    for (const module of store.modules) module.rolledBack?.();
    pass(100);
    pass(1000);
    expect(offered).toHaveLength(20);
  });

  test("are listed, the latest first, by their status and in pages", () => {
    startJob("requeue", { filter: { ...NO_FILTER, source: "users" }, perSecond: 1000 });
    pass(1000);
    startJob("discard", { filter: NO_FILTER, perSecond: 1 });
    startJob("requeue", { filter: NO_FILTER, perSecond: 1 });
    execute("cancelJob", { action: "requeue", id: 3 });
    const ids = (status: JobStatus | null, limit = 50, below: number | null = null) =>
      queries.jobs(status, limit, below).map(({ id }) => id);
    expect([ids(null), ids("running"), ids("done"), ids("cancelled")]).toEqual([[3, 2, 1], [2], [1], [3]]);
    expect([ids(null, 2), ids(null, 2, 2), ids("done", 2, 1)]).toEqual([[3, 2], [1], []]);
    const started = { startedAt: new Date(nowMs).toISOString(), endedAt: null };
    expect(queries.jobs("running", 1, null)).toEqual([
      {
        id: 2,
        action: "discard",
        status: "running",
        matched: 5,
        done: 0,
        refused: 0,
        perSecond: 1,
        ...started,
      },
    ]);
  });

  test("or are discarded in the same way: at the pace, counted, each in the audit log, until it is stopped", () => {
    startJob("discard", { filter: { ...NO_FILTER, source: "users" }, perSecond: 10 });
    pass(1000);
    expect(queries.job("discard", 1)).toMatchObject({ status: "running", matched: 30, discarded: 10 });
    expect(queries.job("requeue", 1)).toBeNull();
    expect(execute("cancelJob", { action: "requeue", id: 1 })).toEqual({ kind: "unknown" });
    expect(execute("cancelJob", { action: "discard", id: 1 })).toEqual({ kind: "cancelled" });
    pass(3000);
    expect(offered).toEqual([]);
    expect(open()).toHaveLength(25);
    startJob("discard", { filter: NO_FILTER, perSecond: 100 });
    pass(1000);
    expect(queries.job("discard", 2)).toMatchObject({ status: "done", discarded: 25, refused: 0 });
    expect(open()).toEqual([]);
    const actions = audit().map(({ action }) => action);
    expect(actions.filter((action) => action === "dlq.delete")).toHaveLength(35);
    expect(actions.filter((action) => action !== "dlq.delete")).toEqual([
      "dlq.discard_many",
      "dlq.cancel",
      "dlq.discard_many",
    ]);
  });
});

describe("what callers send", () => {
  test("a filter and a pace, or nothing", () => {
    expect(readBulkRequest({})).toEqual({
      kind: "valid",
      value: { filter: NO_FILTER, dryRun: false, perSecond: 100 },
    });
    expect(
      readBulkRequest({ filter: { source: "orders", from: "2025-01-01" }, dryRun: true, perSecond: 5 }),
    ).toEqual({
      kind: "valid",
      value: {
        filter: { ...NO_FILTER, source: "orders", fromMs: Date.parse("2025-01-01") },
        dryRun: true,
        perSecond: 5,
      },
    });
  });

  test.each([
    [[], "body"],
    [{ filter: 7 }, "filter"],
    [{ filter: { source: "nobody" } }, "filter.source"],
    [{ filter: { to: "yesterday" } }, "filter.to"],
    [{ dryRun: "yes" }, "dryRun"],
    [{ perSecond: 0 }, "perSecond"],
    [{ perSecond: 1.5 }, "perSecond"],
  ])("%p is refused at %p", (body, path) => {
    expect(readBulkRequest(body)).toMatchObject({ kind: "invalid", errors: [{ path }] });
  });

  test("a page of jobs: a status or any", () => {
    const read = (query: Record<string, string>) => readJobsPage(query);
    expect(read({})).toEqual({ kind: "valid", value: { status: null, limit: 50, after: null } });
    expect(read({ status: "running", limit: "3", cursor: "9" })).toEqual({
      kind: "valid",
      value: { status: "running", limit: 3, after: 9 },
    });
    for (const [name, value] of [
      ["status", "runnin"],
      ["limit", "0"],
      ["cursor", "x"],
    ] as const) {
      expect(read({ [name]: value })).toMatchObject({ kind: "invalid", errors: [{ path: name }] });
    }
  });

  test("the query's names have no prefix", () => {
    expect(readFilter({ from: "x" }, "")).toMatchObject({ kind: "invalid", errors: [{ path: "from" }] });
  });
});
