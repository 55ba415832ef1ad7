import { readdirSync, readFileSync } from "node:fs";

/** What the kernel says of running processes (Linux: /proc). */
export interface Usage {
  readonly name: string;
  /** User and system, all threads, of the processes that live now. */
  readonly cpuSeconds: number;
  /** The sum of the largest resident sizes that these processes ever had; pages they share count in each. */
  readonly peakMegabytes: number;
  /** The most that the limit ever counted, file pages written and read included; null where it cannot be seen. */
  readonly peakChargedMegabytes: number | null;
  /** How often the kernel killed a process of the group because of its limit. */
  readonly memoryKills: number;
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
  return { name, cpuSeconds, peakMegabytes, ...chargedTo(pids[0]) };
}

/** What the control group of a process has counted. */
function chargedTo(pid: number | undefined): Pick<Usage, "peakChargedMegabytes" | "memoryKills"> {
  const groups = readOrEmpty(`/proc/${pid}/cgroup`);
  const version1 = /^\d+:memory:(\/.+)$/m.exec(groups)?.[1];
  const unified = /^0::(\/.+)$/m.exec(groups)?.[1];
  const [peak, events] =
    version1 !== undefined
      ? [`memory${version1}/memory.max_usage_in_bytes`, `memory${version1}/memory.oom_control`]
      : [`${unified}/memory.peak`, `${unified}/memory.events`];
  const bytes = Number(readOrEmpty(`/sys/fs/cgroup/${peak}`));
  const kills = /^oom_kill (\d+)/m.exec(readOrEmpty(`/sys/fs/cgroup/${events}`))?.[1];
  return { peakChargedMegabytes: bytes > 0 ? bytes / 2 ** 20 : null, memoryKills: Number(kills ?? 0) };
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
