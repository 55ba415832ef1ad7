import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { t } from "elysia";
import { createHttpApp, type FailedRequest } from "./app.ts";
import { requestIdOf } from "./request-id.ts";
import { type ExchangeOptions, exchange, type WireAnswer, wirePost, wireRequest } from "./socket-client.ts";

const statuses: number[] = [];
const failures: { error: unknown; request: FailedRequest }[] = [];
const lifecycle = { stopping: false };

const app = createHttpApp({
  requestIdPrefix: "made-",
  onResponse: (status) => statuses.push(status),
  logFailure: (error, request) => failures.push({ error, request }),
  isStopping: () => lifecycle.stopping,
  nativeRoutes: { "/native": new Response("from Bun itself") },
})
  .get("/healthcheck", () => ({ message: "service is running" }))
  .get("/text", () => "hello")
  .get("/payments/:id", ({ params }) => ({ id: params.id }))
  .post("/payments", ({ body }) => ({ body }))
  .get("/optional/:a/:b?", ({ params }) => ({ ...params }))
  .delete("/dlq/:id", () => new Response(null, { status: 204 }))
  .get("/id", ({ request }) => requestIdOf(request))
  .get("/throws", () => {
    throw new Error("select * from secrets");
  })
  .get("/rejects", async () => {
    await Bun.sleep(1);
    throw new Error("select * from secrets");
  })
  .get("/misfit", () => JSON.parse('{"card":"4111111111111111"}'), {
    response: t.Object({ card: t.Number() }),
  })
  .get("/limited", ({ query }) => ({ ...query }), {
    query: t.Object({ limit: t.Optional(t.Integer({ minimum: 1, maximum: 500 })) }),
  })
  .post("/raw", async ({ request }) => ({ bytes: (await request.bytes()).length }), { parse: "none" })
  .mount("/mounted", async (request: Request) => new Response(`${request.method} ${await request.text()}`));

let port = 0;
beforeAll(() => {
  app.listen({ port: 0, hostname: "127.0.0.1" });
  port = app.server?.port ?? 0;
});
afterAll(() => app.stop(true));

async function send(request: string, options?: ExchangeOptions): Promise<WireAnswer> {
  const { answers } = await exchange(port, [request], options);
  const [answer] = answers;
  if (answer === undefined) throw new Error(`no answer to ${request}`);
  return answer;
}

const get = (target: string, headers?: Record<string, string>): Promise<WireAnswer> =>
  send(wireRequest("GET", target, headers));

function codeOf(answer: WireAnswer): string {
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  const problem = JSON.parse(answer.body);
  expect(problem.status).toBe(answer.status);
  expect(problem.type).toBe(`/docs/errors#${problem.code}`);
  expect(problem.message).toBe(problem.detail);
  return problem.code;
}

describe("request ids", () => {
  test("a sane one is echoed, on errors too", async () => {
    for (const target of ["/healthcheck", "/nowhere", "/throws", "/rejects"]) {
      expect((await get(target, { "X-Request-Id": "abc-123" })).headers.get("x-request-id")).toBe("abc-123");
    }
  });

  test("anything else is replaced by one that is made, and each is different", async () => {
    const ids = new Set<string | undefined>();
    for (const id of ["", "a b", "x".repeat(129), "caf\u00e9"]) {
      ids.add((await get("/healthcheck", { "X-Request-Id": id })).headers.get("x-request-id"));
    }
    expect(ids.size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^made-[0-9a-z]+$/);
  });

  test("handlers see the id that the answer carries", async () => {
    const answer = await get("/id");
    expect(answer.body).toBe(answer.headers.get("x-request-id") ?? "");
  });
});

describe("routing", () => {
  test.each(["/healthcheck", "/healthcheck/", "/payments/7", "/payments/7/", "/payments/a%2Fb"])(
    "%s is found, without a redirect",
    async (target) => expect((await get(target)).status).toBe(200),
  );

  test("POST takes the slash, too", async () => {
    expect((await send(wirePost("/payments/", "{}"))).status).toBe(200);
  });

  test.each(["/nowhere", "/payments/7/8", "//healthcheck", "/healthcheck//", "/HEALTHCHECK"])(
    "%s is 404",
    async (target) => {
      const answer = await get(target);
      expect(answer.status).toBe(404);
      expect(codeOf(answer)).toBe("ROUTE_NOT_FOUND");
    },
  );

  test.each([
    ["PUT", "/payments", "OPTIONS, POST"],
    ["DELETE", "/payments/7/", "GET, HEAD, OPTIONS"],
    ["PATCH", "/dlq/7", "DELETE, OPTIONS"],
    ["PROPFIND", "/healthcheck", "GET, HEAD, OPTIONS"],
    ["GET", "/payments", "OPTIONS, POST"],
    ["POST", "/optional/1/2", "GET, HEAD, OPTIONS"],
  ])("%s %s is 405 and says what is allowed", async (method, target, allow) => {
    const answer = await send(wireRequest(method, target));
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe(allow);
    expect(codeOf(answer)).toBe("METHOD_NOT_ALLOWED");
  });

  test("OPTIONS lists the methods and gives no other origin anything", async () => {
    const answer = await send(
      wireRequest("OPTIONS", "/payments/7", {
        Origin: "http://elsewhere",
        "Access-Control-Request-Method": "GET",
      }),
    );
    expect(answer.status).toBe(204);
    expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  test("HEAD is GET without the body", async () => {
    const answer = await send(wireRequest("HEAD", "/healthcheck"), { head: true });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-length")).toBe("32");
    expect((await send(wireRequest("HEAD", "/nowhere"), { head: true })).status).toBe(404);
    expect((await send(wireRequest("HEAD", "/payments"), { head: true })).status).toBe(405);
  });

  test.each(["a", "api", "localhost:9999", "[::1]"])("any host is served, %s too", async (host) => {
    expect((await get("/payments/7/", { Host: host })).body).toBe('{"id":"7"}');
  });

  test.each([
    "/payments/%zz",
    "/payments/%ff%fe",
    "/payments/%zz/",
    "/limited?limit=%zz",
    "/%",
    "/healthcheck?%%%",
  ])("broken percent signs are no 500: %s", async (target) =>
    expect((await get(target)).status).toBeLessThan(500),
  );
});

describe("failures", () => {
  test.each(["/throws", "/rejects"])("%s answers 500 and tells only the log why", async (target) => {
    failures.length = 0;
    const answer = await get(`${target}?token=secret`, { "X-Request-Id": "r-1" });
    expect(answer.status).toBe(500);
    expect(codeOf(answer)).toBe("INTERNAL");
    expect(answer.body).not.toContain("secrets");
    expect(failures).toHaveLength(1);
    expect(failures[0]?.request).toEqual({ requestId: "r-1", method: "GET", path: target });
    expect(String(failures[0]?.error)).toContain("secrets");
  });

  test("an answer that does not fit its schema is our fault, and its values stay out of the log", async () => {
    failures.length = 0;
    expect((await get("/misfit")).status).toBe(500);
    expect(Bun.inspect(failures)).not.toContain("4111");
    expect(Bun.inspect(failures)).toContain("card");
  });

  test("a number out of range is 422 and its field is named, not its value", async () => {
    const answer = await get("/limited?other=1&limit=987654");
    expect(answer.status).toBe(422);
    expect(JSON.parse(answer.body).errors).toEqual([
      { path: "limit", message: "must be integer less or equal to 500" },
    ]);
    expect(answer.body).not.toContain("987654");
  });
});

describe("bodies that the app leaves alone", () => {
  test("those of routes with parse none", async () => {
    const answer = await send(wirePost("/raw", "not json", { "Content-Type": "text/plain" }));
    expect(answer.body).toBe('{"bytes":8}');
  });

  test("those of what is mounted", async () => {
    const answer = await send(wirePost("/mounted/payments", "not json", { "Content-Type": "text/plain" }));
    expect(answer.body).toBe("POST not json");
  });
});

test("every answer is counted once, with its status", async () => {
  statuses.length = 0;
  await get("/healthcheck");
  await get("/nowhere");
  await get("/throws");
  await send(wireRequest("PUT", "/payments"));
  expect(statuses).toEqual([200, 404, 500, 405]);
});

test("while stopping, answers close their connections", async () => {
  expect((await get("/healthcheck")).headers.get("connection")).toBeUndefined();
  lifecycle.stopping = true;
  const { answers, closed } = await exchange(port, [wireRequest("GET", "/healthcheck")]);
  lifecycle.stopping = false;
  expect(answers[0]?.headers.get("connection")).toBe("close");
  expect(closed).toBe(true);
});

test("native routes are served beside the app's own", async () => {
  expect((await get("/native")).body).toBe("from Bun itself");
});

test("two servers on one port do not share it silently", () => {
  expect(() => createHttpApp().listen({ port, hostname: "127.0.0.1" })).toThrow();
});
