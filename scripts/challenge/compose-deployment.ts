import { PROJECT, readServices } from "./compose-file.ts";
import { type Deployment, untilReady } from "./deployment.ts";
import { pidsOfContainer, type Usage, usageOf } from "./process-usage.ts";

export interface ComposeDeploymentOptions {
  /** Variables of compose.yml; PORT is the port outside. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Build the image before (default true). */
  readonly build?: boolean;
}

/** Building the image installs the dependencies and compiles. */
const UP_TIMEOUT_MS = 300_000;
const READY_TIMEOUT_MS = 60_000;
const PROCESSOR_PORTS = { default: 8001, fallback: 8002 } as const;

/** The command that understands compose files: COMPOSE, such as "docker compose" (the default). */
export function composeCommand(): string[] {
  return (process.env["COMPOSE"] ?? "docker compose").split(" ").filter(Boolean);
}

/** Whether that command is there and reaches an engine. */
export function canCompose(): boolean {
  const [program = "", ...rest] = composeCommand();
  if (Bun.which(program, { cwd: PROJECT }) === null) return false;
  return Bun.spawnSync([program, ...rest, "ps"], { cwd: PROJECT, stdout: "ignore", stderr: "ignore" })
    .success;
}

/** Builds the image and starts compose.yml. */
export async function startCompose(options: ComposeDeploymentOptions = {}): Promise<Deployment> {
  const set = new ComposeDeployment(options);
  try {
    await set.start(options.build ?? true);
    return set;
  } catch (error) {
    const logs = set.logs();
    await set.close();
    throw new Error(`compose.yml did not start: ${error instanceof Error ? error.message : error}\n${logs}`);
  }
}

class ComposeDeployment implements Deployment {
  readonly url: string;
  readonly processorUrls = {
    default: `http://127.0.0.1:${PROCESSOR_PORTS.default}`,
    fallback: `http://127.0.0.1:${PROCESSOR_PORTS.fallback}`,
  };
  readonly replicas: readonly string[];
  readonly #services: readonly string[];
  readonly #variables: Readonly<Record<string, string>>;

  constructor({ variables = {} }: ComposeDeploymentOptions) {
    this.#variables = variables;
    this.#services = [...readServices(variables).keys()];
    this.replicas = this.#services.filter((name) => /^catraca\d+$/.test(name));
    this.url = `http://127.0.0.1:${variables["PORT"] ?? process.env["PORT"] ?? "9999"}`;
  }

  get description(): string {
    return `compose.yml through "${composeCommand().join(" ")}"`;
  }

  async start(build: boolean): Promise<void> {
    await this.#compose(["up", "--detach", ...(build ? ["--build"] : [])], UP_TIMEOUT_MS);
    await untilReady(`${this.url}/health/ready`, READY_TIMEOUT_MS);
  }

  usage(): readonly Usage[] {
    return this.#services.map((name) => {
      const id = this.#containerOf(name);
      return usageOf(name, id === "" ? [] : pidsOfContainer(id));
    });
  }

  async kill(replica: string): Promise<void> {
    await this.#compose(["kill", "-s", "SIGKILL", replica]);
  }

  async stopReplica(replica: string): Promise<number | null> {
    await this.#compose(["stop", replica]);
    // compose does not tell the exit code in a way that all its versions share.
    return null;
  }

  async startReplica(replica: string): Promise<void> {
    await this.#compose(["start", replica]);
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (!this.#run(["exec", "-T", replica, "catraca", "healthcheck"]).success) {
      if (performance.now() > deadline) throw new Error(`${replica} was not ready in ${READY_TIMEOUT_MS} ms`);
      await Bun.sleep(200);
    }
  }

  logs(): string {
    return this.#run(["logs", "--tail", "100"]).stdout.toString();
  }

  async close(): Promise<void> {
    await this.#compose(["down", "--volumes"]);
  }

  /** Empty if the service does not run. */
  #containerOf(service: string): string {
    return this.#run(["ps", "-q", service]).stdout.toString().trim().split("\n").at(-1) ?? "";
  }

  #run(command: readonly string[]) {
    return Bun.spawnSync([...composeCommand(), ...command], {
      cwd: PROJECT,
      env: { ...process.env, ...this.#variables },
      stderr: "pipe",
    });
  }

  async #compose(command: readonly string[], timeoutMs = 60_000): Promise<void> {
    const child = Bun.spawn([...composeCommand(), ...command], {
      cwd: PROJECT,
      env: { ...process.env, ...this.#variables },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: timeoutMs,
    });
    const [output, errors] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    if ((await child.exited) === 0) return;
    throw new Error(`${composeCommand().join(" ")} ${command.join(" ")} failed:\n${output}${errors}`);
  }
}
