import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AdminDecision, AdminGuard, type AdminSettings, type Peer } from "./admin-guard.ts";
import { createHttpApp } from "./app.ts";

const LOOPBACK: Peer = { kind: "tcp", address: "127.0.0.1" };
const ELSEWHERE: Peer = { kind: "tcp", address: "192.0.2.7" };

function decide(settings: AdminSettings, peer: Peer, headers: Record<string, string> = {}): AdminDecision {
  return new AdminGuard(settings).decide({ peer, header: (name) => headers[name] ?? null });
}

/** "who" or the code of the refusal. */
function outcome(settings: AdminSettings, peer: Peer, headers?: Record<string, string>): string {
  const decision = decide(settings, peer, headers);
  return decision.allowed ? decision.who : decision.code;
}

describe("with a token configured", () => {
  const settings = { token: "s3cret" };

  test.each([LOOPBACK, ELSEWHERE, { kind: "unix" } as const])(
    "it is all that counts, from anywhere: %p",
    (peer) => {
      expect(outcome(settings, peer, { authorization: "Bearer s3cret" })).toBe("token");
      expect(outcome(settings, peer, { authorization: "bearer  s3cret " })).toBe("token");
      expect(outcome(settings, peer)).toBe("ADMIN_TOKEN_REQUIRED");
    },
  );

  test.each([
    "Bearer s3cre",
    "Bearer s3cret2",
    "Bearer S3cret",
    "Bearer",
    "Basic s3cret",
    "s3cret",
    "Bearer a s3cret",
    "",
  ])("%p is not it", (authorization) =>
    expect(outcome(settings, LOOPBACK, { authorization })).toBe("ADMIN_TOKEN_REQUIRED"),
  );

  test("a proxy in between does not matter", () => {
    const headers = {
      authorization: "Bearer s3cret",
      "x-forwarded-for": "192.0.2.9",
      origin: "http://elsewhere",
    };
    expect(outcome(settings, ELSEWHERE, headers)).toBe("token");
  });
});

describe("without a token, programs of this machine may", () => {
  test.each(["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "::FFFF:127.0.0.1"])("%s", (address) => {
    expect(outcome({}, { kind: "tcp", address })).toBe("loopback");
  });

  test("through the unix socket, too", () => {
    expect(outcome({}, { kind: "unix" })).toBe("unix-socket");
  });

  test.each([
    "192.0.2.7",
    "10.0.0.1",
    "172.17.0.1",
    "::",
    "0.0.0.0",
    "::ffff:10.0.0.1",
    "127.0.0.1.evil",
    "1127.0.0.1",
    "fe80::1",
  ])("%s may not", (address) => expect(outcome({}, { kind: "tcp", address })).toBe("ADMIN_LOCAL_ONLY"));

  test("nor an unknown peer, nor one with an empty token", () => {
    expect(outcome({}, { kind: "unknown" })).toBe("ADMIN_LOCAL_ONLY");
    expect(outcome({ token: "" }, ELSEWHERE, { authorization: "Bearer " })).toBe("ADMIN_LOCAL_ONLY");
  });

  test.each(["forwarded", "x-forwarded-for", "x-real-ip"])(
    "nor what was forwarded: %s, even an empty one",
    (name) => {
      for (const peer of [LOOPBACK, { kind: "unix" } as const]) {
        for (const value of ["127.0.0.1", ""])
          expect(outcome({}, peer, { [name]: value })).toBe("ADMIN_LOCAL_ONLY");
      }
    },
  );
});

describe("without a token, of all pages only our own may", () => {
  test.each([
    { origin: "http://localhost:9999", host: "localhost:9999" },
    { origin: "http://127.0.0.1:9999", host: "127.0.0.1:9999", "sec-fetch-site": "same-origin" },
    { origin: "http://[::1]:9999", host: "[::1]:9999" },
    { "sec-fetch-site": "none", host: "localhost:9999" },
    { host: "anything.example" },
  ])("%p", (headers) => expect(outcome({}, LOOPBACK, headers)).toBe("loopback"));

  test.each([
    ["another site", { origin: "http://evil.example", host: "localhost:9999" }],
    ["another port", { origin: "http://localhost:3000", host: "localhost:9999" }],
    [
      "a name that only begins alike",
      { origin: "http://localhost:9999.evil.example", host: "localhost:9999" },
    ],
    ["a page without an origin", { origin: "null", host: "localhost:9999" }],
    ["what the browser calls cross-site", { "sec-fetch-site": "cross-site", host: "localhost:9999" }],
    ["what it calls same-site", { "sec-fetch-site": "same-site", host: "localhost:9999" }],
    [
      "a foreign name that leads to loopback",
      { origin: "http://evil.example:9999", host: "evil.example:9999" },
    ],
    ["the same without origin", { "sec-fetch-site": "same-origin", host: "evil.example:9999" }],
    [
      "a name that looks like a number",
      { origin: "http://127.0.0.1.evil.example", host: "127.0.0.1.evil.example" },
    ],
    ["no host", { origin: "http://localhost" }],
  ])("not %s", (_, headers) => expect(outcome({}, LOOPBACK, headers)).toBe("ADMIN_LOCAL_ONLY"));
});

describe("ADMIN_OPEN", () => {
  test("opens, for everybody", () => {
    expect(outcome({ open: true }, ELSEWHERE, { "x-forwarded-for": "192.0.2.9" })).toBe("open");
    expect(outcome({ open: true, token: "s3cret" }, ELSEWHERE)).toBe("open");
  });

  test("still says who came with the token", () => {
    expect(outcome({ open: true, token: "s3cret" }, ELSEWHERE, { authorization: "Bearer s3cret" })).toBe(
      "token",
    );
  });
});

describe("on a server", () => {
  const directory = mkdtempSync(join(tmpdir(), "catraca-guard-"));
  const unix = join(directory, "socket");
  const appFor = (settings: AdminSettings) => {
    const guard = new AdminGuard(settings);
    return createHttpApp().post(
      "/purge",
      ({ request, server }) => guard.refuse(request, server) ?? new Response("purged"),
    );
  };
  const local = appFor({});
  const tokened = appFor({ token: "s3cret" });
  const onSocket = appFor({});
  beforeAll(() => {
    local.listen({ port: 0, hostname: "127.0.0.1" });
    tokened.listen({ port: 0, hostname: "127.0.0.1" });
    onSocket.listen({ unix });
  });
  afterAll(async () => {
    await Promise.all([local.stop(true), tokened.stop(true), onSocket.stop(true)]);
    rmSync(directory, { recursive: true });
  });

  const purge = (port: number | undefined, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/purge`, { method: "POST", headers });

  test("loopback is let in, a forwarded request is not", async () => {
    expect(await (await purge(local.server?.port)).text()).toBe("purged");
    const refused = await purge(local.server?.port, { "X-Real-IP": "127.0.0.1" });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: "ADMIN_LOCAL_ONLY" });
  });

  test("a unix socket is told from an unknown peer", async () => {
    const request = (headers: Record<string, string>): Promise<Response> =>
      fetch("http://localhost/purge", { method: "POST", unix, headers });
    expect(await (await request({})).text()).toBe("purged");
    expect((await request({ "X-Forwarded-For": "192.0.2.9" })).status).toBe(403);
    const withoutServer = await local.handle(new Request("http://localhost/purge", { method: "POST" }));
    expect(withoutServer.status).toBe(403);
  });

  test("a missing token is asked for, a wrong one is called wrong (RFC 6750)", async () => {
    const missing = await purge(tokened.server?.port);
    expect([missing.status, missing.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="catraca"',
    ]);
    const wrong = await purge(tokened.server?.port, { Authorization: "Bearer nope" });
    expect([wrong.status, wrong.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="catraca", error="invalid_token"',
    ]);
    expect(await wrong.text()).not.toContain("nope");
    expect((await purge(tokened.server?.port, { Authorization: "Bearer s3cret" })).status).toBe(200);
  });
});
