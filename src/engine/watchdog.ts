import type { Logger } from "../log/logger.ts";
import { HangJudge, LOOK_MS } from "./hang-judge.ts";
import { BEAT_MS_MAX, healthOf } from "./health.ts";
import type { Replica } from "./replica.ts";
import type { SharedState } from "./shared-state.ts";

/**
 * Ends a process one of whose threads hangs: a supervisor (systemd, Docker) starts it again, and what was
 * acknowledged is in the intake log. Main watches the others, a dispatch thread watches main.
 */

/** In main. @param onHang called once, with the name of the thread */
export function watchThreads(replica: Replica, log: Logger, onHang: (thread: string) => void): () => void {
  const judge = new HangJudge(performance.now());
  const look = () => {
    replica.state.mainBeatMs = Date.now();
    const health = healthOf(replica, Date.now());
    const thread =
      health.storeThread === "hanging" ? "store" : health.dispatchThreads === "hanging" ? "dispatch" : null;
    const verdict = judge.look(thread !== null, performance.now());
    if (thread === null) return;
    if (verdict === "suspect") log.warn("a thread does not come round", { name: thread });
    if (verdict === "hangs") onHang(thread);
  };
  look();
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    // Nobody is to miss what does not beat any more.
    replica.state.mainBeatMs = 0;
  };
}

/**
 * In a dispatch thread: while main hangs nobody is answered, although payments go on and the lease is renewed.
 * @param end ends the process; it cannot be asked to stop, because main would have to do that
 */
export function watchMain(
  state: Pick<SharedState, "mainBeatMs">,
  log: Logger,
  end = () => process.kill(process.pid, "SIGKILL"),
): () => void {
  const judge = new HangJudge(performance.now());
  const timer = setInterval(() => {
    const { mainBeatMs } = state;
    const isLate = mainBeatMs !== 0 && Math.abs(Date.now() - mainBeatMs) > BEAT_MS_MAX;
    const verdict = judge.look(isLate, performance.now());
    if (verdict === "suspect") log.warn("a thread does not come round", { name: "main" });
    if (verdict !== "hangs") return;
    log.error("a thread hangs; this process ends so that it is started again", { name: "main" });
    end();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
