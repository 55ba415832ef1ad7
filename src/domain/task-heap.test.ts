import { describe, expect, test } from "bun:test";
import { TaskHeap } from "./task-heap.ts";

/** A seed for the random cases; set TEST_SEED to repeat a failure. */
const { TEST_SEED } = process.env;
const seed = Number(TEST_SEED ?? Date.now() % 1_000_000);

function numbers(count: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % 1_000;
  });
}

function drain(heap: TaskHeap<number>): number[] {
  const found: number[] = [];
  for (let item = heap.pop(); item !== undefined; item = heap.pop()) found.push(item);
  return found;
}

describe("task heap", () => {
  test(`gives items back by key (seed ${seed})`, () => {
    const heap = new TaskHeap<number>();
    const keys = numbers(500);
    for (const key of keys) heap.push(key, key);
    expect(drain(heap)).toEqual(keys.toSorted((a, b) => a - b));
  });

  test("an empty one has nothing, due never", () => {
    const heap = new TaskHeap<string>();
    expect(heap.pop()).toBeUndefined();
    expect(heap.popLast()).toBeUndefined();
    expect(heap.peekKey()).toBe(Number.POSITIVE_INFINITY);
  });

  test("the last leaf is no older than half of the others and goes without disorder", () => {
    const heap = new TaskHeap<number>();
    for (let key = 0; key < 101; key += 1) heap.push(key, key);
    const last = heap.peekLast();
    expect(last).toBeGreaterThanOrEqual(50);
    expect(heap.popLast()).toBe(last);
    expect(heap.size).toBe(100);
    expect(drain(heap)).toEqual(Array.from({ length: 101 }, (_, key) => key).filter((key) => key !== last));
  });

  test(`what is removed is told, what stays is in order (seed ${seed})`, () => {
    const heap = new TaskHeap<number>();
    const keys = numbers(200);
    for (const key of keys) heap.push(key, key);
    const removed: number[] = [];
    heap.removeWhere(
      (item) => item % 2 === 0,
      (item) => removed.push(item),
    );
    expect(removed.toSorted()).toEqual(keys.filter((key) => key % 2 === 0).toSorted());
    expect(drain(heap)).toEqual(keys.filter((key) => key % 2 === 1).toSorted((a, b) => a - b));
  });
});
