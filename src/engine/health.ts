import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { Replica } from "./replica.ts";

/**
 * Whether this replica can do its work now. Each part is "ok" or a word that says what is wrong; the page
 * /health/ready shows them, and a balancer looks at the status alone.
 */
export interface Health {
  readonly ready: boolean;
  readonly database: "ok" | "locked" | "disk_full" | "io_error";
  readonly queue: "ok" | "full";
  readonly storeThread: "ok" | "hanging";
  readonly dispatchThreads: "ok" | "hanging";
  readonly disk: "ok" | "low" | "unknown";
  readonly intakeFill: number;
}

/** Loops come round every 100 ms, main's beat every second; a thread that is so late is stuck, or starved of CPU. */
export const BEAT_MS_MAX = 3000;
const FILL_MAX = 0.9;
/** Below this, a burst of payments could fill the disk before anybody looks. */
const DISK_MIN_BYTES = 16 * 1024 * 1024;

/** Looks at the replica's threads, rings and disk. @param nowMs ms since the epoch */
export function healthOf(replica: Replica, nowMs: number): Health {
  const { state, settings, intake } = replica;
  // Either way: after the clock was set back, the last beat of a thread that hangs lies in the future.
  const isLate = (beatMs: number) => beatMs !== 0 && Math.abs(nowMs - beatMs) > BEAT_MS_MAX;
  const threads = Array.from({ length: settings.dispatchThreads }, (_, index) => index);
  const database = state.trouble ?? "ok";
  const queue = intake.fillRatio > FILL_MAX ? "full" : "ok";
  const storeThread = isLate(state.storeBeatMs) ? "hanging" : "ok";
  const dispatchThreads = threads.some((index) => isLate(state.dispatchBeatMs(index))) ? "hanging" : "ok";
  return {
    ready: database === "ok" && queue === "ok" && storeThread === "ok" && dispatchThreads === "ok",
    database,
    queue,
    storeThread,
    dispatchThreads,
    disk: diskOf(settings.databaseFile),
    intakeFill: Math.round(intake.fillRatio * 1000) / 1000,
  };
}

function diskOf(databaseFile: string): Health["disk"] {
  try {
    const { bavail, bsize } = statfsSync(dirname(databaseFile));
    return bavail * bsize < DISK_MIN_BYTES ? "low" : "ok";
  } catch {
    return "unknown";
  }
}
