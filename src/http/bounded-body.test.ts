import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { createHttpApp } from "./app.ts";
import { BODY_BYTES_CUT, BODY_BYTES_MAX, readBodyText } from "./bounded-body.ts";
import { exchange, wireRequest } from "./socket-client.ts";

let called = 0;
const count = () => {
  called++;
  return "called";
};
const app = createHttpApp()
  .get("/alive", () => "yes")
  .get("/unread", count)
  .post("/parsed", count)
  .post("/unread", count, { parse: "none" })
  .post("/read", async ({ request }) => String((await readBodyText(request)).length), { parse: "none" });

let port = 0;
beforeAll(() => {
  app.listen({ port: 0, hostname: "127.0.0.1" });
  port = app.server?.port ?? 0;
});
afterAll(() => app.stop(true));

const TYPE = { "Content-Type": "application/json" };
const CHUNKED = { ...TYPE, "Transfer-Encoding": "chunked" };
const ALIVE = wireRequest("GET", "/alive");
const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${"1".repeat(bytes)}\r\n`;
const inChunks = (bytes: number) => `${chunk(bytes - 9)}${chunk(9)}0\r\n\r\n`;

const ROUTES = [
  ["POST", "/parsed"],
  ["POST", "/unread"],
  ["POST", "/read"],
  ["PUT", "/nowhere"],
] as const;

describe("a body that is too long is refused in our form, whatever its route would do with it", () => {
  test.each(ROUTES)("%s %s", async (method, path) => {
    called = 0;
    const declared = (bytes: number) =>
      wireRequest(method, path, { ...TYPE, "Content-Length": String(bytes) }, "1".repeat(bytes));
    const chunked = (bytes: number) => wireRequest(method, path, CHUNKED, inChunks(bytes));
    for (const bytes of [BODY_BYTES_MAX + 1, BODY_BYTES_CUT]) {
      for (const request of [declared(bytes), chunked(bytes)]) {
        // What is not taken of it must not be taken for the next request.
        const { answers } = await exchange(port, [request, ALIVE], { answers: 2 });
        expect(answers.map(({ status }) => status)).toEqual([413, 200]);
        expect(JSON.parse(answers[0]?.body ?? "")).toMatchObject({ code: "BODY_TOO_LARGE", status: 413 });
        expect(answers[0]?.headers.get("x-request-id")).toBeString();
      }
    }
    expect(called).toBe(0);
  });

  test.each(ROUTES)("%s %s, and cut off if much more is announced or comes", async (method, path) => {
    const announced = wireRequest(method, path, { ...TYPE, "Content-Length": String(2 ** 40) });
    const endless = wireRequest(method, path, CHUNKED, chunk(BODY_BYTES_CUT) + chunk(BODY_BYTES_CUT));
    for (const request of [announced, endless]) {
      const { answers, closed } = await exchange(port, [request], { timeoutMs: 10_000 });
      expect([answers.length, answers[0]?.status, closed]).toEqual([1, 413, true]);
      expect(JSON.parse(answers[0]?.body ?? "").code).toBe("BODY_TOO_LARGE");
    }
  });
});

test("a GET with a length that is too long is refused, too; its chunks are dropped as they come", async () => {
  const declared = wireRequest("GET", "/unread", { "Content-Length": "70000" }, "1".repeat(70_000));
  const chunked = wireRequest("GET", "/unread", CHUNKED, inChunks(400_000));
  const statusesOf = async (request: string) =>
    (await exchange(port, [request, ALIVE], { answers: 2 })).answers.map(({ status }) => status);
  expect([await statusesOf(declared), await statusesOf(chunked)]).toEqual([
    [413, 200],
    [200, 200],
  ]);
});

test("what is short enough is there for who reads it, with a length and without", async () => {
  const declared = wireRequest("POST", "/read", { "Content-Length": "65536" }, "1".repeat(BODY_BYTES_MAX));
  for (const request of [declared, wireRequest("POST", "/read", CHUNKED, inChunks(BODY_BYTES_MAX))]) {
    const { answers } = await exchange(port, [request, ALIVE], { answers: 2 });
    expect(answers.map(({ body }) => body)).toEqual([String(BODY_BYTES_MAX), "yes"]);
  }
  const { answers } = await exchange(port, [wireRequest("POST", "/read", CHUNKED, "0\r\n\r\n")]);
  expect(answers[0]?.body).toBe("0");
});

test("a client that hangs up within its chunks harms nobody", async () => {
  await exchange(port, [wireRequest("POST", "/read", CHUNKED, chunk(100))], { end: true, timeoutMs: 200 });
  expect((await exchange(port, [ALIVE])).answers[0]?.body).toBe("yes");
});

test("100 MB in chunks are not taken from any of twenty clients, and fill no memory", async () => {
  const before = process.memoryUsage.rss();
  let highest = before;
  const watch = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss());
  }, 5);
  const sent = await Promise.all(Array.from({ length: 20 }, () => pump(port, 100_000_000)));
  clearInterval(watch);
  // What the system's buffers take without asking anybody.
  for (const bytes of sent) expect(bytes).toBeLessThan(20_000_000);
  // Two MB per client would be what Bun keeps of what nobody reads; the clients are in this process, too.
  expect(highest - before).toBeLessThan(100_000_000);
});

/** Sends a body in chunks for as long as the server takes it. @returns bytes that the system took */
function pump(toPort: number, bytesMax: number): Promise<number> {
  const part = chunk(65_536);
  let sent = 0;
  return new Promise((resolve) => {
    const socket = connect(toPort, "127.0.0.1");
    const push = () => {
      while (sent < bytesMax && !socket.destroyed) {
        sent += part.length;
        if (!socket.write(part)) return void socket.once("drain", push);
      }
      socket.end("0\r\n\r\n");
    };
    socket.on("error", () => {});
    socket.on("close", () => resolve(sent));
    socket.resume();
    socket.write(wireRequest("POST", "/unread", CHUNKED));
    push();
  });
}
