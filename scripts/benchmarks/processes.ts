import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The processes that benchmarks start and stop. */
export const PROJECT = join(import.meta.dir, "../..");
/** The executable that is measured: CATRACA_BINARY, default dist/catraca. */
export const BINARY = resolve(process.env["CATRACA_BINARY"] ?? join(PROJECT, "dist/catraca"));

export interface Running {
  readonly url: string;
  readonly pid: number;
  readonly readyMs: number;
  /** Asks it to end; killed if it has not after a while. @returns the exit code, null after a kill */
  readonly stop: () => Promise<number | null>;
}

export interface StartOptions {
  /** Makes the command run elsewhere, such as in a control group. */
  readonly wrap?: (command: readonly string[]) => readonly string[];
}

/** Past it, something hangs: the figure would mean nothing, and the run must not wait for ever. */
const STOP_MS_MAX = 20_000;

const running = new Set<Bun.Subprocess>();
const directories = new Set<string>();
// A run that is cut off leaves nothing behind.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
});
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(1));

/** A new directory that is removed when this process ends, or by `removeDirectory`. */
export function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "catraca-bench-"));
  directories.add(directory);
  return directory;
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  directories.delete(directory);
}

/** A bare server: parses the same JSON, answers 202, stores nothing; a GET is answered 200 with a small object. */
export async function startBareServer(): Promise<Running> {
  const source = `const s = Bun.serve({port: 0, hostname: "127.0.0.1", async fetch(request) {
    if (request.method === "GET") return Response.json({default: {totalRequests: 1, totalAmount: 2}, path: request.url});
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
export async function startGateway(
  environment: Readonly<Record<string, string>>,
  { wrap = (command) => command }: StartOptions = {},
): Promise<Running> {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run scripts/build`);
  const given = environment["DATA_DIR"];
  const dataDir = given ?? makeDirectory();
  const settings = { PORT: "0", DATA_DIR: dataDir, REPLICA_ID: "bench", ...environment };
  const gateway = await start(wrap([BINARY, "serve"]), settings, (line) => line["url"]);
  const stop = async () => {
    const code = await gateway.stop();
    if (given === undefined) removeDirectory(dataDir);
    return code;
  };
  return { ...gateway, stop };
}

/** A gateway with processors in a process of their own, both stopped afterwards. */
export async function withGateway<T>(
  run: (gateway: Running) => Promise<T>,
  environment: Readonly<Record<string, string>> = {},
  options: StartOptions = {},
): Promise<T> {
  const processors = await startProcessors();
  try {
    const [main = "", fallback = ""] = processors.urls;
    const settings = { PAYMENT_PROCESSOR_DEFAULT: main, PAYMENT_PROCESSOR_FALLBACK: fallback };
    const gateway = await startGateway({ ...settings, ...environment }, options);
    try {
      return await run(gateway);
    } finally {
      await gateway.stop();
    }
  } finally {
    await processors.stop();
  }
}

/** Starts a program that writes lines of JSON, and waits for the one in which `urlIn` finds its address. */
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
  running.add(child);
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await lines.read();
    if (done) throw new Error(`${command.join(" ")} ended before it was ready: ${text}`);
    text += value;
    for (const line of text.split("\n").slice(0, -1)) {
      const url = urlIn(JSON.parse(line) as Record<string, unknown>); // our own programs write it
      if (typeof url !== "string") continue;
      const readyMs = performance.now() - startedAt;
      void drain(lines);
      return { url, pid: child.pid, readyMs, stop: () => end(child) };
    }
  }
}

async function end(child: Bun.Subprocess): Promise<number | null> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
  await child.exited;
  clearTimeout(timer);
  running.delete(child);
  return child.exitCode;
}

/** Nobody reads the rest; a pipe that fills up must not stop the writer. */
async function drain(lines: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await lines.read()).done);
}

/** Waits until the summary counts `count` payments; the seconds that took, or null after `timeoutSeconds`. */
export async function untilSettled(
  url: string,
  count: number,
  timeoutSeconds: number,
): Promise<number | null> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < timeoutSeconds * 1000) {
    if ((await settledCount(url)) >= count) return (performance.now() - startedAt) / 1000;
    await Bun.sleep(50);
  }
  return null;
}

/** Payments that the summary counts now. */
export async function settledCount(url: string): Promise<number> {
  const summary = (await (await fetch(`${url}/payments-summary`)).json()) as Record<
    "default" | "fallback",
    { totalRequests: number }
  >; // docs/json says so
  return summary.default.totalRequests + summary.fallback.totalRequests;
}
