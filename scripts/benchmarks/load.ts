import { join } from "node:path";
import { PROJECT } from "./processes.ts";

/** Loads, each from a process of its own. */
export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** The same body for every request, instead of a new payment each. */
  readonly body?: string;
  /** GET one of this file's lines each time, chosen at random. */
  readonly pathsFile?: string;
}

export interface LoadResult {
  readonly perSecond: number;
  /** Answered 2xx. */
  readonly accepted: number;
  readonly other: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** As many requests as the connections give: autocannon. @throws Error if it fails */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const program = join(import.meta.dir, "autocannon-load.mjs");
  return (await output(["node", program, JSON.stringify(options)])) as LoadResult; // it prints this shape
}

export interface PacedOptions {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly perSecond: number;
}

/** What became of the requests of a paced load. */
export interface PacedResult {
  /** Requests that were due. */
  readonly due: number;
  /** By kind of answer; `unanswered` is what got none within two seconds, or could not even be sent. */
  readonly answers: Readonly<Record<AnswerKind, number>>;
  /** Of the answers 2xx; NaN if there was none. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the answers 503 with Retry-After; null if there was none. */
  readonly refusedP99Ms: number | null;
  /** Of the answers 2xx, see latency-histogram.ts. */
  readonly counts: readonly number[];
}

export const ANSWER_KINDS = ["accepted", "refused", "unexpected", "unanswered"] as const;
export type AnswerKind = (typeof ANSWER_KINDS)[number];

/** What runs for the first time is interpreted, compiled, prepared: not what is measured at an even pace. */
const WARM_UP = { seconds: 3, perSecond: 2000 } as const;

/** @returns how many payments were accepted, the first one on each connection included */
export async function warmUp(url: string, connections: number): Promise<number> {
  const { answers } = await pacedLoad({ url, connections, ...WARM_UP });
  return answers.accepted + connections;
}

/** Payments at an even pace, whatever the answers do: paced-load.ts. */
export async function pacedLoad(options: PacedOptions): Promise<PacedResult> {
  const program = join(import.meta.dir, "paced-load.ts");
  const command = [process.execPath, "--no-env-file", program, JSON.stringify(options)];
  const result = (await output(command)) as PacedResult; // it prints this shape
  // JSON has no NaN, which is what a percentile of nothing is.
  return { ...result, p50Ms: result.p50Ms ?? Number.NaN, p99Ms: result.p99Ms ?? Number.NaN };
}

async function output(command: readonly string[]): Promise<unknown> {
  const child = Bun.spawn([...command], { cwd: PROJECT, stdout: "pipe", stderr: "pipe" });
  const [text, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(`${command.slice(0, 3).join(" ")} failed: ${errors}`);
  return JSON.parse(text);
}
