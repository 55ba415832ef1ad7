import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings } from "../config/load.ts";
import { SETTINGS } from "../config/settings.ts";
import { createLogger } from "../log/logger.ts";
import type { RunCommand } from "./command.ts";
import { run as config } from "./config.ts";
import { run as healthcheck } from "./healthcheck.ts";
import { run as help } from "./help.ts";
import { COMMANDS } from "./table.ts";
import { run as version } from "./version.ts";

/** Runs a command as main.ts does and gives back its exit code and what it printed. */
async function execute(run: RunCommand, argv: readonly string[], environment: Record<string, string> = {}) {
  const commandFlags = [{ flag: "--json", takesValue: false }];
  const loaded = loadSettings(argv, environment, { commandFlags });
  if (!loaded.ok) throw new Error(loaded.problems.join());
  const printed: string[] = [];
  const log = createLogger({ level: "error", thread: "main", replica: "r1" });
  const code = await run({ ...loaded, log, print: (line) => void printed.push(line) });
  return { code, output: printed.join("\n") };
}

describe("config", () => {
  test("prints every setting with its value and where it comes from", async () => {
    const { code, output } = await execute(config, ["--port", "8080"], { CATRACA_HOST: "::1" });
    expect(code).toBe(0);
    for (const { name } of SETTINGS) expect(output).toContain(`\n  ${name} `);
    expect(output).toMatch(/PORT +8080 +flag --port\n/);
    expect(output).toMatch(/HOST +::1 +environment variable CATRACA_HOST\n/);
    expect(output).toMatch(/PAYMENT_GATEWAY_URL +built-in +default\n/);
  });

  test("masks secrets, as a table and as JSON", async () => {
    const secrets = { ADMIN_TOKEN: "hunter2", REDIS_URL: "redis://:hunter2@cache:6379/1" };
    for (const argv of [[], ["--json"]]) {
      const { output } = await execute(config, argv, secrets);
      expect(output).not.toContain("hunter2");
      expect(output).toContain("redis://***@cache:6379/1");
      expect(output).toContain("***");
    }
  });

  test("--json is for programs: name → value, source, flag", async () => {
    const { output } = await execute(config, ["--json", "--max-hold-seconds=2.5"]);
    const settings = JSON.parse(output) as Record<string, unknown>;
    expect(Object.keys(settings)).toEqual(SETTINGS.map(({ name }) => name));
    expect(settings).toMatchObject({
      MAX_HOLD_SECONDS: {
        value: 2.5,
        source: { kind: "flag", name: "--max-hold-seconds" },
        flag: "--max-hold-seconds",
      },
      REDIS_URL: { value: null, source: { kind: "default" } },
    });
  });
});

describe("version", () => {
  test("is one line, or JSON", async () => {
    expect((await execute(version, [])).output).toMatch(/^catraca \d+\.\d+\.\d+ \(.+, bun \d+\.\d+\.\d+\)$/);
    const { output } = await execute(version, ["--json"]);
    expect(Object.keys(JSON.parse(output) as object)).toEqual(["version", "revision", "target", "bun"]);
  });
});

describe("help", () => {
  test("names every command and every setting with its default", async () => {
    const { code, output } = await execute(help, []);
    expect(code).toBe(0);
    for (const { name, summary } of COMMANDS) {
      expect(output).toContain(`\n  ${name} `);
      expect(output.replace(/\s+/g, " ")).toContain(summary);
    }
    for (const { flag, kind, defaultText } of SETTINGS) {
      expect(output).toContain(kind === "boolean" ? flag.replace("--", "--[no-]") : `${flag} <${kind}>`);
      expect(output).toContain(`[${defaultText.replaceAll("`", "")}]`);
    }
    for (const line of output.split("\n")) expect(line.length).toBeLessThanOrEqual(105);
  });

  test("of a command shows its usage, its flags and the settings it uses", async () => {
    for (const command of COMMANDS) {
      const { code, output } = await execute(help, [command.name]);
      expect(code).toBe(0);
      expect(output).toContain(`Usage: catraca ${command.name}`);
      for (const { flag } of command.flags) expect(output).toContain(`  ${flag} `);
      expect(output).toContain("Exit codes:");
    }
  });

  test("of an unknown command suggests the one that was meant", async () => {
    const { code, output } = await execute(help, ["healtcheck"]);
    expect(code).toBe(2);
    expect(output).toContain("Did you mean healthcheck?");
  });
});

describe("healthcheck", () => {
  const folder = mkdtempSync(join(tmpdir(), "catraca-health-"));
  let status = 200;
  const answer = (request: Request) =>
    new URL(request.url).pathname === "/health/ready"
      ? Response.json({ status: status === 200 ? "ok" : "degraded" }, { status })
      : new Response("", { status: 404 });
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  const socket = join(folder, "catraca.sock");
  const socketServer = Bun.serve({ unix: socket, fetch: answer });
  const proxies = ["HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"].map((name) => [
    name,
    process.env[name],
  ]);
  afterAll(async () => {
    for (const [name, value] of proxies) {
      if (name !== undefined && value === undefined) delete process.env[name];
      else Object.assign(process.env, { [String(name)]: value });
    }
    await server.stop(true);
    await socketServer.stop(true);
    rmSync(folder, { recursive: true });
  });
  const port = String(server.port);

  test("ends with 0 when the server is ready, and says so in one line", async () => {
    status = 200;
    const { code, output } = await execute(healthcheck, ["--port", port]);
    expect(output).toBe(`ready: http://127.0.0.1:${port}/health/ready answered 200 {"status":"ok"}`);
    expect(code).toBe(0);
  });

  test("calls the loopback address of a server that listens everywhere", async () => {
    status = 200;
    const { code, output } = await execute(healthcheck, [], { PORT: port, HOST: "0.0.0.0" });
    expect(output).toStartWith(`ready: http://127.0.0.1:${port}/`);
    expect(code).toBe(0);
  });

  test("calls the unix socket where there is one", async () => {
    status = 200;
    const { code, output } = await execute(healthcheck, [], { SOCKET: socket });
    expect(output).toStartWith(`ready: ${socket} /health/ready answered 200`);
    expect(code).toBe(0);
  });

  test("goes past a proxy that is configured for upstreams", async () => {
    status = 200;
    Object.assign(process.env, { HTTP_PROXY: "http://127.0.0.1:1", http_proxy: "http://127.0.0.1:1" });
    for (const name of ["NO_PROXY", "no_proxy"]) delete process.env[name];
    expect((await execute(healthcheck, ["--port", port])).code).toBe(0);
  });

  test("ends with 1 when the server says it is not ready", async () => {
    status = 503;
    const { code, output } = await execute(healthcheck, ["--port", port]);
    expect(output).toBe(
      `not ready: http://127.0.0.1:${port}/health/ready answered 503 {"status":"degraded"}`,
    );
    expect(code).toBe(1);
  });

  test("ends with 1 when nobody listens", async () => {
    const free = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
    const freePort = String(free.port);
    await free.stop(true);
    const { code, output } = await execute(healthcheck, ["--port", freePort]);
    expect(output).toMatch(/^not ready: .* did not answer \(\w+\)$/);
    expect(code).toBe(1);
  });

  test("gives up after 2 s when the server hangs", async () => {
    const hanging = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Promise<Response>(() => {}),
    });
    const startedAt = performance.now();
    const { code, output } = await execute(healthcheck, ["--port", String(hanging.port)]);
    expect(output).toContain("no answer within 2 s");
    expect(code).toBe(1);
    expect(performance.now() - startedAt).toBeWithin(1_900, 3_000);
    await hanging.stop(true);
  });
});
