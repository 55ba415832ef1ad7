/** What is certainly not sent, and what nobody knows: the difference that decides about money. */
import { afterEach, describe, expect, test } from "bun:test";
import { SeededRandom } from "./fixtures/random.ts";
import { type RawSocket, response, startRawServer } from "./fixtures/raw-server.ts";
import { TEST_CERTIFICATE } from "./fixtures/tls-certificate.ts";
import { until } from "./fixtures/until.ts";
import { cleanUp, connect, serve, undoLater } from "./fixtures/upstream.ts";
import { HttpClient, type HttpEndpoint } from "./http-client.ts";
import type { HttpResult } from "./http-result.ts";

afterEach(cleanUp);

const post = (endpoint: HttpEndpoint, timeoutMs = 2000): Promise<HttpResult> =>
  endpoint.request({ method: "POST", path: "/payments", body: "{}", timeoutMs });

const NOTHING_OPEN = { open: 0, idle: 0, opening: 0, waiting: 0 };

describe("certainly not sent is", () => {
  test("a refused connection", async () => {
    const server = startRawServer(() => {});
    server.stop();
    const endpoint = connect(server.url);
    const results = await Promise.all([post(endpoint), post(endpoint), post(endpoint)]);
    for (const result of results) expect(result).toEqual({ kind: "not-sent", code: "connect_refused" });
    // The first refusal settles all three; the other two connects are refused a moment later.
    await until(() => endpoint.counts().opening === 0);
    expect(endpoint.counts()).toEqual(NOTHING_OPEN);
    // A host that refused is tried with one connect at a time.
    const later = [post(endpoint), post(endpoint), post(endpoint)];
    expect(endpoint.counts()).toMatchObject({ opening: 1, waiting: 3 });
    for (const result of await Promise.all(later)) expect(result.kind).toBe("not-sent");
  });

  test("a name that does not resolve", async () => {
    expect(await post(connect("http://processor.invalid"))).toEqual({ kind: "not-sent", code: "dns" });
  });

  test("a connect that nobody answers; if it is answered late, that connection is closed unused", async () => {
    const { port, received } = await startDeafListener();
    const endpoint = connect(`http://127.0.0.1:${port}`, { connectTimeoutMs: 150, connectionsMax: 3 });
    const startedAtMs = performance.now();
    const results = await Promise.all([post(endpoint), post(endpoint), post(endpoint, 50)]);
    expect(performance.now() - startedAtMs).toBeLessThan(1500);
    for (const result of results) expect(result).toEqual({ kind: "not-sent", code: "connect_timeout" });
    // The first that is given up settles all three; the other two are given up a moment later.
    await until(() => endpoint.counts().opening === 0);
    expect(endpoint.counts()).toEqual(NOTHING_OPEN);
    // The three connects still hang in the kernel, so there is no place for a fourth.
    const later = post(endpoint, 50);
    expect(endpoint.counts()).toMatchObject({ opening: 0, waiting: 1 });
    expect(await later).toEqual({ kind: "not-sent", code: "connect_timeout" });
    expect(await received()).toBe("");
    expect(endpoint.counts()).toEqual(NOTHING_OPEN);
  });

  test("a TLS handshake that is not answered, refused or not trusted", async () => {
    const mute = serve(() => {});
    const https = mute.url.replace("http:", "https:");
    expect(await post(connect(https, { connectTimeoutMs: 60 }))).toEqual({
      kind: "not-sent",
      code: "connect_timeout",
    });
    await until(() => Number(mute.connections[0]?.readyState) < 1);

    const plain = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n") },
    });
    undoLater(() => plain.stop(true));
    expect(await post(connect(`https://127.0.0.1:${plain.port}`))).toEqual({
      kind: "not-sent",
      code: "tls_failed",
    });

    const secure = serve((socket) => socket.write(response(200)), true);
    const tls = { ca: TEST_CERTIFICATE };
    expect(await post(connect(secure.url))).toEqual({ kind: "not-sent", code: "tls_failed" });
    const wrongName = secure.url.replace("localhost", "127.0.0.1");
    expect(await post(connect(wrongName, { tls }))).toEqual({ kind: "not-sent", code: "tls_failed" });
    expect(secure.received()).toBe("");
    expect((await post(connect(secure.url, { tls }))).kind).toBe("answer");
  });

  test("a call that found no free connection in time, or no place to wait for one", async () => {
    const server = serve(() => {});
    const endpoint = connect(server.url, { connectionsMax: 1, waitingMax: 1 });
    const sent = post(endpoint, 300);
    await until(() => server.requests.length === 1);
    const waiting = post(endpoint, 60);
    expect(await post(endpoint)).toEqual({ kind: "not-sent", code: "pool_full" });
    expect(await waiting).toEqual({ kind: "not-sent", code: "pool_timeout" });
    expect(await sent).toEqual({ kind: "unknown", code: "timeout" });
    expect(server.requests).toHaveLength(1);
  });

  test("a call on a connection that was reset while idle: it goes out once, on a new connection", async () => {
    const server = serve((socket, { index }) => socket.write(response(200, `${index}`)));
    const endpoint = connect(server.url);
    expect((await post(endpoint)).kind).toBe("answer");
    // In the same turn of the event loop, so that the client has not heard of it when it writes.
    server.connections[0]?.terminate();
    const result = await post(endpoint);
    expect(result.kind).toBe("answer");
    expect(server.requests).toHaveLength(2);
    expect(server.connections).toHaveLength(2);
  });

  test("a call whose connections all die at once; it is tried on two at most", async () => {
    let accepted = 0;
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open(socket) {
          accepted++;
          socket.terminate();
        },
        data() {},
      },
    });
    undoLater(() => listener.stop(true));
    const endpoint = connect(`http://127.0.0.1:${listener.port}`);
    for (let call = 1; call <= 20; call++) {
      const result = await post(endpoint, 500);
      // Which one depends on whether the reset or the write comes first.
      expect(["not-sent closed_before_send", "unknown reset"]).toContain(
        `${result.kind} ${result.kind === "answer" ? "" : result.code}`,
      );
      expect(accepted).toBeLessThanOrEqual(2 * call);
    }
  });

  test("a call after the client was closed", async () => {
    const server = serve((socket) => socket.write(response(200)));
    const client = new HttpClient();
    const endpoint = client.endpoint(server.url);
    const opening = post(endpoint);
    client.close();
    expect(await opening).toEqual({ kind: "not-sent", code: "client_closed" });
    expect(await post(endpoint)).toEqual({ kind: "not-sent", code: "client_closed" });
    await until(() => server.connections.every(({ readyState }) => readyState < 1));
    expect(server.requests).toHaveLength(0);
  });
});

describe("unknown is", () => {
  const ways: Record<string, { answer: (socket: RawSocket) => void; code: string }> = {
    "no answer in time": { answer: () => {}, code: "timeout" },
    "half an answer in time": {
      answer: (s) => s.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
      code: "timeout",
    },
    "a connection closed instead of an answer": { answer: (socket) => socket.end(), code: "reset" },
    "a reset": { answer: (socket) => socket.terminate(), code: "reset" },
    "half an answer, then the end": {
      answer: (s) => s.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
      code: "reset",
    },
    "half a head, then the end": {
      answer: (socket) => socket.end("HTTP/1.1 200 OK\r\nConte"),
      code: "reset",
    },
    "half the chunks, then the end": {
      answer: (socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"),
      code: "reset",
    },
    "only an interim answer, then the end": {
      answer: (s) => s.end("HTTP/1.1 100 Continue\r\n\r\n"),
      code: "reset",
    },
    "a body without a marked end, cut by a reset": {
      answer: (socket) => {
        socket.write("HTTP/1.1 500 E\r\n\r\nha");
        setTimeout(() => socket.terminate(), 10);
      },
      code: "reset",
    },
    garbage: { answer: (socket) => socket.write("SSH-2.0-OpenSSH\r\n"), code: "unreadable" },
    "a head that is too long": {
      answer: (s) => s.write(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(17_000)}`),
      code: "unreadable",
    },
    "a body that is too long": {
      answer: (s) => s.write(response(200, "x".repeat(65_537))),
      code: "unreadable",
    },
  };
  for (const [name, { answer, code }] of Object.entries(ways)) {
    test(`${name}; the connection is not used again`, async () => {
      const server = serve(answer);
      const endpoint = connect(server.url);
      const startedAtMs = performance.now();
      expect(await post(endpoint, 150)).toEqual({ kind: "unknown", code: code as "timeout" });
      const tookMs = performance.now() - startedAtMs;
      if (code === "timeout") expect(tookMs).toBeGreaterThanOrEqual(150);
      expect(tookMs).toBeLessThan(1000);
      expect(endpoint.counts()).toEqual(NOTHING_OPEN);
      // Asking again is the caller's decision, never the client's.
      expect(server.requests).toHaveLength(1);
    });
  }

  test("a connection that the server closed in order while idle: the request may have been read", async () => {
    const server = serve((socket) => socket.write(response(200)));
    const endpoint = connect(server.url);
    expect((await post(endpoint)).kind).toBe("answer");
    server.connections[0]?.shutdown();
    expect(await post(endpoint)).toEqual({ kind: "unknown", code: "reset" });
  });

  test("a reset TLS connection, where a failed write may have sent a part", async () => {
    const server = serve((socket) => socket.write(response(200)), true);
    const endpoint = connect(server.url, { tls: { ca: TEST_CERTIFICATE } });
    expect((await post(endpoint)).kind).toBe("answer");
    server.connections[0]?.terminate();
    expect(await post(endpoint)).toEqual({ kind: "unknown", code: "reset" });
  });

  test("a request of which a part was sent when its time was over", async () => {
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (socket) => socket.pause() },
    });
    undoLater(() => listener.stop(true));
    const endpoint = connect(`http://127.0.0.1:${listener.port}`);
    const result = await endpoint.request({
      method: "POST",
      path: "/",
      body: new Uint8Array(12_000_000),
      timeoutMs: 100,
    });
    expect(result).toEqual({ kind: "unknown", code: "timeout" });
  });

  test("no answer in time, also when the client had been resting", async () => {
    const server = serve((socket, { index }) => index === 0 && socket.write(response(200)));
    const endpoint = connect(server.url);
    expect((await post(endpoint)).kind).toBe("answer");
    await Bun.sleep(60);
    const startedAtMs = performance.now();
    expect(await post(endpoint, 50)).toEqual({ kind: "unknown", code: "timeout" });
    expect(performance.now() - startedAtMs).toBeLessThan(1500);
  });

  test("a call in flight when the client is closed", async () => {
    const server = serve(() => {});
    const client = new HttpClient();
    const call = post(client.endpoint(server.url));
    await until(() => server.requests.length === 1);
    client.close();
    expect(await call).toEqual({ kind: "unknown", code: "client_closed" });
  });
});

test("a server that does everything at random never sees what is said to be not sent, and each call ends once", async () => {
  const random = SeededRandom.forTest("random server");
  const good = Buffer.from(response(200, "ok"));
  const server = serve((socket) => {
    // Something of what is going on elsewhere dies too, so that writes meet dead connections.
    if (random.next() < 0.1) random.pick(server.connections).terminate();
    if (random.next() < 0.1) random.pick(server.connections).end();
    const chance = random.next();
    if (chance < 0.6) socket.write(good);
    else if (chance < 0.65) socket.write(`${good}excess`);
    else if (chance < 0.7) socket.end(good);
    else if (chance < 0.75) socket.terminate();
    else if (chance < 0.8) socket.write(Buffer.from(Array.from({ length: 40 }, () => random.below(256))));
    else if (chance < 0.82) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    else if (chance < 0.84) setTimeout(() => socket.write(good), 150);
    else for (const piece of random.pieces(good)) socket.write(piece);
  });
  const endpoint = connect(server.url, { connectionsMax: 30, waitingMax: 20, idleTimeoutMs: 20 });
  const results = new Map<number, HttpResult>();
  let next = 0;
  const caller = async (): Promise<void> => {
    for (let id = next++; id < 4000; id = next++) {
      const body = `<${id}>`;
      results.set(
        id,
        await endpoint.request({ method: "POST", path: "/", body, timeoutMs: 60 + random.below(60) }),
      );
      if (results.get(id)?.kind === "not-sent") await Bun.sleep(5);
      if (random.next() < 0.02) await Bun.sleep(random.below(30));
    }
  };
  await Promise.all(Array.from({ length: 60 }, caller));

  const seen = server.received();
  const kinds = { answer: 0, "not-sent": 0, unknown: 0 };
  for (const [id, result] of results) {
    kinds[result.kind]++;
    const times = seen.split(`<${id}>`).length - 1;
    const isPossible = { answer: times === 1, "not-sent": times === 0, unknown: times <= 1 }[result.kind];
    expect({ id, result, times, isPossible }).toMatchObject({ isPossible: true });
  }
  expect(results.size).toBe(4000);
  expect(kinds.answer).toBeGreaterThan(1000);
  expect(kinds.unknown).toBeGreaterThan(100);
  expect(kinds["not-sent"]).toBeGreaterThan(100);
  await until(() => endpoint.counts().open === 0);
  expect(endpoint.counts()).toEqual(NOTHING_OPEN);
});

/**
 * A listener whose thread sleeps for 1.2 s and whose queue is full, so that the kernel leaves connects
 * unanswered. Afterwards it accepts whatever is still trying, and `received` is what it then reads within a second.
 */
async function startDeafListener(): Promise<{ port: number; received: () => Promise<string> }> {
  const script = `
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (_, bytes) => process.stdout.write(bytes), error() {} },
    });
    console.log(listener.port);
    setTimeout(() => { Bun.sleepSync(1200); setTimeout(() => process.exit(), 900); }, 10);
  `;
  const process = Bun.spawn([Bun.argv[0] ?? "bun", "-e", script], { stdout: "pipe" });
  undoLater(() => process.kill());
  const reader = process.stdout.getReader();
  const port = Number(new TextDecoder().decode((await reader.read()).value));
  await Bun.sleep(50);
  let isFull = false;
  while (!isFull) {
    const filler = Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {}, connectError() {} } });
    filler.then(
      (socket) => undoLater(() => socket.terminate()),
      () => {},
    );
    isFull = (await Promise.race([filler, Bun.sleep(100)])) === undefined;
  }
  return {
    port,
    async received() {
      let text = "";
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        text += new TextDecoder().decode(read.value);
      }
      return text;
    },
  };
}
