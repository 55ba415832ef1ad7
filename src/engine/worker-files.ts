/**
 * Where the worker threads' entry files are: beside this one in the sources; in the executable below the
 * common folder of all entries, src/, which bundling makes the root.
 */
export type WorkerFile = "store-worker.ts" | "dispatch-worker.ts";

/** The address to start a worker from. */
export function workerUrl(file: WorkerFile): string {
  const isCompiled = import.meta.url.includes("/$bunfs/");
  return new URL(isCompiled ? `/$bunfs/root/engine/${file}` : `./${file}`, import.meta.url).href;
}
