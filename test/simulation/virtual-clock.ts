import { TaskHeap } from "../../src/domain/task-heap.ts";

/**
 * Time that passes only from one event to the next, so that minutes run in milliseconds and repeat exactly.
 */
export class VirtualClock {
  private readonly events = new TaskHeap<() => void>();
  nowMs = 0;

  /** Runs `event` at `timeMs`; a time that is past means now. */
  at(timeMs: number, event: () => void): void {
    this.events.push(Math.max(timeMs, this.nowMs), event);
  }

  after(delayMs: number, event: () => void): void {
    this.at(this.nowMs + delayMs, event);
  }

  /** Runs what is due up to and including `timeMs`. */
  runUntil(timeMs: number): void {
    while (this.events.peekKey() <= timeMs) {
      this.nowMs = this.events.peekKey();
      this.events.pop()?.();
    }
    this.nowMs = Math.max(this.nowMs, timeMs);
  }
}
