import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The processes that a benchmark starts, and what the kernel says of them (Linux: /proc). */
const PROJECT = join(import.meta.dir, "../..");
export const BINARY = join(PROJECT, "dist/catraca");
const TICKS_PER_SECOND = 100;

export interface Running {
  readonly url: string;
  readonly pid: number;
  readonly readyMs: number;
  readonly stop: () => Promise<void>;
}

/** A bare server: parses the same JSON, answers 202, stores nothing. The yardstick of every accept figure. */
export async function startBareServer(): Promise<Running> {
  const source = `const s = Bun.serve({port: 0, hostname: "127.0.0.1", async fetch(request) {
    const body = await request.json();
    return new Response('{"correlationId":"' + body.correlationId + '","status":"pending"}',
      {status: 202, headers: {"content-type": "application/json"}});
  }}); console.log(JSON.stringify({url: "http://127.0.0.1:" + s.port}));`;
  return start([process.execPath, "-e", source], {}, (line) => line["url"]);
}

export async function startProcessors(): Promise<Running & { readonly urls: readonly string[] }> {
  const ports = ["default", "fallback", "gateway", "bank", "card-gateway"];
  const command = [BINARY, "simulate", ...ports.flatMap((name) => [`--port-${name}`, "0"])];
  let urls: string[] = [];
  const running = await start(command, {}, (line) => {
    const servers = line["servers"];
    if (!Array.isArray(servers)) return undefined;
    urls = servers.map((server: { url: string }) => server.url);
    return urls[0];
  });
  return { ...running, urls };
}

/** @param environment settings; DATA_DIR is made and removed unless it is given */
export async function startGateway(environment: Readonly<Record<string, string>>): Promise<Running> {
  const dataDir = environment["DATA_DIR"] ?? mkdtempSync(join(tmpdir(), "catraca-bench-"));
  const settings = { PORT: "0", DATA_DIR: dataDir, REPLICA_ID: "bench", ...environment };
  const running = await start([BINARY, "serve"], settings, (line) => line["url"]);
  return {
    ...running,
    stop: async () => {
      await running.stop();
      if (environment["DATA_DIR"] === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function start(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  urlIn: (line: Readonly<Record<string, unknown>>) => unknown,
): Promise<Running> {
  const startedAt = performance.now();
  const child = Bun.spawn([...command], {
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await lines.read();
    if (done) throw new Error(`${command.join(" ")} ended before it was ready: ${text}`);
    text += value;
    for (const line of text.split("\n").slice(0, -1)) {
      const url = urlIn(JSON.parse(line) as Record<string, unknown>);
      if (typeof url !== "string") continue;
      const readyMs = performance.now() - startedAt;
      void drain(lines);
      const stop = async () => {
        child.kill("SIGTERM");
        await child.exited;
      };
      return { url, pid: child.pid, readyMs, stop };
    }
  }
}

/** Nobody reads the rest; a pipe that fills up must not stop the writer. */
async function drain(lines: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await lines.read()).done);
}

/** CPU seconds that a process has used so far, user and system, all threads. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory now and at most, MB. */
export function memoryMb(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Requests per second; as many as possible without. */
  readonly rate?: number;
  /** The same body for every request, instead of a new payment each. */
  readonly body?: string;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly total: number;
  readonly accepted: number;
  readonly other: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One load of autocannon, in a process of its own. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const child = Bun.spawn(["node", join(import.meta.dir, "load.mjs"), JSON.stringify(options)], {
    cwd: PROJECT,
    stdout: "pipe",
    stderr: "ignore",
  });
  return JSON.parse(await new Response(child.stdout).text()) as LoadResult;
}

/** Waits until the summary counts `count` payments; the seconds that took, or null after `timeoutSeconds`. */
export async function untilSettled(
  url: string,
  count: number,
  timeoutSeconds: number,
): Promise<number | null> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < timeoutSeconds * 1000) {
    const summary = (await (await fetch(`${url}/payments-summary`)).json()) as Record<
      "default" | "fallback",
      { totalRequests: number }
    >;
    if (summary.default.totalRequests + summary.fallback.totalRequests >= count) {
      return (performance.now() - startedAt) / 1000;
    }
    await Bun.sleep(50);
  }
  return null;
}
