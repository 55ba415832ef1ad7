import { existsSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { until } from "./until.ts";

/**
 * The compiled executable as a process of its own, run the way a stranger would: in an empty directory, far
 * from the sources, with no environment but the one given.
 */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a new, empty directory that is removed at the end. */
  readonly directory?: string;
  /** Makes the command run elsewhere, such as in a control group; it must keep its process id. */
  readonly wrap?: ((command: readonly string[]) => readonly string[]) | undefined;
}

const projectRoot = resolve(import.meta.dir, "../..");
const { CATRACA_BINARY } = process.env;
const binary = resolve(CATRACA_BINARY ?? join(projectRoot, "dist/catraca"));
if (!existsSync(binary)) throw new Error(`${binary} is missing: run scripts/build, or set CATRACA_BINARY`);

const running = new Set<Program>();
const directories = new Set<string>();

// A test run that is cut off (a time limit, Ctrl-C) must not leave servers and directories behind.
process.on("exit", () => {
  for (const program of running) program.signal("SIGKILL");
  for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
});
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(1));

export class Program {
  readonly pid: number;
  readonly directory: string;
  /** Lines of standard output, in order. */
  readonly lines: string[] = [];
  /** Lines of standard error, in order. */
  readonly errors: string[] = [];
  readonly exited: Promise<Exit>;
  readonly #process;

  constructor(command: readonly string[], directory: string, env: Readonly<Record<string, string>>) {
    this.directory = directory;
    this.#process = Bun.spawn([...command], {
      cwd: directory,
      env: { PATH: "/usr/bin:/bin", ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.pid = this.#process.pid;
    running.add(this);
    const read = [collect(this.#process.stdout, this.lines), collect(this.#process.stderr, this.errors)];
    this.exited = this.#process.exited.then(async () => {
      running.delete(this);
      await Promise.all(read);
      const { exitCode, signalCode } = this.#process;
      return { code: exitCode, signal: signalCode === null ? null : String(signalCode) };
    });
  }

  get hasExited(): boolean {
    return !running.has(this);
  }

  /** Sends a signal; nothing happens if the process is gone. */
  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** Sends a signal and waits for the end. */
  end(name: NodeJS.Signals): Promise<Exit> {
    this.signal(name);
    return this.exited;
  }

  /** The first line of standard output that is JSON and has `field`; throws with all output if there is none. */
  jsonLine(field: string, timeoutMs = 10_000): Promise<Readonly<Record<string, unknown>>> {
    return until(`a line with "${field}"`, timeoutMs, () => {
      const line = this.lines.map(parseObject).find((object) => object !== null && field in object);
      if (line === undefined && this.hasExited) throw new Error("it ended before");
      return line;
    }).catch((error: unknown) => {
      throw new Error(`catraca did not say "${field}": ${error}\n${this.output()}`);
    });
  }

  /** Everything that it wrote. */
  output(): string {
    return [...this.lines, ...this.errors].join("\n");
  }
}

/** Starts the executable. */
export async function startProgram(args: readonly string[], options: ProgramOptions = {}): Promise<Program> {
  const { wrap = (command: readonly string[]) => command } = options;
  return new Program(
    wrap([binary, ...args]),
    options.directory ?? (await emptyDirectory()),
    options.env ?? {},
  );
}

/** Runs the executable to its end. */
export async function runProgram(
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Exit & { readonly output: string }> {
  const program = await startProgram(args, options);
  const exit = await program.exited;
  return { ...exit, output: program.output() };
}

/** A new directory that `endPrograms` removes. */
export async function emptyDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "catraca-e2e-"));
  directories.add(directory);
  return directory;
}

/** Ends every process that is left, by its id. */
export async function killPrograms(): Promise<void> {
  await Promise.all([...running].map((program) => program.end("SIGKILL")));
}

/** Ends every process that is left and removes the directories: for `afterAll`. */
export async function endPrograms(): Promise<void> {
  await killPrograms();
  await Promise.all([...directories].map((directory) => rm(directory, { recursive: true, force: true })));
  directories.clear();
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    // An object of unknown fields is what every reader here takes it for.
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

async function collect(stream: ReadableStream<Uint8Array>, lines: string[]): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  }
  if (rest !== "") lines.push(rest);
}
