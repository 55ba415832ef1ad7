import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Room for the load's data; what is over is filled by the ballast. */
const BASE_MEGABYTES = 96;
const MEGABYTES_PER_MINUTE = 40;

const mounted = new Set<string>();
process.on("exit", () => {
  for (const directory of mounted) unmount(directory);
});

/** The replicas' data directory: where root may mount, a small file system of its own, which can be filled. */
export class Storage {
  readonly directory: string;
  /** Why the disk cannot be filled, or null. */
  readonly notTested: string | null;

  private constructor(directory: string, notTested: string | null) {
    this.directory = directory;
    this.notTested = notTested;
  }

  /** @param parent a directory that exists */
  static create(parent: string, minutes: number): Storage {
    const directory = join(parent, "data");
    mkdirSync(directory);
    const size = `size=${Math.ceil(BASE_MEGABYTES + MEGABYTES_PER_MINUTE * minutes)}m,mode=755`;
    if (!run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", directory])) {
      return new Storage(directory, "mounting a tmpfs is not allowed here");
    }
    mounted.add(directory);
    return new Storage(directory, null);
  }

  /** Takes every free byte. Whoever writes meanwhile may have got some before. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.directory);
    const ballast = this.#ballast;
    if (bavail > 0) run(["fallocate", "--length", String(bavail * bsize), ballast]);
    const file = openSync(ballast, "a");
    try {
      for (;;) writeSync(file, new Uint8Array(4096));
    } catch {
      // ENOSPC, which is what was wanted.
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** After the last process that uses it has ended. */
  close(): void {
    unmount(this.directory);
    mounted.delete(this.directory);
  }

  get #ballast(): string {
    return join(this.directory, "ballast");
  }
}

function unmount(directory: string): void {
  if (mounted.has(directory)) run(["umount", "--lazy", directory]);
}

function run(command: readonly string[]): boolean {
  try {
    return Bun.spawnSync([...command], { stdout: "ignore", stderr: "ignore" }).success;
  } catch {
    return false;
  }
}
