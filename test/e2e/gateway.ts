import { join } from "node:path";
import { SIMULATE_FLAGS } from "../../src/simulator/simulate-flags.ts";
import { ProcessorPair } from "./processors.ts";
import { type Exit, emptyDirectory, type Program, type ProgramOptions, startProgram } from "./program.ts";

export interface GatewayOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Further flags of `catraca serve`. */
  readonly flags?: readonly string[];
  /** Default: a new one, removed at the end. */
  readonly dataDir?: string;
  readonly processors?: ProcessorPair;
  /** Makes the command run elsewhere, such as in a control group. */
  readonly wrap?: ProgramOptions["wrap"];
}

/** A gateway that may be killed and started again with the same data; each start takes another port. */
export class Gateway {
  readonly dataDir: string;
  readonly #options: GatewayOptions;
  readonly #earlier: string[] = [];
  #program: Program;
  #url: string;

  private constructor(dataDir: string, options: GatewayOptions, program: Program, url: string) {
    this.dataDir = dataDir;
    this.#options = options;
    this.#program = program;
    this.#url = url;
  }

  static async start(options: GatewayOptions = {}): Promise<Gateway> {
    const dataDir = options.dataDir ?? join(await emptyDirectory(), "data");
    const { program, url } = await serve(dataDir, options);
    return new Gateway(dataDir, options, program, url);
  }

  get url(): string {
    return this.#url;
  }
  get pid(): number {
    return this.#program.pid;
  }
  get databaseFile(): string {
    return join(this.dataDir, "catraca.db");
  }
  get exited(): Promise<Exit> {
    return this.#program.exited;
  }
  get hasExited(): boolean {
    return this.#program.hasExited;
  }
  /** Everything logged so far, earlier lives included. */
  get logs(): string {
    return [...this.#earlier, this.#program.output()].join("\n");
  }

  /** Sends a signal without waiting. */
  signal(name: NodeJS.Signals): void {
    this.#program.signal(name);
  }

  /** Sends a signal, kill -9 unless told otherwise, and waits for the end. */
  kill(name: NodeJS.Signals = "SIGKILL"): Promise<Exit> {
    return this.#program.end(name);
  }

  /** An orderly stop. */
  stop(): Promise<Exit> {
    return this.#program.end("SIGTERM");
  }

  /** Starts again on the same data, after it has ended. */
  async restart(): Promise<void> {
    await this.#program.exited;
    this.#earlier.push(this.#program.output());
    const { program, url } = await serve(this.dataDir, this.#options);
    this.#program = program;
    this.#url = url;
  }

  /** Starts again, after it has ended, and is killed `afterMs` later: most likely while it still recovers. */
  async restartAndKill(afterMs: number): Promise<void> {
    await this.#program.exited;
    const program = await spawnServer(this.dataDir, this.#options);
    await Bun.sleep(afterMs);
    await program.end("SIGKILL");
    this.#earlier.push(program.output());
  }
}

async function serve(dataDir: string, options: GatewayOptions): Promise<{ program: Program; url: string }> {
  const program = await spawnServer(dataDir, options);
  const { url } = await program.jsonLine("url");
  return { program, url: String(url) };
}

function spawnServer(dataDir: string, options: GatewayOptions): Promise<Program> {
  const env = { PORT: "0", DATA_DIR: dataDir, REPLICA_ID: "e2e", ...options.processors?.env, ...options.env };
  return startProgram(["serve", ...(options.flags ?? [])], { env, wrap: options.wrap });
}

/** The two processors as a process of their own, which outlives every gateway. */
export async function startProcessors(): Promise<ProcessorPair> {
  // Every simulated server on a free port: several tests' processors live side by side.
  const ports = SIMULATE_FLAGS.filter(({ flag }) => flag.startsWith("--port-"));
  const program = await startProgram(["simulate", ...ports.flatMap(({ flag }) => [flag, "0"])]);
  const { servers } = await program.jsonLine("servers");
  // The shape that src/commands/simulate.ts prints.
  return new ProcessorPair(program, servers as readonly { readonly name: string; readonly url: string }[]);
}
