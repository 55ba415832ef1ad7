import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHttpApp } from "./app.ts";
import { limitRate, type RateLimitSettings } from "./rate-limit.ts";
import { exchange, wirePost, wireRequest } from "./socket-client.ts";

const SETTINGS: RateLimitSettings = { rateLimitPerSecond: 10, rateLimitBurst: 3, trustedProxies: null };

let clockMs = 0;
let refused = 0;
let ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends) end();
  ends = [];
});

/** A server with one route and the limit. */
function serve(settings: Partial<RateLimitSettings> = {}, unix?: string): { readonly port: number } {
  clockMs = 0;
  refused = 0;
  const admit = limitRate(
    { ...SETTINGS, ...settings },
    () => refused++,
    () => clockMs,
  );
  const app = createHttpApp({ admit, requestIdPrefix: "made-" }).all("/*", () => "granted");
  app.listen(unix === undefined ? { port: 0, hostname: "127.0.0.1" } : { unix });
  ends.push(() => void app.stop(true));
  return { port: app.server?.port ?? 0 };
}

const statuses = async (port: number, count: number, headers: Record<string, string> = {}) => {
  const { answers } = await exchange(port, [wireRequest("GET", "/", headers).repeat(count)], {
    answers: count,
  });
  return answers.map(({ status }) => status);
};

test("0, the default, is no limit: there is no gate at all", () => {
  expect(limitRate({ ...SETTINGS, rateLimitPerSecond: 0 }, () => {})).toBeUndefined();
});

test("above the burst it is 429, and granted again when the time has come", async () => {
  const { port } = serve();
  expect(await statuses(port, 5)).toEqual([200, 200, 200, 429, 429]);
  clockMs = 100;
  expect(await statuses(port, 2)).toEqual([200, 429]);
  expect(refused).toBe(3);
});

test("the answer is a problem that says when to come back, with the request's id", async () => {
  const { port } = serve({ rateLimitPerSecond: 1, rateLimitBurst: 2 });
  await statuses(port, 2);
  const { answers } = await exchange(port, [wireRequest("GET", "/")]);
  const answer = answers[0];
  expect(answer?.status).toBe(429);
  expect(answer?.headers.get("retry-after")).toBe("1");
  expect(answer?.headers.get("ratelimit-policy")).toBe('"client";q=2;w=2');
  expect(answer?.headers.get("ratelimit")).toBe('"client";r=0;t=1');
  expect(answer?.headers.get("content-type")).toBe("application/problem+json");
  expect(answer?.headers.get("x-request-id")).toStartWith("made-");
  expect(JSON.parse(answer?.body ?? "")).toMatchObject({ code: "RATE_LIMITED", status: 429 });
});

test("a body that is refused unread does not disturb the next request of the connection", async () => {
  const { port } = serve({ rateLimitBurst: 1 });
  const body = JSON.stringify({ text: "x".repeat(60_000) });
  const { answers } = await exchange(port, [wirePost("/", "{}"), wirePost("/", body), wirePost("/", body)], {
    answers: 3,
  });
  expect(answers.map(({ status }) => status)).toEqual([200, 429, 429]);
});

test("unknown routes and wrong methods count like every request", async () => {
  const app = createHttpApp({
    admit: limitRate(
      { ...SETTINGS, rateLimitBurst: 2 },
      () => {},
      () => 0,
    ),
  });
  app.listen({ port: 0, hostname: "127.0.0.1" });
  ends.push(() => void app.stop(true));
  expect(await statuses(app.server?.port ?? 0, 3)).toEqual([404, 404, 429]);
});

describe("whose requests are counted together", () => {
  const from = (address: string) => ({ "X-Forwarded-For": address });

  test("without trusted proxies those of the peer: a header makes nobody else of a client", async () => {
    const { port } = serve();
    expect(await statuses(port, 3, from("198.51.100.1"))).toEqual([200, 200, 200]);
    expect(await statuses(port, 1, from("198.51.100.2"))).toEqual([429]);
  });

  test("behind a trusted proxy those of the address that it added", async () => {
    const { port } = serve({ trustedProxies: "127.0.0.0/8" });
    expect(await statuses(port, 4, from("198.51.100.1"))).toEqual([200, 200, 200, 429]);
    expect(await statuses(port, 1, from("198.51.100.2"))).toEqual([200]);
    expect(await statuses(port, 1, from("203.0.113.9, 198.51.100.1"))).toEqual([429]);
  });

  test("on a unix socket, where only a proxy can be, too", async () => {
    const directory = mkdtempSync(join(tmpdir(), "catraca-rate-"));
    ends.push(() => rmSync(directory, { recursive: true }));
    const unix = join(directory, "s");
    serve({ rateLimitBurst: 1 }, unix);
    const get = async (headers: Record<string, string>) =>
      (await fetch("http://localhost/", { unix, headers })).status;
    expect(await get(from("198.51.100.1"))).toBe(200);
    expect(await get(from("198.51.100.1"))).toBe(429);
    expect(await get(from("198.51.100.2"))).toBe(200);
    expect([await get({}), await get({})]).toEqual([200, 429]);
  });
});
