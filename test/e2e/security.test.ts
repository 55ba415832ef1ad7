/** What SECURITY.md claims, asked of the executable: who is held back, what is cut off, what is kept secret. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { LIMITS } from "../../src/config/limits.ts";
import { call, metric, pay, post, settledPayment } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { emptyDirectory, endPrograms, runProgram } from "./program.ts";
import { sendRaw } from "./raw-http.ts";
import { until } from "./until.ts";

afterAll(endPrograms);

const statusesOf = async (url: string, count: number, headers: Record<string, string> = {}) => {
  const statuses: number[] = [];
  for (let number = 0; number < count; number++) statuses.push((await call(url, { headers })).status);
  return statuses;
};

describe("the request rate of a client", () => {
  test("has no limit unless one is set", async () => {
    const gateway = await Gateway.start();
    expect(new Set(await statusesOf(`${gateway.url}/healthcheck`, 300))).toEqual(new Set([200]));
    await gateway.stop();
  });

  test("above the limit is 429 on every route, and counted; a trusted proxy's clients count for themselves", async () => {
    // One request a second comes back: a machine would have to take minutes for what follows to break this test.
    const env = { RATE_LIMIT_PER_SECOND: "1", RATE_LIMIT_BURST: "60", TRUSTED_PROXIES: "127.0.0.1" };
    const gateway = await Gateway.start({ env });
    const flood = { "x-forwarded-for": "203.0.113.9, 198.51.100.1" };
    const statuses = await statusesOf(`${gateway.url}/healthcheck`, 400, flood);
    expect(statuses.slice(0, 60)).toEqual(new Array<number>(60).fill(200));
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(200);
    const refused = await call(`${gateway.url}/payments`, {
      method: "POST",
      headers: { ...flood, "content-type": "application/json" },
      body: JSON.stringify({ correlationId: crypto.randomUUID(), amount: 1 }),
    });
    // A slow machine may have earned one request back meanwhile.
    if (refused.status === 429) {
      expect(refused.body).toMatchObject({ code: "RATE_LIMITED", status: 429 });
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    const other = await call(`${gateway.url}/healthcheck`, {
      headers: { "x-forwarded-for": "198.51.100.2" },
    });
    expect(other.status).toBe(200);
    expect(await metric(gateway.url, "catraca_http_rate_limited_total")).toBeGreaterThan(200);
    const document = (await call(`${gateway.url}/docs/json`)).body as {
      paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
    };
    expect(document.paths["/payments"]?.["post"]?.responses).toHaveProperty("429");
    await gateway.stop();
  });
});

describe("requests without end", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await Gateway.start();
  });
  afterAll(() => gateway.stop());

  test("a head above 16 KiB is refused, one below is read", async () => {
    const get = (bytes: number) =>
      sendRaw(gateway.url, `GET /healthcheck HTTP/1.1\r\nHost: x\r\nX-Long: ${"a".repeat(bytes)}\r\n\r\n`);
    expect((await get(LIMITS.headBytesMax.value + 100)).status).toBe(431);
    expect((await get(LIMITS.headBytesMax.value - 500)).status).toBe(200);
  });

  test("a body that goes on and on is cut off, and nothing of it stays in memory", async () => {
    const before = residentKiB(gateway.pid);
    const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;
    const head =
      "POST /payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (let number = 0; number < 20; number++) {
      const { status } = await sendRaw(gateway.url, head + chunk.repeat(200), 5_000);
      expect([413, null]).toContain(status);
    }
    // 20 bodies of 3 MB.
    expect(residentKiB(gateway.pid) - before).toBeLessThan(40_000);
    expect((await call(`${gateway.url}/healthcheck`)).status).toBe(200);
  });

  test("who sends byte by byte, or nothing, is cut off, wherever he stopped", async () => {
    const post = "POST /payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    const starts = [
      "GET /healthcheck HTTP/1.1\r\nHost: x\r\nX-Slow: ",
      `${post}Content-Length: 5000\r\n\r\n{"`,
      "GET /healthcheck HTTP/1.1\r\nHost: x\r\n\r\nGET /healthcheck HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    ];
    const drips = starts.map((start) => drip(gateway.url, start, "a"));
    const silent = [post, `${post}Content-Length: 5000\r\n\r\n{`].map((start) =>
      drip(gateway.url, start, ""),
    );
    const all = [...drips, ...silent];
    const slackSeconds = 20;
    await until("all to be cut off", (LIMITS.requestSeconds.value + slackSeconds) * 1000, () =>
      all.every(({ isClosed }) => isClosed()),
    );
  }, 60_000);

  test("a thousand idle connections leave it answering", async () => {
    const sockets = Array.from({ length: 1000 }, () =>
      drip(gateway.url, "GET /healthcheck HTTP/1.1\r\nHo", ""),
    );
    expect((await pay(gateway.url, crypto.randomUUID(), 1)).status).toBe(202);
    for (const { end } of sockets) end();
  });
});

describe("pages of other sites", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await Gateway.start();
  });
  afterAll(() => gateway.stop());
  const elsewhere = { origin: "https://elsewhere.example" };

  test("may read nothing: no answer has a CORS header, a preflight's least of all", async () => {
    const { body } = await call(`${gateway.url}/docs/json`);
    const paths = Object.keys((body as { paths: object }).paths); // an OpenAPI document
    expect(paths.length).toBeGreaterThan(20);
    for (const path of [...paths, "/nowhere", "/console", "/processors/default/payments"]) {
      for (const method of ["OPTIONS", "POST", "PUT"]) {
        const headers = {
          ...elsewhere,
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type, authorization",
        };
        // No body: every POST here is refused for that, or needs a right that this one lacks.
        const answer = await call(`${gateway.url}${path.replace(/\{\w+\}/g, "x")}`, { method, headers });
        const named = [...answer.headers.keys()].filter((name) => name.startsWith("access-control"));
        expect([method, path, named]).toEqual([method, path, []]);
      }
    }
  });

  test.each([
    ["a form's", { "content-type": "application/x-www-form-urlencoded" }],
    ["plain text", { "content-type": "text/plain" }],
    ["a form with files", { "content-type": "multipart/form-data; boundary=x" }],
    ["no type at all, with Fetch Metadata", { "sec-fetch-site": "cross-site" }],
    ["no type at all, with an origin", {}],
  ])("may store nothing with the types that need no preflight: %s", async (_, headers) => {
    const id = crypto.randomUUID();
    const body = new TextEncoder().encode(JSON.stringify({ correlationId: id, amount: 1 }));
    const answer = await call(`${gateway.url}/payments`, {
      method: "POST",
      headers: { ...elsewhere, ...headers },
      body,
    });
    expect(answer.status).toBe(415);
    expect((await call(`${gateway.url}/payments/${id}`)).status).toBe(404);
  });

  test("a program that names no type is taken at what it sends", async () => {
    const body = new TextEncoder().encode(JSON.stringify({ correlationId: crypto.randomUUID(), amount: 1 }));
    expect((await call(`${gateway.url}/payments`, { method: "POST", body })).status).toBe(202);
  });

  test("may not frame our pages, nor put scripts into them", async () => {
    for (const path of ["/console", "/docs", "/docs/errors"]) {
      const { headers } = await call(`${gateway.url}${path}`);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/script-src[^;]*'unsafe|\*/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("set-cookie")).toBeNull();
    }
  });
});

describe("upstream addresses are checked at the start", () => {
  const SECRET = "sup3r-s3cret";
  test.each([
    ["another scheme", "ftp://gateway.example.com"],
    ["no scheme", "gateway.example.com:80"],
    ["credentials", `https://user:${SECRET}@gateway.example.com`],
    ["credentials without a scheme", `user:${SECRET}@gateway.example.com`],
    ["a fragment", `https://gateway.example.com/#${SECRET}`],
    ["a query", `https://gateway.example.com/?token=${SECRET}`],
    ["the gateway itself", "http://127.0.0.1:9999"],
  ])("%s ends the start with what was expected, and repeats no secret", async (_, address) => {
    for (const name of ["PAYMENTS_URL", "PAYMENT_GATEWAY_URL"]) {
      const { code, output } = await runProgram(["serve"], { env: { [name]: address } });
      expect(code).toBe(2);
      expect(output).toContain(`${name}`);
      expect(output).toContain("expected ");
      expect(output).not.toContain(SECRET);
    }
  });
});

describe("secrets", () => {
  const TOKEN = "admin-marker-7Qx1";
  const CARD_TOKEN = "card-marker-8Rw2";
  const PASSWORD = "redis-marker-9Sv3";
  const SENT = "client-marker-0Tu4";
  const env = {
    ADMIN_TOKEN: TOKEN,
    PAYMENTS_TOKEN: CARD_TOKEN,
    // Nobody listens there, so whatever is said about a failed connection is said.
    PAYMENTS_URL: "http://127.0.0.1:1",
    REDIS_URL: `redis://catraca:${PASSWORD}@127.0.0.1:1/0`,
    LOG_LEVEL: "debug",
  };
  const leaks = (where: string, text: string) =>
    [TOKEN, CARD_TOKEN, PASSWORD, SENT]
      .filter((secret) => text.includes(secret))
      .map((found) => [where, found]);

  test("are in no log line, page, answer, metric, file, nor in `catraca config`", async () => {
    const gateway = await Gateway.start({ env });
    const found: string[][] = [];
    await post(`${gateway.url}/payments-purge`, {}, { authorization: `Bearer ${SENT}` });
    await post(`${gateway.url}/payments`, { token: SENT }, { authorization: `Bearer ${SENT}` });
    const purged = await post(`${gateway.url}/payments-purge`, {}, { authorization: `Bearer ${TOKEN}` });
    expect(purged.status).toBe(204);
    const id = crypto.randomUUID();
    await pay(gateway.url, id, 1);
    await settledPayment(gateway.url, id);
    await post(`${gateway.url}/`, {});
    const pages = ["/health/live", "/health/ready", "/api/v1/health", "/metrics", "/api/v1/metrics", "/docs"];
    for (const path of [
      ...pages,
      "/docs/json",
      "/console",
      "/api/console/access",
      "/api/console/simulator",
    ]) {
      const { text, headers } = await call(`${gateway.url}${path}`);
      found.push(...leaks(path, text + JSON.stringify([...headers])));
    }
    for (const flags of [[], ["--json"]]) {
      const config = await runProgram(["config", ...flags], { env });
      expect(config.code).toBe(0);
      expect(config.output).toContain("ADMIN_TOKEN");
      found.push(...leaks("config", config.output));
    }
    await gateway.stop();
    expect(gateway.logs).toContain("with the token");
    found.push(...leaks("log", gateway.logs));
    for (const name of readdirSync(gateway.dataDir)) {
      found.push(...leaks(name, readFileSync(join(gateway.dataDir, name), "latin1")));
    }
    expect(found).toEqual([]);
  });

  test("a value that is refused is not repeated", async () => {
    const refused = await runProgram(["serve"], {
      env: { ADMIN_TOKEN: `${TOKEN} x`, REDIS_URL: `http://:${PASSWORD}@h` },
    });
    expect(refused.code).toBe(2);
    expect(refused.output).toContain("ADMIN_TOKEN");
    expect(leaks("start", refused.output)).toEqual([]);
  });

  test("without a token the banner says who may administrate", async () => {
    const gateway = await Gateway.start();
    expect(gateway.logs).toContain('"administration":"from this machine only');
    await gateway.stop();
  });
});

test("the data directory and all in it, a backup too, are this user's alone", async () => {
  const gateway = await Gateway.start({ flags: ["--durability=power"] });
  await pay(gateway.url, crypto.randomUUID(), 1);
  const backup = join(await emptyDirectory(), "backup.db");
  const made = await runProgram(["backup", backup], { env: { DATA_DIR: gateway.dataDir } });
  expect(made.code).toBe(0);
  const files = readdirSync(gateway.dataDir).map((name) => join(gateway.dataDir, name));
  expect(files.map((file) => file.split("/").pop())).toContain("catraca.db-wal");
  const modes = [gateway.dataDir, ...files, backup].map((file) => [file, statSync(file).mode & 0o077]);
  expect(modes.filter(([, others]) => others !== 0)).toEqual([]);
  await gateway.stop();
});

function residentKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
}

/** A connection that sends `start`, then `piece` every half second, until the server has enough of it. */
function drip(url: string, start: string, piece: string) {
  let closed = false;
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname, () => socket.write(start));
  const timer = setInterval(() => piece !== "" && socket.write(piece), 500);
  const end = () => {
    closed = true;
    clearInterval(timer);
    socket.destroy();
  };
  // What was answered must be read, or the end of the connection would wait behind it.
  socket.on("data", () => {});
  socket.on("error", end);
  socket.on("close", end);
  return { isClosed: () => closed, end };
}
