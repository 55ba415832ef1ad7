import type { EngineBells } from "./engine-memory.ts";

/** As long as a set clock may keep a thread asleep. */
const LOOK_MS = 100;
/** Less is how far a clock is slewed, or how late a timer is. */
const STEP_MS_MIN = 20;

/** What tells the time; both in ms. */
export interface Clocks {
  /** Of the wall clock, which an operator or a time server may set. */
  readonly wallMs: () => number;
  /** Of a clock that never goes back. */
  readonly steadyMs: () => number;
}

const CLOCKS: Clocks = { wallMs: () => Date.now(), steadyMs: () => performance.now() };

/**
 * Wakes whoever sleeps when the wall clock is set back. The timeout of Bun's `Atomics.wait` is a time of the wall
 * clock: whoever has lain down for 5 ms would sleep as much longer as the clock was set back, an hour perhaps, and the
 * store thread lies down between two commits and while it waits for the write lock. Main does not block, and its
 * timers run on the steady clock, so it looks after the others. `Atomics.waitAsync` runs on that clock, too.
 *
 * @returns what ends the watch
 */
export function watchClock(
  { store, storeUrgent, storeSleep }: Pick<EngineBells, "store" | "storeUrgent" | "storeSleep">,
  { wallMs, steadyMs }: Clocks = CLOCKS,
): () => void {
  let leadMs = wallMs() - steadyMs();
  const look = () => {
    const nowMs = wallMs() - steadyMs();
    const isSetBack = nowMs < leadMs - STEP_MS_MIN;
    leadMs = nowMs;
    if (isSetBack) for (const bell of [store, storeUrgent, storeSleep]) bell.ring();
  };
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
