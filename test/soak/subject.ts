import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ControlGroup } from "../../scripts/challenge/control-group.ts";
import { SIMULATE_FLAGS } from "../../src/simulator/simulate-flags.ts";
import { until } from "../e2e/until.ts";
import type { SoakOptions } from "./options.ts";

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 30_000;

/** What is forgotten after so long, short enough that an hour sees it many times. */
export const RETENTION = {
  idempotencySeconds: 60,
  topicSeconds: 120,
  topicMessages: 2_000,
} as const;

const SETTINGS = {
  PORT: "0",
  REPLICA_ID: "soak",
  IDEMPOTENCY_TTL_SECONDS: String(RETENTION.idempotencySeconds),
  TOPIC_RETENTION_SECONDS: String(RETENTION.topicSeconds),
  TOPIC_RETENTION_MESSAGES: String(RETENTION.topicMessages),
  RESERVATION_TTL_SECONDS: "10",
  BANK_DELAY_MIN_SECONDS: "0.5",
  BANK_DELAY_MAX_SECONDS: "3",
  GATEWAY_TIMEOUT_SECONDS: "0.5",
  GATEWAY_BACKOFF_BASE_SECONDS: "0.2",
};
/** Shares of the simulated payment gateway: some retries, hardly a dead letter. */
const MOCK_GATEWAY = {
  MOCK_GATEWAY_OK_SHARE: "0.94",
  MOCK_GATEWAY_ERROR_SHARE: "0.05",
  MOCK_GATEWAY_LATE_SHARE: "0.01",
  GATEWAY_TIMEOUT_SECONDS: "0.5",
};

/** A running program and what it prints. */
interface Started {
  readonly child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly line: Readonly<Record<string, unknown>>;
}

interface SubjectParts {
  readonly gateway: Started;
  readonly upstreams: Started;
  readonly cards: Bun.Server<undefined>;
  readonly group: ControlGroup | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly binary: string;
}

/** The executable under test, in a control group where that is possible, with every upstream outside of it. */
export class Subject {
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  /** Why there is no limit of memory; null if there is one. */
  readonly unlimitedBecause: string | null;
  readonly #parts: SubjectParts;

  private constructor(parts: SubjectParts, dataDir: string, unlimitedBecause: string | null) {
    this.#parts = parts;
    this.url = String(parts.gateway.line["url"]);
    this.pid = parts.gateway.child.pid;
    this.dataDir = dataDir;
    this.unlimitedBecause = unlimitedBecause;
  }

  /** Starts upstreams and the gateway. */
  static async start({ binary, memoryMegabytes, cpus }: SoakOptions): Promise<Subject> {
    const dataDir = mkdtempSync(join(tmpdir(), "catraca-soak-"));
    const cards = serveCards();
    const ports = SIMULATE_FLAGS.filter(({ flag }) => flag.startsWith("--port-"));
    const simulate = [binary, "simulate", ...ports.flatMap(({ flag }) => [flag, "0"])];
    const upstreams = await startProgram(simulate, MOCK_GATEWAY, dataDir, "servers");
    // The shape that src/commands/simulate.ts prints.
    const servers = upstreams.line["servers"] as readonly { name: string; url: string }[];
    const urlOf = (name: string): string => {
      const server = servers.find((candidate) => candidate.name === name);
      if (server === undefined) throw new Error(`catraca simulate started no ${name}`);
      return server.url;
    };
    const environment = {
      ...SETTINGS,
      DATA_DIR: join(dataDir, "data"),
      PAYMENT_PROCESSOR_DEFAULT: urlOf("processor-default"),
      PAYMENT_PROCESSOR_FALLBACK: urlOf("processor-fallback"),
      PAYMENT_GATEWAY_URL: urlOf("payment-gateway"),
      PAYMENTS_URL: `http://127.0.0.1:${cards.port}`,
    };
    const limits = { cpus, memoryBytes: memoryMegabytes * 2 ** 20 };
    const made = ControlGroup.make(`catraca-soak-${process.pid}`, limits);
    const group = made.kind === "made" ? made.group : null;
    const command = [binary, "serve"];
    const gateway = await startProgram(group?.wrap(command) ?? command, environment, dataDir, "url");
    const parts = { gateway, upstreams, cards, group, environment, binary };
    return new Subject(parts, join(dataDir, "data"), made.kind === "refused" ? made.reason : null);
  }

  get hasEnded(): boolean {
    return this.#parts.gateway.child.exitCode !== null || this.#parts.gateway.child.signalCode !== null;
  }

  /** Stops the gateway in order; its exit code, null if a signal ended it. */
  async stop(): Promise<number | null> {
    const { child } = this.#parts.gateway;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    await child.exited;
    clearTimeout(timer);
    return child.exitCode;
  }

  /** `catraca audit` on its data, with the processors' books. */
  async audit(): Promise<{ readonly code: number; readonly output: string }> {
    const { binary, environment } = this.#parts;
    const audit = Bun.spawn([binary, "audit", "--processor-token", "123"], {
      env: { ...environment },
      stdout: "pipe",
      stderr: "inherit",
    });
    const output = await new Response(audit.stdout).text();
    return { code: await audit.exited, output: output.trim() };
  }

  /** Ends what is left, and removes the data. */
  async close(): Promise<void> {
    const { gateway, upstreams, cards, group } = this.#parts;
    for (const { child } of [gateway, upstreams]) child.kill("SIGKILL");
    await Promise.all([gateway.child.exited, upstreams.child.exited]);
    await cards.stop(true);
    group?.remove();
    rmSync(join(this.dataDir, ".."), { recursive: true, force: true });
  }
}

/**
 * A card gateway that keeps nothing: one reference in eight is authorized, always the same ones, so that the sample
 * stock lasts for hours.
 */
function serveCards(): Bun.Server<undefined> {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: async (request) => {
      // What the gateway sends, see CONTRACTS, section B.
      const { reference_id: reference } = (await request.json()) as { reference_id: string };
      const status = Number(Bun.hash.xxHash32(reference)) % 8 === 0 ? "AUTHORIZED" : "DECLINED";
      return Response.json({ reference_id: reference, status });
    },
  });
}

/** Runs a program until it has printed a line of JSON with `field`. */
async function startProgram(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  directory: string,
  field: string,
): Promise<Started> {
  const child = Bun.spawn([...command], {
    cwd: directory,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const found: Record<string, unknown>[] = [];
  void readLines(child.stdout, (line) => {
    // Only until it is ready: an hour of log lines is not kept, but warnings are shown.
    const parsed = line.startsWith("{") ? (JSON.parse(line) as Record<string, unknown>) : {};
    if (field in parsed) found.push(parsed);
    else if (parsed["level"] === "warn" || parsed["level"] === "error") console.log(line);
  });
  const line = await until(`${field} of ${command.join(" ")}`, START_MS_MAX, () => found[0]);
  return { child, line };
}

async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) onLine(part);
  }
}
