/** Tasks that only one replica can do: tasks.home. */
import { expect, test } from "bun:test";
import { StoreHarness } from "./fixtures/store-harness.ts";
import { TaskQueue } from "./task-queue.ts";

const NOW_MS = 1_000_000;

/** Two replicas on one database. */
function twoReplicas() {
  const store = new StoreHarness();
  const here = new TaskQueue(store.database, () => 1, 1);
  const there = new TaskQueue(store.database, () => 2, 1);
  return { store, here, there };
}
const subjects = (queue: TaskQueue, atMs = NOW_MS) => {
  queue.lookForFree();
  return queue.leaseDue("order", atMs, 10).map(({ subject }) => subject);
};

test("a task that is at home here is leased here alone, also after it was parked", () => {
  const { store, here, there } = twoReplicas();
  here.schedule("order", 7, NOW_MS, NOW_MS, "here");
  here.schedule("order", 8, NOW_MS);
  expect(subjects(there)).toEqual([8]);
  const [task] = here.leaseDue("order", NOW_MS, 10);
  expect(task?.subject).toBe(7);
  here.park(task?.id ?? 0, 0, NOW_MS + 500);
  expect(subjects(there, NOW_MS + 1_000)).toEqual([]);
  expect(subjects(here, NOW_MS + 1_000)).toEqual([7]);
  store.close();
});

test("a replica does not look again and again for tasks that are another's", () => {
  const { store, here, there } = twoReplicas();
  here.schedule("order", 7, NOW_MS, NOW_MS, "here");
  there.lookForFree();
  expect(there.hasDue("order", NOW_MS)).toBe(true);
  there.leaseDue("order", NOW_MS, 10);
  expect(there.hasDue("order", NOW_MS + 60_000)).toBe(false);
  store.close();
});

test("when a replica is gone, anybody may do its tasks", () => {
  const { store, here, there } = twoReplicas();
  here.schedule("order", 7, NOW_MS, NOW_MS, "here");
  here.schedule("order", 9, NOW_MS, NOW_MS, "here");
  here.leaseDue("order", NOW_MS, 1);
  there.freeAllOf(1, NOW_MS);
  expect(subjects(there).toSorted()).toEqual([7, 9]);
  store.close();
});
