import { ControlGroup, type GroupLimits } from "./control-group.ts";
import { familyOf, type Usage, usageOf } from "./process-usage.ts";

export interface ProcessOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly limits: GroupLimits | null;
}

/** Of each part's output this much is kept. */
const LOG_CHARACTERS_MAX = 20_000;

/** A program in a control group of its own, which may be ended and started again. */
export class LimitedProcess {
  readonly options: ProcessOptions;
  /** Why there are no limits; null if there are, or none were asked for. */
  readonly unlimitedBecause: string | null;
  readonly #group: ControlGroup | null;
  #child: Bun.Subprocess<"ignore", "pipe", "pipe"> | null = null;
  /** CPU seconds of earlier lives. */
  #cpuSecondsBefore = 0;
  #peakMegabytesBefore = 0;
  #log = "";

  constructor(options: ProcessOptions) {
    this.options = options;
    const { name, limits } = options;
    const made = limits === null ? null : ControlGroup.make(`catraca-${process.pid}-${name}`, limits);
    this.#group = made?.kind === "made" ? made.group : null;
    this.unlimitedBecause = made?.kind === "refused" ? made.reason : null;
  }

  start(): void {
    const { command, environment, directory } = this.options;
    const child = Bun.spawn(this.#group?.wrap(command) ?? [...command], {
      cwd: directory,
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", ...environment },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#child = child;
    void this.#collect(child.stdout);
    void this.#collect(child.stderr);
  }

  /** Sends a signal and waits for the end; the exit code, null after a signal that killed it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === null) return null;
    const { cpuSeconds, peakMegabytes } = usageOf("", familyOf(child.pid));
    this.#cpuSecondsBefore += cpuSeconds;
    this.#peakMegabytesBefore = Math.max(this.#peakMegabytesBefore, peakMegabytes);
    child.kill(signal);
    await child.exited;
    this.#child = null;
    return child.exitCode;
  }

  /** For a run that is cut off: no waiting. */
  killNow(): void {
    this.#child?.kill("SIGKILL");
  }

  remove(): void {
    this.#group?.remove();
  }

  usage(): Usage {
    const { name } = this.options;
    const now = usageOf(name, this.#child === null ? [] : familyOf(this.#child.pid));
    return {
      ...now,
      // Without limits of its own it is in a group with others.
      peakChargedMegabytes: this.#group === null ? null : now.peakChargedMegabytes,
      cpuSeconds: now.cpuSeconds + this.#cpuSecondsBefore,
      peakMegabytes: Math.max(now.peakMegabytes, this.#peakMegabytesBefore),
    };
  }

  get log(): string {
    return this.#log;
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#log = (this.#log + decoder.decode(chunk, { stream: true })).slice(-LOG_CHARACTERS_MAX);
    }
  }
}
