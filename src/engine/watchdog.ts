import type { Logger } from "../log/logger.ts";
import { healthOf } from "./health.ts";
import type { Replica } from "./replica.ts";

/**
 * Ends a process one of whose threads hangs: a supervisor (systemd, Docker) starts it again, and what was
 * acknowledged is in the intake log. A process that was itself stopped and woken finds all beats old at
 * once; so a thread is judged only by looks that main itself made on time.
 */
const LOOK_MS = 1000;
/** Looks in a row that must find a thread hanging; with the health's own bound, about 10 s. */
const LOOKS = 7;

/** @param onHang called once, with the name of the thread */
export function watchThreads(replica: Replica, log: Logger, onHang: (thread: string) => void): () => void {
  let hangingLooks = 0;
  let lastLookAtMs = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    const slept = now - lastLookAtMs > LOOK_MS * 3;
    lastLookAtMs = now;
    const health = healthOf(replica, now);
    const thread =
      health.storeThread === "hanging" ? "store" : health.dispatchThreads === "hanging" ? "dispatch" : null;
    if (thread === null || slept) {
      hangingLooks = 0;
      return;
    }
    hangingLooks++;
    if (hangingLooks === 1) log.warn("a thread does not come round", { name: thread });
    if (hangingLooks === LOOKS) onHang(thread);
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
