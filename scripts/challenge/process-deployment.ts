import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SIMULATE_FLAGS } from "../../src/simulator/simulate-flags.ts";
import { PROJECT, readServices, type Service } from "./compose-file.ts";
import { type Deployment, untilReady } from "./deployment.ts";
import { freePort } from "./free-port.ts";
import { LimitedProcess } from "./limited-process.ts";
import { prepareNginx } from "./nginx-process.ts";

export interface ProcessDeploymentOptions {
  /** Stand for the variables of compose.yml, such as PROCESSOR_FEE_DEFAULT. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Further settings of every replica. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What runs in the place of `catraca serve`, with the same environment: the yardstick. */
  readonly replicaCommand?: readonly string[];
  /** Path that a ready replica answers 200 (default /health/ready). */
  readonly readyPath?: string;
  /** Replicas listen on ports instead of unix sockets. */
  readonly ports?: boolean;
}

const READY_TIMEOUT_MS = 15_000;

/** What is left running when this process is cut off. */
const running = new Set<LimitedProcess>();
process.on("exit", () => {
  for (const part of running) part.killNow();
});

/**
 * Starts what compose.yml describes as processes of this machine: the same programs and settings, real nginx with
 * the same file, real Redis, each in a control group with the same limits. Needs nginx, redis-server and the
 * executable (CATRACA_BINARY, default dist/catraca).
 */
export async function startProcesses(options: ProcessDeploymentOptions = {}): Promise<Deployment> {
  const set = new ProcessDeployment(options);
  try {
    await set.start();
    return set;
  } catch (error) {
    const logs = set.logs();
    await set.close();
    throw new Error(`the set did not start: ${error instanceof Error ? error.message : error}\n${logs}`);
  }
}

class ProcessDeployment implements Deployment {
  readonly url: string;
  readonly processorUrls;
  readonly replicas: readonly string[];
  readonly #directory = mkdtempSync(join(tmpdir(), "catraca-set-"));
  readonly #parts = new Map<string, LimitedProcess>();
  readonly #services: ReadonlyMap<string, Service>;
  readonly #ports = new Map<string, number>();
  readonly #options: ProcessDeploymentOptions;
  readonly #binary = resolve(process.env["CATRACA_BINARY"] ?? join(PROJECT, "dist/catraca"));

  constructor(options: ProcessDeploymentOptions) {
    if (!existsSync(this.#binary)) throw new Error(`${this.#binary} is missing: run scripts/build`);
    this.#options = options;
    this.#services = readServices(options.variables ?? {});
    this.replicas = [...this.#services.keys()].filter((name) => /^catraca\d+$/.test(name));
    for (const name of [...this.replicas, "nginx", "redis", "default", "fallback"]) {
      this.#ports.set(name, freePort());
    }
    this.url = `http://127.0.0.1:${this.#port("nginx")}`;
    this.processorUrls = {
      default: `http://127.0.0.1:${this.#port("default")}`,
      fallback: `http://127.0.0.1:${this.#port("fallback")}`,
    };
  }

  get description(): string {
    const unlimited = [...this.#parts.values()].find((part) => part.unlimitedBecause !== null);
    const limits =
      unlimited === undefined
        ? "each in a control group with the limits of compose.yml"
        : `WITHOUT LIMITS (no control group: ${unlimited.unlimitedBecause})`;
    return `${this.replicas.length} replicas, nginx and Redis as processes, ${limits}`;
  }

  async start(): Promise<void> {
    this.#add("redis", ["redis-server", ...this.#redisArguments()], {});
    const simulated = this.#services.get("processors")?.environment ?? {};
    this.#add("processors", [this.#binary, "simulate", ...this.#simulateArguments()], simulated);
    for (const name of this.replicas) {
      const command = this.#options.replicaCommand ?? [this.#binary, "serve"];
      this.#add(name, command, this.#replicaEnvironment(name));
    }
    for (const part of this.#parts.values()) part.start();
    await Promise.all(this.replicas.map((name) => this.#untilReplicaReady(name)));
    const ports = this.replicas.map((name) => [name, `127.0.0.1:${this.#port(name)}`] as const);
    const addresses = new Map(this.#options.ports ? ports : []);
    const listen = `127.0.0.1:${this.#port("nginx")}`;
    this.#add("nginx", prepareNginx(this.#directory, listen, addresses), {}).start();
    await untilReady(`${this.url}/healthcheck`, READY_TIMEOUT_MS);
  }

  usage() {
    return [...this.#parts.values()].map((part) => part.usage());
  }

  async kill(replica: string): Promise<void> {
    await this.#part(replica).end("SIGKILL");
  }

  stopReplica(replica: string): Promise<number | null> {
    return this.#part(replica).end("SIGTERM");
  }

  async startReplica(replica: string): Promise<void> {
    this.#part(replica).start();
    await this.#untilReplicaReady(replica);
  }

  logs(): string {
    return [...this.#parts].map(([name, part]) => `--- ${name}\n${part.log}`).join("\n");
  }

  async close(): Promise<void> {
    await Promise.all([...this.#parts.values()].map((part) => part.end("SIGTERM")));
    for (const part of this.#parts.values()) {
      part.remove();
      running.delete(part);
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #add(name: string, command: readonly string[], environment: Readonly<Record<string, string>>) {
    const limits = this.#services.get(name)?.limits ?? null;
    const part = new LimitedProcess({ name, command, environment, directory: this.#directory, limits });
    this.#parts.set(name, part);
    running.add(part);
    return part;
  }

  #part(name: string): LimitedProcess {
    const part = this.#parts.get(name);
    if (part === undefined) throw new Error(`no part of the set is called ${name}`);
    return part;
  }

  #port(name: string): number {
    const port = this.#ports.get(name);
    if (port === undefined) throw new Error(`no port was taken for ${name}`);
    return port;
  }

  #socket(name: string): string {
    return join(this.#directory, `${name}.sock`);
  }

  #redisArguments(): string[] {
    const [, ...rest] = this.#services.get("redis")?.command ?? [];
    return [...rest, "--bind", "127.0.0.1", "--port", String(this.#port("redis"))];
  }

  #simulateArguments(): string[] {
    const ports: Readonly<Record<string, number>> = {
      "--port-default": this.#port("default"),
      "--port-fallback": this.#port("fallback"),
    };
    // The other simulated services are not asked for here: any free port will do.
    const flags = SIMULATE_FLAGS.map(({ flag }) => flag).filter((flag) => flag.startsWith("--port-"));
    return flags.flatMap((flag) => [flag, String(ports[flag] ?? 0)]);
  }

  /** The service's own settings, with addresses of this machine for the names of the network. */
  #replicaEnvironment(name: string): Record<string, string> {
    const environment: Record<string, string> = { ...this.#services.get(name)?.environment };
    // Given as empty, a setting is not set: with an empty REDIS_URL the replicas share the database alone.
    return {
      ...environment,
      DATA_DIR: join(this.#directory, "data"),
      DATABASE_FILE: join(this.#directory, "data/catraca.db"),
      HOST: "127.0.0.1",
      PORT: String(this.#port(name)),
      REDIS_URL: `redis://127.0.0.1:${this.#port("redis")}`,
      PAYMENT_PROCESSOR_DEFAULT: this.processorUrls.default,
      PAYMENT_PROCESSOR_FALLBACK: this.processorUrls.fallback,
      SOCKET: this.#options.ports ? "" : this.#socket(name),
      ...this.#options.settings,
    };
  }

  #untilReplicaReady(name: string): Promise<void> {
    const path = this.#options.readyPath ?? "/health/ready";
    const address = this.#options.ports ? `127.0.0.1:${this.#port(name)}` : "localhost";
    const unix = this.#options.ports ? undefined : this.#socket(name);
    return untilReady(`http://${address}${path}`, READY_TIMEOUT_MS, unix);
  }
}
