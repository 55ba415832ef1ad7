import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A control group of the kernel with a limit of CPU and memory, version 1 or 2 of the interface: what a container's
 * limits are made of.
 *
 *   v1: /sys/fs/cgroup/cpu/NAME/cpu.cfs_quota_us, /sys/fs/cgroup/memory/NAME/memory.limit_in_bytes
 *   v2: /sys/fs/cgroup/NAME/cpu.max, memory.max
 */
export interface GroupLimits {
  readonly cpus: number;
  readonly memoryBytes: number;
}

const ROOT = "/sys/fs/cgroup";
/** The kernel's own default, which container engines keep. */
const PERIOD_MICROS = 100_000;
const MEMORY_CONTROLLERS_V1 = ["cpu", "memory"] as const;

export type MakeGroupResult =
  | { readonly kind: "made"; readonly group: ControlGroup }
  | { readonly kind: "refused"; readonly reason: string };

export class ControlGroup {
  readonly #folders: readonly string[];

  private constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** Makes a group; refused where this user may not, which is everywhere but for root. */
  static make(name: string, limits: GroupLimits): MakeGroupResult {
    const isUnified = existsSync(join(ROOT, "cgroup.controllers"));
    try {
      const folders = isUnified ? makeUnified(name, limits) : makeVersion1(name, limits);
      return { kind: "made", group: new ControlGroup(folders) };
    } catch (error) {
      return { kind: "refused", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** The command that runs `command` in this group from its first instruction. */
  wrap(command: readonly string[]): string[] {
    const joins = this.#folders.map((folder) => `echo $$ > ${folder}/cgroup.procs`).join(" && ");
    return ["/bin/sh", "-c", `${joins} && exec "$@"`, "sh", ...command];
  }

  /** Removes the group; its processes must have ended. */
  remove(): void {
    for (const folder of this.#folders) {
      try {
        rmdirSync(folder);
      } catch {
        // A process that is still ending holds it; an empty group costs nothing.
      }
    }
  }
}

function makeVersion1(name: string, limits: GroupLimits): string[] {
  const folders = MEMORY_CONTROLLERS_V1.map((controller) => join(ROOT, controller, name));
  const [cpu = "", memory = ""] = folders;
  for (const folder of folders) mkdirSync(folder);
  writeFileSync(join(cpu, "cpu.cfs_period_us"), String(PERIOD_MICROS));
  writeFileSync(join(cpu, "cpu.cfs_quota_us"), String(Math.round(limits.cpus * PERIOD_MICROS)));
  writeFileSync(join(memory, "memory.limit_in_bytes"), String(limits.memoryBytes));
  return folders;
}

function makeUnified(name: string, limits: GroupLimits): string[] {
  const folder = join(ROOT, name);
  const control = join(ROOT, "cgroup.subtree_control");
  if (!/\bcpu\b.*\bmemory\b/.test(readFileSync(control, "utf8"))) writeFileSync(control, "+cpu +memory");
  mkdirSync(folder);
  writeFileSync(join(folder, "cpu.max"), `${Math.round(limits.cpus * PERIOD_MICROS)} ${PERIOD_MICROS}`);
  writeFileSync(join(folder, "memory.max"), String(limits.memoryBytes));
  return [folder];
}
