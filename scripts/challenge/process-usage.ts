import { readdirSync, readFileSync } from "node:fs";

/** What the kernel says of running processes (Linux: /proc). */
export interface Usage {
  readonly name: string;
  /** User and system, all threads, of the processes that live now. */
  readonly cpuSeconds: number;
  /** The sum of the largest resident sizes that these processes ever had; pages they share count in each. */
  readonly peakMegabytes: number;
}

const TICKS_PER_SECOND = 100;

/** The usage of a group of processes; those that have gone meanwhile count nothing. */
export function usageOf(name: string, pids: readonly number[]): Usage {
  let cpuSeconds = 0;
  let peakMegabytes = 0;
  for (const pid of pids) {
    const stat = readOrEmpty(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
    cpuSeconds += (Number(stat[11] ?? 0) + Number(stat[12] ?? 0)) / TICKS_PER_SECOND;
    const peak = /VmHWM:\s+(\d+)/.exec(readOrEmpty(`/proc/${pid}/status`))?.[1];
    peakMegabytes += Number(peak ?? 0) / 1024;
  }
  return { name, cpuSeconds, peakMegabytes };
}

/** A process and its children, such as nginx and its worker. */
export function familyOf(pid: number): number[] {
  const children = readOrEmpty(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
  return [pid, ...children];
}

/** The processes whose control group is named after a container, whichever engine made it. */
export function pidsOfContainer(containerId: string): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => readOrEmpty(`/proc/${pid}/cgroup`).includes(containerId)).map(Number);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
