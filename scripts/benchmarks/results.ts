import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import type { Outcome } from "./family.ts";
import { BINARY } from "./processes.ts";

/** What one family showed when it ran last, and where. Kept in docs/benchmarks.json, so that others may run alone. */
export interface FamilyResult extends Outcome {
  readonly measuredAt: string;
  readonly command: string;
  readonly rounds: number;
  readonly seconds: number;
  /** A run to see that it works: its figures are worth nothing. */
  readonly isQuick: boolean;
  readonly machine: string;
  readonly versions: string;
}

export type Results = Readonly<Record<string, FamilyResult>>;

/** The results of earlier runs; none if there is no file. @throws Error if the file is not one of ours */
export function readResults(file: string): Results {
  if (!existsSync(file)) return {};
  const content = JSON.parse(readFileSync(file, "utf8"), reviveNumber) as { families?: Results }; // written below
  if (content.families === undefined) throw new Error(`${file} has no "families": delete it`);
  return content.families;
}

/** Adds the new results to those of earlier runs, in the order of `names`; what is not in `names` any more is left out. */
export function mergeResults(earlier: Results, now: Results, names: readonly string[]): Results {
  const merged = { ...earlier, ...now };
  return Object.fromEntries(
    names.flatMap((name) => {
      const result = merged[name];
      return result === undefined ? [] : [[name, result]];
    }),
  );
}

export function writeResults(file: string, families: Results): void {
  writeFileSync(file, `${JSON.stringify({ families }, keepNumber, 1)}\n`);
}

/** JSON has no NaN and no Infinity. */
const NOT_FINITE = ["NaN", "Infinity", "-Infinity"];

function keepNumber(_key: string, value: unknown): unknown {
  if (typeof value !== "number") return value;
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : String(value);
}

function reviveNumber(_key: string, value: unknown): unknown {
  return typeof value === "string" && NOT_FINITE.includes(value) ? Number(value) : value;
}

export function describeMachine(): string {
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const kernel = /version (\S+)/.exec(readFileSync("/proc/version", "utf8"))?.[1] ?? "";
  return `${cpus().length} × ${cpus()[0]?.model ?? "CPU"}, ${gigabytes} GB, ${process.platform} ${kernel}`;
}

/** What was measured, and with what. */
export async function describeVersions(): Promise<string> {
  const [catraca, node] = await Promise.all([
    firstLine([BINARY, "version"]),
    firstLine(["node", "--version"]),
  ]);
  return `${catraca}, Bun ${Bun.version}, Node.js ${node}, autocannon ${await autocannonVersion()}`;
}

async function firstLine(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "ignore" });
  return (await new Response(child.stdout).text()).split("\n")[0]?.trim() ?? "";
}

async function autocannonVersion(): Promise<string> {
  const { default: manifest } = await import("autocannon/package.json");
  return manifest.version;
}
