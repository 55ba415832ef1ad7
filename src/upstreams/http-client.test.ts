import { afterEach, describe, expect, test } from "bun:test";
import { type RawSocket, response } from "./fixtures/raw-server.ts";
import { TEST_CERTIFICATE } from "./fixtures/tls-certificate.ts";
import { until } from "./fixtures/until.ts";
import { cleanUp, connect, serve, undoLater } from "./fixtures/upstream.ts";
import { HttpClient, type HttpEndpoint } from "./http-client.ts";
import type { HttpAnswer, HttpResult } from "./http-result.ts";

afterEach(cleanUp);

const get = (endpoint: HttpEndpoint, path = "/", timeoutMs = 5000): Promise<HttpResult> =>
  endpoint.request({ method: "GET", path, timeoutMs });

function answered(result: HttpResult): HttpAnswer {
  if (result.kind !== "answer") throw new Error(`not answered: ${result.kind} ${result.code}`);
  return result;
}

const textOf = (result: HttpResult): string => new TextDecoder().decode(answered(result).body);

/** Writes the pieces one event loop turn apart, each in a segment of its own. */
async function dribble(socket: RawSocket, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    socket.write(piece);
    await Bun.sleep(2);
  }
}

describe("an exchange", () => {
  test("sends method, path behind the base path, Host, headers and body, and returns status, headers and body", async () => {
    const server = serve((socket) => socket.write(response(201, '{"ok":true}', "X-Colour: blue\r\n")));
    const endpoint = connect(`${server.url}/base/`, { headers: { Authorization: "Bearer x" } });
    const result = await endpoint.request({
      method: "POST",
      path: "/payments?a=1",
      headers: { "Content-Type": "application/json" },
      body: '{"é":1}',
      timeoutMs: 1000,
    });
    expect(server.requests[0]?.head.split("\r\n")).toEqual([
      "POST /base/payments?a=1 HTTP/1.1",
      `Host: ${new URL(server.url).host}`,
      "Authorization: Bearer x",
      "Content-Type: application/json",
      "Content-Length: 8",
    ]);
    expect(server.requests[0]?.body).toBe('{"é":1}');
    const answer = answered(result);
    expect([answer.status, answer.header("x-colour"), answer.header("x-none"), textOf(answer)]).toEqual([
      201,
      "blue",
      undefined,
      '{"ok":true}',
    ]);
    expect(answer.bodyEndMarked).toBe(true);
    expect(answer.latencyMs).toBeGreaterThan(0);
    expect(answer.latencyMs).toBeLessThan(1000);
  });

  test("sends bytes as they are, and a length of 0 for a POST without a body", async () => {
    const server = serve((socket) => socket.write(response(200)));
    const endpoint = connect(server.url);
    await endpoint.request({ method: "POST", path: "/", body: Buffer.from("käse"), timeoutMs: 1000 });
    await endpoint.request({ method: "POST", path: "/", timeoutMs: 1000 });
    await get(endpoint);
    expect(server.requests.map(({ body }) => body)).toEqual(["käse", "", ""]);
    expect(server.requests.map(({ head }) => head.includes("Content-Length"))).toEqual([true, true, false]);
  });

  test("reads an answer that comes in pieces", async () => {
    const server = serve((socket) => {
      void dribble(socket, [
        "HTTP/1.1 100 Continue\r\n\r\nHTT",
        "P/1.1 200 OK\r\nContent-Le",
        "ngth: 4\r\n\r",
        "\nab",
        "cd",
      ]);
    });
    expect(textOf(await get(connect(server.url)))).toBe("abcd");
  });

  test("reads chunks", async () => {
    const server = serve((socket) => {
      void dribble(socket, [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab",
        "cd\r\n1\r",
        "\ne\r\n0\r\n",
        "\r\n",
      ]);
    });
    expect(textOf(await get(connect(server.url)))).toBe("abcde");
  });

  test("reads a body that ends with the connection, and says that its end was not marked", async () => {
    const server = serve((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nall"));
    const result = await get(connect(server.url));
    expect([textOf(result), answered(result).bodyEndMarked]).toEqual(["all", false]);
  });

  test("understands a real server, with and without chunks", async () => {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        const body = await request.text();
        if (request.method === "GET") return new Response(null, { status: 204 });
        return new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue(`${request.headers.get("content-type")} `);
              await Bun.sleep(5);
              controller.enqueue(body);
              controller.close();
            },
          }),
        );
      },
    });
    undoLater(() => void server.stop(true));
    const endpoint = connect(server.url.href);
    const headers = { "Content-Type": "text/x" };
    expect(
      textOf(await endpoint.request({ method: "POST", path: "/", headers, body: "hi", timeoutMs: 1000 })),
    ).toBe("text/x hi");
    expect(answered(await get(endpoint)).status).toBe(204);
    expect(endpoint.counts()).toEqual({ open: 1, idle: 1, opening: 0, waiting: 0 });
  });

  test("speaks TLS to a server whose certificate it trusts", async () => {
    const server = serve((socket) => socket.write(response(200, "safe")), true);
    const endpoint = connect(server.url, { tls: { ca: TEST_CERTIFICATE } });
    expect(textOf(await get(endpoint))).toBe("safe");
    expect(textOf(await get(endpoint))).toBe("safe");
    expect(server.connections).toHaveLength(1);
  });

  test("keeps sending when the system takes only a part at once", async () => {
    const server = serve((socket, { body }) => socket.write(response(200, Bun.hash(body).toString())));
    const endpoint = connect(server.url);
    const body = "0123456789ä".repeat(800_000);
    for (const form of [body, Buffer.from(body)]) {
      const result = await endpoint.request({ method: "POST", path: "/", body: form, timeoutMs: 5000 });
      expect(textOf(result)).toBe(Bun.hash(body).toString());
    }
    expect(server.connections).toHaveLength(1);
  });

  test("takes an answer that comes before the whole request was sent, and does not reuse that connection", async () => {
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket) {
          socket.write(response(413));
          // Reads no more: the rest of the request cannot be sent.
          socket.pause();
        },
      },
    });
    undoLater(() => listener.stop(true));
    const endpoint = connect(`http://127.0.0.1:${listener.port}`);
    const body = new Uint8Array(12_000_000);
    const result = await endpoint.request({ method: "POST", path: "/", body, timeoutMs: 2000 });
    expect(answered(result).status).toBe(413);
    expect(endpoint.counts().open).toBe(0);
  });

  test("an answer's body is not overwritten by later answers on the same connection", async () => {
    const server = serve((socket, { index }) => socket.write(response(200, `answer ${index}`)));
    const endpoint = connect(server.url);
    const results: HttpResult[] = [];
    for (let call = 0; call < 50; call++) results.push(await get(endpoint));
    expect(results.map(textOf)).toEqual(results.map((_, index) => `answer ${index}`));
    expect(server.connections).toHaveLength(1);
  });
});

describe("what a caller may not do", () => {
  const endpoint = new HttpClient().endpoint("http://127.0.0.1:1");
  const request = (extra: object) =>
    endpoint.request({ method: "GET", path: "/", timeoutMs: 1000, ...extra });

  test("break the request's framing", async () => {
    for (const path of ["", "payments", "/a b", "/a\r\nX: y", "/é"])
      expect(request({ path })).rejects.toThrow("path");
    for (const name of ["X Y", "X:", "", "Host", "content-length", "Transfer-Encoding", "Connection"]) {
      expect(request({ headers: { [name]: "x" } })).rejects.toThrow("header");
    }
    expect(request({ headers: { X: "a\r\nY: b" } })).rejects.toThrow("printable ASCII");
    for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(request({ timeoutMs })).rejects.toThrow("timeoutMs");
    }
  });

  test("name an upstream that is no plain http or https URL; a password in it is not repeated", () => {
    const client = new HttpClient();
    for (const url of ["processor:8080", "ftp://x", "", "http://u:pa55@x", "http://x?a", "http://x/#b"]) {
      expect(() => client.endpoint(url)).toThrow(/^(?!.*pa55)an upstream's address must/);
    }
  });
});

describe("the connections", () => {
  test("are reused, the last used first", async () => {
    const held: (() => void)[] = [];
    const server = serve((socket, { index }) => {
      if (index < 2) held.push(() => socket.write(response(200, `${server.connections.indexOf(socket)}`)));
      else socket.write(response(200, `${server.connections.indexOf(socket)}`));
    });
    const endpoint = connect(server.url);
    const both = Promise.all([get(endpoint), get(endpoint)]);
    await until(() => held.length === 2);
    held[1]?.();
    await Bun.sleep(10);
    held[0]?.();
    const [, lastUsed] = (await both).map(textOf).sort((left, right) => Number(right) - Number(left));
    for (let call = 0; call < 5; call++) expect(textOf(await get(endpoint))).toBe(lastUsed ?? "");
    expect(server.connections).toHaveLength(2);
  });

  test("are not reused after Connection: close, nor after more bytes than the answer has", async () => {
    const server = serve((socket, { index }) => {
      if (index === 0) socket.write(response(200, "a", "Connection: close\r\n"));
      else if (index === 1) socket.write(`${response(200, "b")}and more`);
      else socket.write(response(200, "c"));
    });
    const endpoint = connect(server.url);
    for (const body of ["a", "b", "c"]) expect(textOf(await get(endpoint))).toBe(body);
    expect(server.connections).toHaveLength(3);
  });

  test("that speak while idle are closed: their bytes are nobody's answer", async () => {
    const server = serve((socket, { index }) => {
      socket.write(response(200, `${index}`));
      setTimeout(() => socket.write(response(200, "poison")), 10);
    });
    const endpoint = connect(server.url);
    await get(endpoint);
    await until(() => endpoint.counts().open === 0);
    expect(textOf(await get(endpoint))).toBe("1");
  });

  test("that the server closes while idle are dropped", async () => {
    const server = serve((socket) => {
      socket.write(response(200));
      setTimeout(() => socket.end(), 5);
    });
    const endpoint = connect(server.url);
    for (let call = 0; call < 3; call++) {
      expect(answered(await get(endpoint)).status).toBe(200);
      await until(() => endpoint.counts().open === 0);
      expect(endpoint.counts().idle).toBe(0);
    }
  });

  test("are closed when unused for a while", async () => {
    const server = serve((socket) => socket.write(response(200)));
    const endpoint = connect(server.url, { idleTimeoutMs: 60 });
    await get(endpoint);
    const startedAtMs = performance.now();
    expect(endpoint.counts().idle).toBe(1);
    await until(() => endpoint.counts().open === 0);
    expect(performance.now() - startedAtMs).toBeGreaterThan(55);
    await until(() => Number(server.connections[0]?.readyState) < 1);
  });

  test("are bounded; further calls wait their turn, first come first served", async () => {
    const order: string[] = [];
    const server = serve((socket, { head }) => {
      order.push(head.split(" ")[1] ?? "");
      setTimeout(() => socket.write(response(200)), 10);
    });
    const endpoint = connect(server.url, { connectionsMax: 2 });
    const calls = Array.from({ length: 9 }, (_, index) => get(endpoint, `/${index}`));
    expect(endpoint.counts()).toMatchObject({ opening: 2, waiting: 9 });
    for (const result of await Promise.all(calls)) expect(answered(result).status).toBe(200);
    expect(server.connections).toHaveLength(2);
    expect(order).toEqual(["/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8"]);
  });

  test("are replaced for those who wait when the server does not keep them", async () => {
    const server = serve((socket) => socket.write(response(200, "", "Connection: close\r\n")));
    const endpoint = connect(server.url, { connectionsMax: 1 });
    const results = await Promise.all([get(endpoint), get(endpoint), get(endpoint)]);
    for (const result of results) expect(answered(result).status).toBe(200);
    expect(server.connections).toHaveLength(3);
  });

  test("are opened as many at once as calls wait, again after a host came back", async () => {
    const before = serve(() => {});
    before.stop();
    const endpoint = connect(before.url);
    expect((await get(endpoint)).kind).toBe("not-sent");
    const port = Number(new URL(before.url).port);
    const after = Bun.listen({
      hostname: "127.0.0.1",
      port,
      socket: { data: (s) => void s.write(response(200)) },
    });
    undoLater(() => after.stop(true));
    expect((await get(endpoint)).kind).toBe("answer");
    const calls = [get(endpoint), get(endpoint), get(endpoint), get(endpoint)];
    expect(endpoint.counts()).toMatchObject({ open: 1, opening: 3 });
    for (const result of await Promise.all(calls)) expect(result.kind).toBe("answer");
  });

  test("carry 600 calls at once", async () => {
    const held: RawSocket[] = [];
    const server = serve((socket) => {
      held.push(socket);
      if (held.length === 600) for (const each of held) each.write(response(200));
    });
    const endpoint = connect(server.url, { connectionsMax: 600 });
    const results = await Promise.all(Array.from({ length: 600 }, () => get(endpoint)));
    expect(results.filter(({ kind }) => kind === "answer")).toHaveLength(600);
  });

  test("let the process end: nothing of the client holds it once they are closed", async () => {
    const server = serve((socket) => socket.write(response(200)));
    const script = `
      import { HttpClient } from ${JSON.stringify(`${import.meta.dir}/http-client.ts`)};
      const endpoint = new HttpClient({ idleTimeoutMs: 100 }).endpoint(${JSON.stringify(server.url)});
      const { kind } = await endpoint.request({ method: "GET", path: "/", timeoutMs: 60_000 });
      console.log(kind);
    `;
    const process = Bun.spawn([Bun.argv[0] ?? "bun", "-e", script], { stdout: "pipe" });
    const startedAtMs = performance.now();
    expect(await process.exited).toBe(0);
    expect(await new Response(process.stdout).text()).toBe("answer\n");
    expect(performance.now() - startedAtMs).toBeLessThan(5000);
  });
});
