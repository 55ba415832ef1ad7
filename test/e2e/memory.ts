import { readFileSync } from "node:fs";

/** Resident memory of a process in MiB: all of it, and what is not the content of files. */
export interface ResidentMemory {
  readonly resident: number;
  /** Without the pages of the executable's file, which the system takes back whenever it needs them. */
  readonly own: number;
}

export function memoryOf(pid: number): ResidentMemory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mebibytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  return {
    resident: Math.round(mebibytes("VmRSS")),
    own: Math.round(mebibytes("VmRSS") - mebibytes("RssFile")),
  };
}
