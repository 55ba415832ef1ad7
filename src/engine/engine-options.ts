/**
 * Options of the JavaScript engine that only its environment variables can set, before it starts. So the process
 * sets them and executes itself once more, under the same process id: 15 ms at the start.
 *
 * The FTL compiler spends 10 to 15 MB and half a second of CPU in the first seconds of a load; the code that it
 * makes is hardly quicker here, where most of the time goes into SQLite, HTTP and the kernel.
 */
const OPTIONS = { BUN_JSC_useFTLJIT: "0" } as const;

/** Returns if the options are set, or cannot be: without them everything works, in more memory. */
export function useLessMemory(): void {
  // Whoever set one knows what for. Sources are run by an engine that has started for Bun itself.
  if (!isCompiled() || Object.keys(OPTIONS).some((name) => name in process.env)) return;
  if (process.execve === undefined) return;
  try {
    process.execve(process.execPath, [process.argv0, ...process.argv.slice(2)], {
      ...process.env,
      ...OPTIONS,
    });
  } catch {
    // The executable was moved, or the platform cannot replace a process.
  }
}

/** How many times more often than usual code must run before it is compiled: what runs at the start runs once. */
const STARTING_SCALE = 100;

/**
 * Keeps the calling thread's start in the interpreter, until `compileAsUsual`: compiling what prepares routes and
 * statements would cost 30 ms and 4 MB, and none of it runs again.
 */
export function compileLater(): void {
  Bun.unsafe.setJITPolicy(STARTING_SCALE);
}

/** What runs from now on runs often. */
export function compileAsUsual(): void {
  Bun.unsafe.setJITPolicy(1);
}

function isCompiled(): boolean {
  return import.meta.url.includes("/$bunfs/");
}
