import { Doorbell } from "./doorbell.ts";

/** Nobody rings it, until the thread is given one that others know. */
let bell = new Doorbell();

/** From now on this thread's sleeps end early when `shared` is rung. */
export function sleepAt(shared: Doorbell): void {
  bell = shared;
}

/**
 * Blocks this thread for `ms`, which may be a fraction; for threads without an event loop of their own. May return
 * early: look again. Longer than `ms` only where nobody watches the clock (engine/clock-watch.ts).
 */
export function sleepMs(ms: number): void {
  bell.wait(bell.value, ms);
}
