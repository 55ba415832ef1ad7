import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { t } from "elysia";
import { createHttpApp } from "./app.ts";
import { BODY_BYTES_CUT, BODY_BYTES_MAX } from "./bounded-body.ts";
import { BODY_DEPTH_MAX } from "./json-body.ts";
import { exchange, wirePost, wireRequest } from "./socket-client.ts";

const app = createHttpApp()
  .get("/alive", () => "yes")
  .post("/any", ({ body }) => Response.json({ type: body === null ? "null" : typeof body }))
  .post("/model", ({ body }) => body, { body: t.Object({ amount: t.Number() }) });

let port = 0;
beforeAll(() => {
  app.listen({ port: 0, hostname: "127.0.0.1" });
  port = app.server?.port ?? 0;
});
afterAll(() => app.stop(true));

const JSON_TYPE = { "Content-Type": "application/json" };
const ALIVE = wireRequest("GET", "/alive");

/** Sends one request, and another behind it: a body that was refused must not be taken for the next request. */
async function send(
  ...chunks: (string | Uint8Array)[]
): Promise<{ status: number; code: string; body: string }> {
  const { answers } = await exchange(port, [...chunks, ALIVE], { answers: 2 });
  const [answer, alive] = answers;
  if (answer === undefined || alive?.body !== "yes") throw new Error(`got ${JSON.stringify(answers)}`);
  const code = answer.status === 200 ? "" : JSON.parse(answer.body).code;
  return { status: answer.status, code, body: answer.body };
}

/** A JSON string of exactly so many bytes. */
const jsonOf = (bytes: number): string => `"${"a".repeat(bytes - 2)}"`;

function chunked(body: string): string {
  const parts = body.match(/[\s\S]{1,9000}/g) ?? [];
  return `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("")}0\r\n\r\n`;
}

describe("media types", () => {
  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON ;x=1",
    "application/ld+json",
  ])("%s is JSON", async (type) =>
    expect((await send(wirePost("/any", "{}", { "Content-Type": type }))).status).toBe(200),
  );

  test("a client that does not say is taken at what it sends", async () => {
    expect((await send(wireRequest("POST", "/any", { "Content-Length": "2" }, "{}"))).body).toBe(
      '{"type":"object"}',
    );
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "json",
  ])("%s is 415", async (type) => {
    const answer = await send(wirePost("/model", '{"amount":1}', { "Content-Type": type }));
    expect([answer.status, answer.code]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
  });

  test("a compressed body is 415", async () => {
    const zipped = Bun.gzipSync(Buffer.from('{"amount":1}'));
    const head = wireRequest("POST", "/model", {
      ...JSON_TYPE,
      "Content-Encoding": "gzip",
      "Content-Length": String(zipped.length),
    });
    expect((await send(head, zipped)).code).toBe("UNSUPPORTED_MEDIA_TYPE");
  });
});

describe("what is not JSON is 422", () => {
  test.each(["{", "{'a':1}", "NaN", "[1,]", "{} {}", '{"a":1}x', "\u0000", '"\u0001"', "undefined"])(
    "%p",
    async (body) => {
      expect((await send(wirePost("/any", body))).code).toBe("INVALID_JSON");
    },
  );

  test("nor is broken UTF-8, wherever it is", async () => {
    const broken = [
      [0xff],
      [0xc3],
      [0xf0, 0x9f, 0x98],
      [0xed, 0xa0, 0x80],
      [0xc0, 0x80],
      [0xf8, 0x88, 0x80, 0x80, 0x80],
    ];
    for (const bytes of broken) {
      const body = Uint8Array.of(34, ...bytes, 34);
      const head = wireRequest("POST", "/any", { ...JSON_TYPE, "Content-Length": String(body.length) });
      expect([bytes, (await send(head, body)).code]).toEqual([bytes, "INVALID_JSON"]);
    }
  });

  test("while the character that replaces broken bytes may be sent", async () => {
    expect((await send(wirePost("/any", '"\ufffd 😀 é"'))).status).toBe(200);
  });

  test("nor is what is nested beyond reason, which would block everybody else", async () => {
    const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
    expect((await send(wirePost("/any", nested(BODY_DEPTH_MAX)))).status).toBe(200);
    expect((await send(wirePost("/any", `["${"[".repeat(500)}", "\\"${"{".repeat(500)}"]`))).status).toBe(
      200,
    );
    expect((await send(wirePost("/any", nested(BODY_DEPTH_MAX + 1)))).code).toBe("INVALID_JSON");
    expect((await send(wirePost("/any", '{"a":'.repeat(10_000)))).code).toBe("INVALID_JSON");
  });
});

describe("a missing body", () => {
  test("is 422 where one is needed", async () => {
    for (const request of [
      wireRequest("POST", "/model"),
      wirePost("/model", ""),
      wireRequest("POST", "/model", { ...JSON_TYPE, "Transfer-Encoding": "chunked" }, chunked("")),
    ]) {
      expect([request, (await send(request)).code]).toEqual([request, "VALIDATION"]);
    }
  });

  test("is null to who validates by hand", async () => {
    expect((await send(wireRequest("POST", "/any"))).body).toBe('{"type":"null"}');
  });
});

describe("size", () => {
  test("64 KiB are taken, with a length and without", async () => {
    const body = jsonOf(BODY_BYTES_MAX);
    expect((await send(wirePost("/any", body))).status).toBe(200);
    const head = wireRequest("POST", "/any", { ...JSON_TYPE, "Transfer-Encoding": "chunked" });
    expect((await send(head, chunked(body))).status).toBe(200);
  });

  test.each([BODY_BYTES_MAX + 1, BODY_BYTES_CUT])("%p bytes are 413 in our form", async (bytes) => {
    const body = jsonOf(bytes);
    expect((await send(wirePost("/any", body))).code).toBe("BODY_TOO_LARGE");
    const head = wireRequest("POST", "/any", { ...JSON_TYPE, "Transfer-Encoding": "chunked" });
    expect((await send(head, chunked(body))).code).toBe("BODY_TOO_LARGE");
  });

  test("a length that is too large is refused before anything of it is sent", async () => {
    const head = wireRequest("POST", "/any", { ...JSON_TYPE, "Content-Length": "100000" });
    const { answers } = await exchange(port, [head]);
    expect(answers[0]?.status).toBe(413);
  });

  test("more is cut off, with the same answer: the connection is closed and memory does not grow", async () => {
    const body = jsonOf(8_000_000);
    const before = process.memoryUsage.rss();
    for (const chunks of [
      [wirePost("/any", body)],
      [wireRequest("POST", "/any", { ...JSON_TYPE, "Transfer-Encoding": "chunked" }), chunked(body)],
    ]) {
      const { answers, closed } = await exchange(port, chunks);
      expect(closed).toBe(true);
      expect(JSON.parse(answers[0]?.body ?? "{}").code).toBe("BODY_TOO_LARGE");
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(200_000_000); // the test's own copies included
  });
});

describe("wrong lengths", () => {
  test.each([
    ["two lengths", { "Content-Length": "2", "content-length": "3" }],
    ["length and chunks", { "Content-Length": "2", "Transfer-Encoding": "chunked" }],
    ["a negative length", { "Content-Length": "-2" }],
    ["a length that is no number", { "Content-Length": "2x" }],
  ])("%s: 400 and closed, as smuggling needs", async (_, headers) => {
    const { answers, closed } = await exchange(port, [
      wireRequest("POST", "/any", { ...JSON_TYPE, ...headers }, "{}"),
    ]);
    expect([answers[0]?.status, closed]).toEqual([400, true]);
  });

  test("a client that hangs up within its body harms nobody", async () => {
    const head = wireRequest("POST", "/model", { ...JSON_TYPE, "Content-Length": "100" });
    await exchange(port, [head, '{"amount":'], { end: true, timeoutMs: 200 });
    expect((await exchange(port, [ALIVE])).answers[0]?.body).toBe("yes");
  });

  test("what comes after the declared length is not part of the body", async () => {
    const { answers } = await exchange(
      port,
      [wireRequest("POST", "/any", { ...JSON_TYPE, "Content-Length": "2" }, "{}}")],
      {
        timeoutMs: 300,
      },
    );
    expect(answers[0]?.body).toBe('{"type":"object"}');
  });
});
