import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A wall clock of their own for the replicas, which can be set while they run; null where that is not possible. */
export class ClockShift {
  /** For the environment of each replica. */
  readonly env: Readonly<Record<string, string>>;
  readonly #file: number;

  private constructor(library: string, offsetFile: string) {
    this.env = { LD_PRELOAD: library, CLOCK_OFFSET_FILE: offsetFile };
    this.#file = openSync(offsetFile, "r+");
  }

  /** Compiles the library into `directory`. Needs a C compiler and a dynamic linker (Linux). */
  static create(directory: string): ClockShift | { readonly notTested: string } {
    const compiler = Bun.which("cc") ?? Bun.which("gcc");
    if (process.platform !== "linux" || compiler === null) return { notTested: "there is no C compiler" };
    const library = join(directory, "clock-shift.so");
    const source = join(import.meta.dir, "clock-shift.c");
    const built = Bun.spawnSync([compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], {
      stdout: "ignore",
      stderr: "pipe",
    });
    if (!built.success) return { notTested: `it does not compile: ${built.stderr.toString().slice(0, 200)}` };
    const offsetFile = join(directory, "clock-offset");
    writeFileSync(offsetFile, new Uint8Array(8));
    return new ClockShift(library, offsetFile);
  }

  /** Sets the replicas' clock this far from the machine's, at once. */
  set(offsetMs: number): void {
    const nanoseconds = new BigInt64Array([BigInt(offsetMs) * 1_000_000n]);
    writeSync(this.#file, new Uint8Array(nanoseconds.buffer), 0, 8, 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}
