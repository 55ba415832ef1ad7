import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A function of a .cpuprofile with what it used itself, without what it called. */
export interface ProfiledFunction {
  readonly name: string;
  /** Of all samples that were not idle. */
  readonly share: number;
}

/** The parts of the Chrome DevTools format that are looked at. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** µs before each sample. */
  readonly timeDeltas: readonly number[];
}

const IDLE = /^\((?:idle|program|root)\)$/;
/** One sample takes a millisecond; more is a pause in which nothing ran. */
const PAUSE_FACTOR = 5;

/** The only profile in a directory. @throws Error if there is none: the process was killed, or is not Bun's */
export function readProfile(directory: string): CpuProfile {
  const file = readdirSync(directory).find((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) throw new Error(`no .cpuprofile was written into ${directory}`);
  return JSON.parse(readFileSync(join(directory, file), "utf8")) as CpuProfile; // Bun wrote it
}

/** The functions that used most, at most `limit`. */
export function topFunctions({ nodes, samples, timeDeltas }: CpuProfile, limit: number): ProfiledFunction[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const usual = [...timeDeltas].sort((one, other) => one - other)[timeDeltas.length >> 1] ?? 0;
  const micros = new Map<string, number>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? "";
    if (IDLE.test(name)) continue;
    const delta = Math.min(timeDeltas[index] ?? 0, usual * PAUSE_FACTOR);
    micros.set(name, (micros.get(name) ?? 0) + delta);
    total += delta;
  }
  return [...micros]
    .map(([name, used]) => ({ name, share: used / total }))
    .sort((one, other) => other.share - one.share)
    .slice(0, limit);
}

function nameOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  // Functions of the sources have a file, even those without a name.
  if (functionName === "" && url === "") return "native code of Bun, without a name";
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "" || url.includes("$bunfs")) return name; // In the executable a line says nothing.
  return `${name} ${url.slice(url.lastIndexOf("/") + 1)}:${lineNumber + 1}`;
}
