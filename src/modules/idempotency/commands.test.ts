import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { StoreHarness } from "../../store/fixtures/store-harness.ts";
import type { CommandReply, StoreModule } from "../../store/module.ts";
import { IdempotencyCommands, type KeyedReply } from "./commands.ts";

/** A module whose command counts how often it was run, in the database. */
class Counter implements StoreModule {
  readonly #store: StoreHarness;

  constructor(store: StoreHarness) {
    this.#store = store;
    store.database.sqlite.run("CREATE TABLE counted (what TEXT) STRICT");
  }

  readonly commands = {
    "payments.accept": (): CommandReply => ({ kind: "accepted" }),
    "counter.add": ({ what }: { what: string }): CommandReply => {
      this.#store.database.sqlite.run("INSERT INTO counted VALUES (?)", [what]);
      if (what === "bug") throw new Error("a bug");
      return what === "no" ? { kind: "refused" } : { kind: "added", what, count: this.count };
    },
  };

  get count(): number {
    const row = this.#store.database.sqlite
      .query<{ count: number }, []>("SELECT count(*) AS count FROM counted")
      .get();
    return row?.count ?? 0;
  }
}

let store: StoreHarness;
let counter: Counter;
let replayed: string[];
let nowMs = 0;

beforeEach(() => {
  nowMs = 1_000_000;
  replayed = [];
  store = new StoreHarness({ idempotencyTtlSeconds: 60 });
  counter = new Counter(store);
  const keyed = new IdempotencyCommands(
    store.context,
    [counter],
    (command) => replayed.push(command),
    () => nowMs,
  );
  store.modules.push(counter, keyed);
});
afterEach(() => store.close());

function run(scope: string, fingerprint: string, what = "thing"): KeyedReply {
  const command = { scope: hex(scope), fingerprint: hex(fingerprint), name: "counter.add", input: { what } };
  return store.execute("idempotency.run", command, nowMs) as KeyedReply; // the module's own reply
}

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}

function records(): number {
  const count = "SELECT count(*) AS count FROM idempotency_records";
  return store.database.sqlite.query<{ count: number }, []>(count).get()?.count ?? -1;
}

describe("a command with a key", () => {
  test("is run once, and its repeats get the same reply", () => {
    const first = run("k", "body");
    expect(first).toEqual({ kind: "first", reply: { kind: "added", what: "thing", count: 1 } });
    const again = run("k", "body");
    expect(again).toEqual({ kind: "replayed", reply: { kind: "added", what: "thing", count: 1 } });
    expect(counter.count).toBe(1);
    expect(replayed).toEqual(["counter.add"]);
  });

  test("and another body is refused", () => {
    run("k", "body");
    expect(run("k", "other")).toEqual({ kind: "reused" });
    expect(counter.count).toBe(1);
  });

  test("is not the same with another key", () => {
    run("k1", "body");
    run("k2", "body");
    expect(counter.count).toBe(2);
  });

  test("that was refused stays refused", () => {
    expect(run("k", "body", "no")).toEqual({ kind: "first", reply: { kind: "refused" } });
    expect(run("k", "body", "no")).toEqual({ kind: "replayed", reply: { kind: "refused" } });
  });

  test("that has a bug leaves neither an effect nor a record", () => {
    expect(() => run("k", "body", "bug")).toThrow("a bug");
    expect([counter.count, records()]).toEqual([0, 0]);
  });
});

describe("record and effect", () => {
  test("are both undone if the transaction is", () => {
    const command = { scope: hex("k"), fingerprint: hex("b"), name: "counter.add", input: { what: "x" } };
    const handler = store.modules[1]?.commands["idempotency.run"];
    expect(() =>
      store.transact(() => {
        handler?.(command as never, nowMs);
        throw new Error("the disk is full");
      }),
    ).toThrow("full");
    expect([counter.count, records()]).toEqual([0, 0]);
    expect(run("k", "b").kind).toBe("first");
  });
});

test("a purge forgets the keys of section A's payments, and no others", () => {
  const pay = (scope: string) =>
    ({ scope: hex(scope), fingerprint: hex("b"), name: "payments.accept", input: {} }) as const;
  const [first, other] = [store.execute("idempotency.run", pay("a"), nowMs), run("k", "body")];
  expect([first.kind, other.kind]).toEqual(["first", "first"]);
  store.transact(() => store.modules.at(-1)?.purged?.());
  expect(store.execute("idempotency.run", pay("a"), nowMs).kind).toBe("first");
  expect(run("k", "body").kind).toBe("replayed");
});

describe("a record", () => {
  test("is kept for the time that is set, to the millisecond", () => {
    run("k", "body");
    nowMs += 59_999;
    expect(run("k", "body").kind).toBe("replayed");
    nowMs += 1;
    expect(run("k", "other")).toMatchObject({ kind: "first" });
    expect(counter.count).toBe(2);
  });

  test("that has expired is deleted, a few per transaction", () => {
    for (let key = 0; key < 450; key++) run(`k${key}`, "body");
    expect(records()).toBe(450);
    nowMs += 60_000;
    store.transact(() => {});
    expect(records()).toBe(250);
    store.transact(() => {});
    store.transact(() => {});
    expect(records()).toBe(0);
  });
});
