import { existsSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { emptyDirectory } from "../e2e/program.ts";
import { until } from "../e2e/until.ts";

/** A real Redis on a free port of loopback, without persistence: a restart has lost everything, unless told otherwise. */
export class RedisServer {
  readonly port: number;
  readonly #directory: string;
  #process: Bun.Subprocess | null = null;

  private constructor(port: number, directory: string) {
    this.port = port;
    this.#directory = directory;
  }

  static async start(): Promise<RedisServer> {
    const redis = new RedisServer(await freePort(), await emptyDirectory());
    servers.add(redis);
    await redis.restart();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** What `SAVE` writes. */
  get snapshotFile(): string {
    return join(this.#directory, "dump.rdb");
  }

  /** Starts it at the same address, empty or with what its last `SAVE` wrote. */
  async restart(from: "nothing" | "snapshot" = "nothing"): Promise<void> {
    if (from === "nothing") rmSync(this.snapshotFile, { force: true });
    const flags = ["--port", String(this.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    this.#process = Bun.spawn([REDIS_SERVER, ...flags, "--dir", this.#directory], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    await until("Redis to answer", 20_000, async () => (await this.command("PING")).startsWith("+PONG"));
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#process?.exited;
  }

  /** SIGSTOP: it keeps its connections and answers nobody. SIGCONT: it goes on. */
  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name);
  }

  /** Sends one inline command; the answer as it comes over the wire, or "" if nobody listens. */
  async command(line: string): Promise<string> {
    const answer = Promise.withResolvers<string>();
    try {
      const socket = await Bun.connect({
        hostname: "127.0.0.1",
        port: this.port,
        socket: {
          data: (_socket, data) => answer.resolve(data.toString()),
          error: () => answer.resolve(""),
          close: () => answer.resolve(""),
        },
      });
      socket.write(`${line}\r\n`);
      const text = await answer.promise;
      socket.end();
      return text;
    } catch {
      return "";
    }
  }
}

const REDIS_SERVER = "/usr/bin/redis-server";
if (!existsSync(REDIS_SERVER)) throw new Error(`${REDIS_SERVER} is missing: apt-get install redis-server`);
const servers = new Set<RedisServer>();
process.on("exit", () => {
  for (const server of servers) server.signal("SIGKILL");
});

/** Ends every Redis that is left: for `afterAll`. */
export async function endRedisServers(): Promise<void> {
  await Promise.all([...servers].map((server) => server.kill()));
  servers.clear();
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
