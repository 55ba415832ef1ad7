import { readdirSync, readFileSync } from "node:fs";

/** What the kernel says of a running process (Linux: /proc). */
const TICKS_PER_SECOND = 100;

/** CPU seconds that a process has used so far, user and system, all threads. */
export function cpuSeconds(pid: number): number {
  const { userTicks, systemTicks } = ticksIn(readFileSync(`/proc/${pid}/stat`, "utf8"));
  return (userTicks + systemTicks) / TICKS_PER_SECOND;
}

/** Resident memory now and at most, MB. */
export function memoryMb(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}

/** The threads of a replica, by what they are for. */
export const THREAD_ROLES = ["main", "store", "dispatch", "JIT and GC", "other"] as const;
export type ThreadRole = (typeof THREAD_ROLES)[number];

export interface ThreadUsage {
  readonly role: ThreadRole;
  readonly cpuSeconds: number;
  /** Of these, in the kernel; in steps of 10 ms. */
  readonly systemSeconds: number;
}

/**
 * What each thread has used so far. The workers have one name, so they are told apart by the order in which replica.ts
 * starts them: store first, then dispatch.
 */
export function threadUsages(pid: number): ThreadUsage[] {
  const tids = readdirSync(`/proc/${pid}/task`).map(Number);
  tids.sort((one, other) => one - other);
  let workers = 0;
  return tids.flatMap((tid) => {
    const folder = `/proc/${pid}/task/${tid}`;
    try {
      const name = readFileSync(`${folder}/comm`, "utf8").trim();
      const { userTicks, systemTicks } = ticksIn(readFileSync(`${folder}/stat`, "utf8"));
      const ofTicks = (userTicks + systemTicks) / TICKS_PER_SECOND;
      const role = roleOf(name, tid === pid, workers);
      if (name === "Worker") workers++;
      return [
        {
          role,
          cpuSeconds: exactSeconds(folder) ?? ofTicks,
          systemSeconds: systemTicks / TICKS_PER_SECOND,
        },
      ];
    } catch {
      return []; // It ended just now.
    }
  });
}

function roleOf(name: string, isMain: boolean, workersBefore: number): ThreadRole {
  if (isMain) return "main";
  if (name === "Worker") return workersBefore === 0 ? "store" : "dispatch";
  return /^(?:JITWorker|HeapHelper|JSCWarmUp|mi-scavenger)/.test(name) ? "JIT and GC" : "other";
}

/** Nanoseconds instead of hundredths of a second, where the kernel counts them. */
function exactSeconds(folder: string): number | null {
  try {
    const nanoseconds = Number(readFileSync(`${folder}/schedstat`, "utf8").split(" ")[0]);
    return nanoseconds > 0 ? nanoseconds / 1e9 : null;
  } catch {
    return null;
  }
}

/** Fields 14 and 15 of proc(5)'s stat; the name in brackets may have spaces. */
function ticksIn(stat: string): { readonly userTicks: number; readonly systemTicks: number } {
  const fields = stat.slice(stat.lastIndexOf(") ") + 2).split(" ");
  return { userTicks: Number(fields[11] ?? 0), systemTicks: Number(fields[12] ?? 0) };
}
