import { expect, test } from "bun:test";
import { HeapCare } from "./heap-care.ts";

/** A heap in which every answer leaves some bytes that only a full collection finds. */
class CountedHeap {
  young = 0;
  all = 0;
  compiled = 0;
  #bytes = 5_000_000;
  collectYoung = () => this.young++;
  collectAll = () => {
    this.all++;
    this.#bytes = 5_000_000;
  };
  bytes = () => this.#bytes;
  compile = () => {
    this.compiled++;
  };

  answers(care: HeapCare, count: number, oldBytesEach: number): void {
    for (let answer = 0; answer < count; answer++) {
      this.#bytes += oldBytesEach;
      care.handled(1);
    }
  }
}

test("mostly only the young are looked at", () => {
  const heap = new CountedHeap();
  heap.answers(new HeapCare("main", heap), 160 * 256, 1);
  expect(heap.young).toBe(160);
  expect(heap.all).toBeWithin(9, 15);
});

test("what grows old before it ends is collected before two megabytes have gathered", () => {
  const heap = new CountedHeap();
  const care = new HeapCare("main", heap);
  heap.answers(care, 256, 4096);
  for (let round = 0; round < 50; round++) {
    heap.answers(care, 256, 4096);
    expect(heap.bytes()).toBeLessThan(5_000_000 + 2 * 1024 * 1024 + 1);
  }
  expect(heap.all).toBeGreaterThanOrEqual(25);
});

test("code is compiled from the first few frames on", () => {
  const heap = new CountedHeap();
  const care = new HeapCare("main", heap);
  heap.answers(care, 15, 1);
  expect(heap.compiled).toBe(0);
  heap.answers(care, 1, 1);
  expect(heap.compiled).toBe(1);
  heap.answers(care, 1_000, 1);
  expect(heap.compiled).toBe(1);
});

test("a batch that is larger than what is between two collections makes one", () => {
  const heap = new CountedHeap();
  new HeapCare("store", heap).handled(10_000);
  expect(heap.young).toBe(1);
});

test("a thread without work is looked at every ten seconds", () => {
  const heap = new CountedHeap();
  let nowMs = 1_000;
  const care = new HeapCare("store", heap, () => nowMs);
  for (; nowMs < 31_500; nowMs += 500) care.handled(0);
  expect(heap.young).toBe(3);
});
