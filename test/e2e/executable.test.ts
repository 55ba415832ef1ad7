/** The executable as an operator meets it: alone in an empty directory, with flags, variables and exit codes. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { call, pay, settledPayment } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { emptyDirectory, endPrograms, runProgram, startProgram } from "./program.ts";

afterAll(endPrograms);

describe("alone in an empty directory", () => {
  test("without any setting but the port it serves, with built-in processors, and makes ./data", async () => {
    const directory = await emptyDirectory();
    const program = await startProgram([], { directory, env: { PORT: "0" } });
    const banner = await program.jsonLine("url");
    const url = String(banner["url"]);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(String(banner["processors"])).toContain("built-in");
    const id = crypto.randomUUID();
    await pay(url, id, 19.9);
    expect((await settledPayment(url, id)).processor).toBe("default");
    // The built-in processors' own books, on the same port.
    expect((await call(`${url}/processors/default/payments/${id}`)).body).toMatchObject({
      correlationId: id,
      amount: 19.9,
    });
    expect(await program.end("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(readdirSync(directory)).toEqual(["data"]);
    expect(readdirSync(join(directory, "data"))).toContain("catraca.db");
    expect(program.errors).toEqual([]);
  });

  test("a .env and a bunfig.toml that lie there are not obeyed", async () => {
    const directory = await emptyDirectory();
    await writeFile(
      join(directory, ".env"),
      "LOG_LEVEL=nonsense\nGATEWAY_NONSENSE=1\nREPLICA_ID=from-dotenv\n",
    );
    await writeFile(join(directory, ".env.production"), "LOG_LEVEL=nonsense\n");
    await writeFile(join(directory, "bunfig.toml"), 'preload = ["./missing.ts"]\n');
    await writeFile(join(directory, "package.json"), "{ nonsense");
    const program = await startProgram(["serve"], { directory, env: { PORT: "0" } });
    const banner = await program.jsonLine("url");
    expect(banner["replica"]).not.toBe("from-dotenv");
    expect((await program.end("SIGTERM")).code).toBe(0);
  });
});

describe("the documentation is served from the executable", () => {
  test("its page and its data name no other host", async () => {
    const gateway = await Gateway.start();
    const page = await call(`${gateway.url}/docs`);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toStartWith("text/html");
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    const links = [...page.text.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1] ?? "");
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) {
      expect(link).toMatch(/^(\/(?!\/)|data:)/);
      if (link.startsWith("/")) expect((await call(`${gateway.url}${link}`)).status).toBe(200);
    }
    const document = await call(`${gateway.url}/docs/json`);
    expect(document.body).toMatchObject({
      openapi: expect.stringMatching(/^3\./),
      info: { title: "catraca" },
    });
    for (const text of [page.text, document.text, (await call(`${gateway.url}/docs/errors`)).text]) {
      expect(text.match(/https?:\/\/[^"\s<]*/g) ?? []).toEqual([]);
    }
    await gateway.stop();
  });

  test("every route of section A is described", async () => {
    const gateway = await Gateway.start();
    const { body } = await call(`${gateway.url}/docs/json`);
    const { paths } = body as { paths: Record<string, object> }; // an OpenAPI document
    const described = Object.keys(paths).map((path) => path.replace(/\{\w+\}/, "{}"));
    for (const path of [
      "/payments",
      "/payments/{}",
      "/payments-summary",
      "/payments-purge",
      "/purge-payments",
      "/healthcheck",
    ]) {
      expect(described).toContain(path);
    }
    await gateway.stop();
  });
});

describe("what is wrong is said before anything is touched: exit 2", () => {
  const wrong: readonly (readonly [
    args: readonly string[],
    env: Record<string, string>,
    says: readonly string[],
  ])[] = [
    [["serve", "--prot", "1"], {}, ["--prot", "--port"]],
    [["--nonsense"], {}, ["--nonsense"]],
    [["sevre"], {}, ["sevre", "serve"]],
    [["serve", "--port", "65536"], {}, ["PORT", "65536"]],
    [["serve"], { PORT: "http" }, ["PORT", "http"]],
    [["serve"], { PROCESSOR_TIMEOUT: "1" }, ["PROCESSOR_TIMEOUT", "PROCESSOR_TIMEOUT_SECONDS"]],
    [["serve"], { CATRACA_PROT: "1" }, ["CATRACA_PROT"]],
    [["serve"], { ADMIN_OPNE: "true" }, ["ADMIN_OPNE", "ADMIN_OPEN"]],
    [["serve"], { PAYMENT_PROCESSOR_DEFAULT: "not a url" }, ["PAYMENT_PROCESSOR_DEFAULT"]],
    [["serve"], { MAX_HOLD_SECONDS: "-1" }, ["MAX_HOLD_SECONDS", "-1"]],
    [["serve", "surplus"], {}, ["surplus"]],
    [["backup"], {}, ["file"]],
  ];
  test.each(wrong)("%j %j", async (args, env, says) => {
    const directory = await emptyDirectory();
    const { code, output } = await runProgram(args, { directory, env });
    expect(code).toBe(2);
    for (const word of says) expect(output).toContain(word);
    expect(output).not.toContain("    at ");
    expect(readdirSync(directory)).toEqual([]);
  });

  test("several mistakes are all named at once", async () => {
    const { output } = await runProgram(["serve", "--nonsense"], { env: { PORT: "x", LOG_LEVEL: "loud" } });
    for (const word of ["--nonsense", "PORT", "LOG_LEVEL"]) expect(output).toContain(word);
  });
});

describe("what cannot be done now: exit 1 and a sentence", () => {
  const refusal = async (args: readonly string[], env: Record<string, string>) => {
    const { code, output } = await runProgram(args, { env });
    expect(code).toBe(1);
    expect(output).not.toContain("    at ");
    return output;
  };

  test("a second process with the same REPLICA_ID and DATA_DIR", async () => {
    const gateway = await Gateway.start();
    const env = { PORT: "0", DATA_DIR: gateway.dataDir, REPLICA_ID: "e2e" };
    const output = await refusal(["serve"], env);
    expect(output).toContain("in use");
    expect(output).toContain(String(gateway.pid));
    // The first one does not notice.
    const id = crypto.randomUUID();
    await pay(gateway.url, id, 1);
    await settledPayment(gateway.url, id);
    expect((await gateway.stop()).code).toBe(0);
  });

  test("a port that is taken", async () => {
    const gateway = await Gateway.start();
    const { port } = new URL(gateway.url);
    expect(await refusal(["serve"], { PORT: port })).toContain(`127.0.0.1:${port} is in use`);
    await gateway.stop();
  });

  test("a data directory that cannot be made", async () => {
    const directory = await emptyDirectory();
    await writeFile(join(directory, "file"), "");
    expect(await refusal(["serve"], { PORT: "0", DATA_DIR: join(directory, "file/data") })).toContain(
      "data directory",
    );
  });

  test("a database that is none", async () => {
    const directory = await emptyDirectory();
    await writeFile(join(directory, "catraca.db"), "this is no database, it is a text ".repeat(100));
    expect(await refusal(["serve"], { PORT: "0", DATA_DIR: directory })).toContain("database");
  });
});

describe("healthcheck", () => {
  test("0 when the server is ready, 1 when nobody is there, 2 when it is asked wrongly", async () => {
    const gateway = await Gateway.start();
    const { port } = new URL(gateway.url);
    const ready = await runProgram(["healthcheck", "--port", port]);
    expect(ready.code).toBe(0);
    expect(ready.output).toContain("ready");
    await gateway.stop();
    const gone = await runProgram(["healthcheck"], { env: { PORT: port } });
    expect(gone.code).toBe(1);
    expect(gone.output).toContain("not ready");
    expect((await runProgram(["healthcheck", "--prot", port])).code).toBe(2);
  });

  test("on a unix socket", async () => {
    const socket = join(await emptyDirectory(), "catraca.sock");
    const program = await startProgram(["serve"], { env: { SOCKET: socket } });
    await program.jsonLine("durability");
    expect((await runProgram(["healthcheck", "--socket", socket])).code).toBe(0);
    expect((await program.end("SIGTERM")).code).toBe(0);
    expect((await runProgram(["healthcheck", "--socket", socket])).code).toBe(1);
  });
});

test("version, help and config answer without touching anything", async () => {
  for (const args of [
    ["version"],
    ["--version"],
    ["help"],
    ["--help"],
    ["serve", "--help"],
    ["config"],
    ["config", "--json"],
  ]) {
    const directory = await emptyDirectory();
    const { code, output } = await runProgram(args, { directory });
    expect(`${args.join(" ")}: ${code}`).toBe(`${args.join(" ")}: 0`);
    expect(output.length).toBeGreaterThan(5);
    expect(readdirSync(directory)).toEqual([]);
  }
});

test("a secret is in no answer, no log and no file", async () => {
  const marker = "secret-4929123456781234-marker";
  const gateway = await Gateway.start({ env: { ADMIN_TOKEN: marker, LOG_LEVEL: "debug" } });
  const authorization = `Bearer ${marker}`;
  await call(`${gateway.url}/payments-purge`, { method: "POST", headers: { authorization } });
  await call(`${gateway.url}/payments-purge?token=${marker}`, {
    method: "POST",
    headers: { authorization: `Basic ${marker}` },
  });
  const seen = [
    (
      await call(`${gateway.url}/payments`, {
        method: "POST",
        headers: { authorization },
        body: `{"card":"${marker}"}`,
      })
    ).text,
    (await call(`${gateway.url}/${marker}`, { headers: { authorization } })).text,
    (await call(`${gateway.url}/metrics`)).text,
    (await call(`${gateway.url}/health/ready`)).text,
    (await runProgram(["config"], { env: { ADMIN_TOKEN: marker } })).output,
    (await runProgram(["config", "--json"], { env: { ADMIN_TOKEN: marker } })).output,
  ];
  expect((await gateway.stop()).code).toBe(0);
  for (const text of seen) expect(text).not.toContain(marker);
  expect(gateway.logs).not.toContain(marker);
  for (const name of readdirSync(gateway.dataDir)) {
    const bytes = Buffer.from(await Bun.file(join(gateway.dataDir, name)).arrayBuffer());
    expect(`${name}: ${bytes.includes(marker)}`).toBe(`${name}: false`);
  }
  expect(existsSync(gateway.databaseFile)).toBe(true);
});
