import { rmSync } from "node:fs";
import { untilReady } from "../../scripts/challenge/deployment.ts";
import { type Exit, type Program, startProgram } from "../e2e/program.ts";

/** As a service manager waits before it starts again what has ended. */
const RESTART_PAUSE_MS = 300;

export interface ReplicaOptions {
  readonly name: string;
  readonly socket: string;
  /** The working directory of all its lives. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

/** An end that nobody here brought about. */
export interface UnexpectedEnd {
  readonly replica: string;
  readonly exit: Exit;
  /** The last thing it said. */
  readonly lastLine: string;
}

/** A replica that is started again whenever it ends, unless it is kept down. */
export class SupervisedReplica {
  readonly name: string;
  readonly socket: string;
  readonly unexpectedEnds: UnexpectedEnd[] = [];
  lives = 0;
  readonly #options: ReplicaOptions;
  readonly #logs: string[] = [];
  #program: Program | null = null;
  #isWanted = false;
  #supervision: Promise<void> = Promise.resolve();

  constructor(options: ReplicaOptions) {
    this.name = options.name;
    this.socket = options.socket;
    this.#options = options;
  }

  /** Starts it, and again whenever it ends. */
  start(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    const before = this.#supervision;
    this.#supervision = before.then(() => this.#supervise());
  }

  /** Ends it, frozen or not, and keeps it down. @returns how it ended, null if it was down already */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<Exit | null> {
    this.#isWanted = false;
    const program = this.#program;
    program?.signal(signal);
    const exit = program === null || program.hasExited ? null : await program.exited;
    await this.#supervision;
    return exit;
  }

  /** SIGSTOP and SIGCONT. */
  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#program?.signal(name);
  }

  ready(timeoutMs: number): Promise<void> {
    return untilReady("http://localhost/health/ready", timeoutMs, this.socket);
  }

  /** Everything that it logged in all its lives. */
  get logs(): string {
    return [...this.#logs, this.#program?.output() ?? ""].join("\n");
  }

  async #supervise(): Promise<void> {
    while (this.#isWanted) {
      const { directory, env } = this.#options;
      // What a killed one left behind; a connection to it would be refused all the same.
      rmSync(this.socket, { force: true });
      const program = await startProgram(["serve"], { directory, env });
      this.#program = program;
      this.lives++;
      if (!this.#isWanted) program.signal("SIGKILL");
      const exit = await program.exited;
      this.#logs.push(program.output());
      this.#program = null;
      if (!this.#isWanted) return;
      const lastLine = program.output().trimEnd().split("\n").at(-1) ?? "";
      this.unexpectedEnds.push({ replica: this.name, exit, lastLine });
      await Bun.sleep(RESTART_PAUSE_MS);
    }
  }
}
