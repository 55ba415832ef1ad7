/**
 * A binary min-heap of tasks by a number (time accepted, time due). The smallest key is at the root; the last
 * leaf is some task with a large key, which is a cheap way to a *young* one.
 *
 *        [0]              keys and items live in two parallel arrays: no object per entry,
 *      [1] [2]            because 16,000 payments may be held at once
 *    [3] [4] …
 */
export class TaskHeap<T> {
  private readonly keys: number[] = [];
  private readonly items: T[] = [];

  get size(): number {
    return this.items.length;
  }

  peek(): T | undefined {
    return this.items[0];
  }

  /** The smallest key, Infinity when empty. */
  peekKey(): number {
    return this.keys[0] ?? Number.POSITIVE_INFINITY;
  }

  /** The last leaf: in a heap by time accepted, a young task. */
  peekLast(): T | undefined {
    return this.items[this.items.length - 1];
  }

  push(key: number, item: T): void {
    this.keys.push(key);
    this.items.push(item);
    this.siftUp(this.items.length - 1);
  }

  pop(): T | undefined {
    const root = this.items[0];
    const lastKey = this.keys.pop();
    const lastItem = this.items.pop();
    if (this.items.length > 0 && lastKey !== undefined && lastItem !== undefined) {
      this.keys[0] = lastKey;
      this.items[0] = lastItem;
      this.siftDown(0);
    }
    return root;
  }

  /** Removes the last leaf. */
  popLast(): T | undefined {
    this.keys.pop();
    return this.items.pop();
  }

  /** Removes every item that `predicate` accepts and gives them to `removed`: O(n). */
  removeWhere(predicate: (item: T) => boolean, removed: (item: T) => void): void {
    const keys = this.keys.splice(0);
    const items = this.items.splice(0);
    for (const [index, item] of items.entries()) {
      if (predicate(item)) removed(item);
      else this.push(keys[index] ?? 0, item);
    }
  }

  private siftUp(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.keyAt(parent) <= this.keyAt(index)) return;
      this.swap(parent, index);
      index = parent;
    }
  }

  private siftDown(start: number): void {
    let index = start;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let smallest = index;
      if (this.keyAt(left) < this.keyAt(smallest)) smallest = left;
      if (this.keyAt(right) < this.keyAt(smallest)) smallest = right;
      if (smallest === index) return;
      this.swap(index, smallest);
      index = smallest;
    }
  }

  /** Past the end the key is Infinity, so that a missing child never wins. */
  private keyAt(index: number): number {
    return this.keys[index] ?? Number.POSITIVE_INFINITY;
  }

  private swap(a: number, b: number): void {
    const keyA = this.keyAt(a);
    this.keys[a] = this.keyAt(b);
    this.keys[b] = keyA;
    // Both indexes are inside the arrays here; the cast only says so to the compiler.
    const itemA = this.items[a] as T;
    this.items[a] = this.items[b] as T;
    this.items[b] = itemA;
  }
}
