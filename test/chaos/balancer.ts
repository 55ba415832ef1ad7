import { openSync } from "node:fs";
import { join } from "node:path";
import { untilReady } from "../../scripts/challenge/deployment.ts";
import { freePort } from "../../scripts/challenge/free-port.ts";
import { prepareNginx } from "../../scripts/challenge/nginx-process.ts";

const running = new Set<Balancer>();
process.on("exit", () => {
  for (const balancer of running) balancer.signal("SIGTERM");
});

/** Real nginx with the project's nginx.conf in front of sockets in `directory`. */
export class Balancer {
  readonly url: string;
  readonly #process: Bun.Subprocess;

  private constructor(url: string, process: Bun.Subprocess) {
    this.url = url;
    this.#process = process;
    running.add(this);
  }

  /** Resolves when somebody behind it answers. */
  static async start(directory: string, timeoutMs: number): Promise<Balancer> {
    const address = `127.0.0.1:${freePort()}`;
    const command = prepareNginx(directory, address);
    const log = openSync(join(directory, "nginx.log"), "a");
    const nginx = Bun.spawn(command, { stdin: "ignore", stdout: log, stderr: log });
    const balancer = new Balancer(`http://${address}`, nginx);
    await untilReady(`${balancer.url}/healthcheck`, timeoutMs);
    return balancer;
  }

  /** SIGHUP reads the configuration again: new workers, and the old ones end with their last request. */
  signal(name: "SIGHUP" | "SIGTERM"): void {
    this.#process.kill(name);
  }

  async stop(): Promise<void> {
    this.signal("SIGTERM");
    await this.#process.exited;
    running.delete(this);
  }
}
