const nobodyNotifies = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread for `ms`, which may be a fraction; for threads without an event loop of their own. */
export function sleepMs(ms: number): void {
  Atomics.wait(nobodyNotifies, 0, 0, ms);
}
