import { beforeEach, describe, expect, test } from "bun:test";
import { StoreHarness } from "./fixtures/store-harness.ts";
import { TASK_KINDS } from "./task-kinds.ts";
import { TaskQueue } from "./task-queue.ts";

const NOW = 1_000_000;
const OTHER = 2;

let store: StoreHarness;
let queue: TaskQueue;

beforeEach(() => {
  store = new StoreHarness();
  queue = new TaskQueue(store.database, () => 1, 1);
});

function rows() {
  return store.database.sqlite
    .query<{ id: number; lease_owner: number | null; upstream: number; attempts: number }, []>(
      "SELECT id, lease_owner, upstream, attempts FROM tasks ORDER BY id",
    )
    .all();
}

describe("adding", () => {
  test("leases to this replica while dispatch has room, with its upstream written down", () => {
    expect(queue.add("payment", 7, 2, NOW).leased).toBe(true);
    expect(rows()).toMatchObject([{ lease_owner: 1, upstream: 2, attempts: 0 }]);
  });

  test("beyond the room of its kind a task waits in the database, seen by nobody", () => {
    const { inDispatchMax } = TASK_KINDS.userPayment;
    for (let i = 0; i < inDispatchMax; i++) queue.add("userPayment", i, 1, NOW);
    expect(queue.add("userPayment", 999, 1, NOW).leased).toBe(false);
    expect(rows().at(-1)).toMatchObject({ lease_owner: null, upstream: 0 });
    expect(queue.add("payment", 1, 1, NOW).leased).toBe(true);
  });

  test("once closed, every task waits in the database", () => {
    queue.close();
    expect(queue.add("payment", 1, 1, NOW).leased).toBe(false);
    expect(queue.leaseDue("payment", NOW, 10)).toEqual([]);
  });
});

describe("leasing what waits", () => {
  test("takes what is due, oldest first, and nothing twice", () => {
    queue.schedule("order", 1, NOW, NOW + 50);
    queue.schedule("order", 2, NOW, NOW + 20);
    queue.schedule("order", 3, NOW, NOW + 900);
    expect(queue.leaseDue("order", NOW, 10)).toEqual([]);
    expect(queue.leaseDue("order", NOW + 100, 10).map((task) => task.subject)).toEqual([2, 1]);
    expect(queue.leaseDue("order", NOW + 100, 10)).toEqual([]);
    expect(queue.hasDue("order", NOW + 899)).toBe(false);
    expect(queue.hasDue("order", NOW + 900)).toBe(true);
  });

  test("leaves other kinds and other replicas' tasks alone", () => {
    queue.schedule("order", 1, NOW);
    queue.add("payment", 2, 0, NOW);
    const other = new TaskQueue(store.database, () => OTHER, 1);
    expect(other.leaseDue("payment", NOW, 10)).toEqual([]);
    expect(other.leaseDue("order", NOW, 10)).toHaveLength(1);
    expect(queue.leaseDue("order", NOW, 10)).toEqual([]);
  });
});

describe("outcomes", () => {
  test("finish ends a task once and says what it was about", () => {
    const { id } = queue.add("payment", 7, 1, NOW);
    expect(queue.finish(id)).toBe(7);
    expect(queue.finish(id)).toBeNull();
    expect(rows()).toEqual([]);
  });

  test("an attempt is counted, and what may have seen the subject is kept", () => {
    const { id } = queue.add("payment", 7, 1, NOW);
    expect(queue.noteAttempt(id, 1)).toMatchObject({ subject: 7, attempts: 1 });
    expect(queue.noteAttempt(id, 0)).toMatchObject({ attempts: 2 });
    expect(rows()).toMatchObject([{ upstream: 0, attempts: 2 }]);
  });

  test("nothing changes for a task that another replica has meanwhile", () => {
    const { id } = queue.add("payment", 7, 1, NOW);
    const other = new TaskQueue(store.database, () => OTHER, 1);
    queue.freeAllOf(1, NOW);
    expect(other.leaseDue("payment", NOW, 10)).toHaveLength(1);
    expect(queue.finish(id)).toBeNull();
    expect(queue.noteAttempt(id, 0)).toBeNull();
    expect(queue.assign(id, 2)).toBe(false);
    queue.park(id, 0, NOW);
    expect(rows()).toMatchObject([{ lease_owner: OTHER, upstream: 1, attempts: 0 }]);
  });

  test("parking frees it for later", () => {
    const { id } = queue.add("order", 7, 0, NOW);
    queue.park(id, 1, NOW + 500);
    expect(queue.leaseDue("order", NOW + 499, 10)).toEqual([]);
    expect(queue.leaseDue("order", NOW + 500, 10)).toMatchObject([{ id, upstream: 1 }]);
  });
});

describe("room in dispatch", () => {
  test("is given back by what ends, and restored by a rollback", () => {
    const { inDispatchMax } = TASK_KINDS.order;
    const ids = Array.from({ length: inDispatchMax }, (_, i) => queue.add("order", i, 0, NOW).id);
    queue.committed();
    for (const id of ids.slice(0, inDispatchMax / 2)) queue.finish(id);
    expect(queue.add("order", 1, 0, NOW).leased).toBe(true);
    queue.rolledBack();
    expect(queue.add("order", 2, 0, NOW).leased).toBe(false);
  });

  test("is counted anew from the rows after a purge", () => {
    for (let i = 0; i < TASK_KINDS.order.inDispatchMax; i++) queue.add("order", i, 0, NOW);
    queue.deleteKind("order");
    expect(queue.add("order", 1, 0, NOW).leased).toBe(true);
    expect(rows()).toHaveLength(1);
  });
});
