/** nginx.conf with real nginx, in front of servers that are good or bad on purpose. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../../scripts/challenge/compose-file.ts";
import { untilReady } from "../../scripts/challenge/deployment.ts";
import { freePort } from "../../scripts/challenge/free-port.ts";
import { prepareNginx } from "../../scripts/challenge/nginx-process.ts";
import { LIMITS } from "../../src/config/limits.ts";
import { type RawAnswer, sendRaw } from "../e2e/raw-http.ts";
import { until } from "../e2e/until.ts";

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  /** The port that nginx called from: one per connection. */
  readonly fromPort: number;
}

/** What requests to /held wait for. */
const released = Promise.withResolvers<void>();

/** A replica's stand-in, which notes what arrives. */
class StandIn {
  readonly seen: Seen[] = [];
  readonly port: number;
  readonly #server: Bun.Server<undefined>;

  constructor() {
    this.#server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => this.#answer(request) });
    this.port = this.#server.port ?? 0;
  }

  stop = () => this.#server.stop(true);

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/healthcheck") return new Response("ok");
    const fromPort = this.#server.requestIP(request)?.port ?? 0;
    this.seen.push({ method: request.method, path: pathname, headers: request.headers, fromPort });
    await request.arrayBuffer();
    if (pathname === "/events")
      return new Response(ticks(), { headers: { "content-type": "text/event-stream" } });
    if (pathname.includes("late")) await Bun.sleep(700);
    if (pathname === "/held") await released.promise;
    return new Response("ok");
  }
}

/** Two events, the second much later. */
function ticks(): ReadableStream<Uint8Array> {
  const event = (number: number) => new TextEncoder().encode(`data: ${number}\n\n`);
  return new ReadableStream({
    start: async (controller) => {
      controller.enqueue(event(1));
      await Bun.sleep(1_500);
      controller.enqueue(event(2));
      controller.close();
    },
  });
}

const directory = mkdtempSync(join(tmpdir(), "catraca-nginx-"));
const port = freePort();
const url = `http://127.0.0.1:${port}`;
const standIns = [new StandIn(), new StandIn()];
/** Accepts a request and hangs up without a word: nobody can know whether it was done. */
let hangUps = 0;
const hangingUp = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    data: (socket, bytes) => {
      if (bytes.toString("latin1").includes("/healthcheck")) {
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        return;
      }
      hangUps++;
      socket.end();
    },
  },
});
const deadPort = freePort();
let nginx: Bun.Subprocess | null = null;

async function startNginx(ports: readonly number[]): Promise<void> {
  const addresses = new Map(ports.map((each, index) => [`catraca${index + 1}`, `127.0.0.1:${each}`]));
  nginx = Bun.spawn(prepareNginx(directory, `127.0.0.1:${port}`, addresses), { stderr: "ignore" });
  await untilReady(`${url}/healthcheck`, 5_000);
}
async function stopNginx(): Promise<void> {
  nginx?.kill("SIGTERM");
  await nginx?.exited;
}
const received = () => standIns.flatMap(({ seen }) => seen);

beforeEach(() => {
  for (const standIn of standIns) standIn.seen.length = 0;
  hangUps = 0;
});
afterAll(async () => {
  await stopNginx();
  for (const standIn of standIns) standIn.stop();
  hangingUp.stop(true);
  rmSync(directory, { recursive: true });
});

describe("two good replicas and one that is gone", () => {
  beforeAll(() => startNginx([...standIns.map((standIn) => standIn.port), deadPort]));
  afterAll(stopNginx);

  test("nobody notices the one that is gone, and every POST arrives once", async () => {
    const statuses = new Set<number>();
    for (let number = 0; number < 60; number++) {
      statuses.add((await fetch(`${url}/payments`, { method: "POST", body: "{}" })).status);
    }
    expect([...statuses]).toEqual([200]);
    expect(received().length).toBe(60);
  });

  test("the caller's address is passed on, and what a caller claims is overwritten", async () => {
    await fetch(`${url}/x`, { headers: { "x-real-ip": "203.0.113.9" } });
    expect(received()[0]?.headers.get("x-real-ip")).toBe("127.0.0.1");
    expect(received()[0]?.headers.get("host")).toBe(`127.0.0.1:${port}`);
  });

  test("connections to the replicas are kept open", async () => {
    for (let number = 0; number < 20; number++) await fetch(`${url}/x`);
    expect(received().length).toBe(20);
    expect(new Set(received().map(({ fromPort }) => fromPort)).size).toBe(2);
  });

  test("live events pass as they come", async () => {
    const startedAt = performance.now();
    const response = await fetch(`${url}/events`);
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toBe("data: 1\n\n");
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await reader?.cancel();
  });

  test("a long poll is waited for", async () => {
    expect((await fetch(`${url}/payments/lp/late`)).status).toBe(200);
  });

  test("a body of 70,000 bytes reaches the replica, which refuses it in its own words; one of 200,000 does not", async () => {
    expect((await fetch(`${url}/payments`, { method: "POST", body: "x".repeat(70_000) })).status).toBe(200);
    expect((await fetch(`${url}/payments`, { method: "POST", body: "x".repeat(200_000) })).status).toBe(413);
    expect(received().length).toBe(1);
  });
});

test("nginx closes idle connections to the replicas before they do, so no request is sent into one that ends", () => {
  const upstream = /upstream catraca \{[^}]*\}/.exec(readFileSync(join(PROJECT, "nginx.conf"), "utf8"))?.[0];
  const seconds = Number(/keepalive_timeout (\d+)s;/.exec(upstream ?? "")?.[1]);
  // The runtime's timers have ticks of 4 s.
  expect(seconds).toBeLessThan(LIMITS.requestSeconds.value - 4);
});

describe("clients that take more than their share", () => {
  beforeAll(() => startNginx(standIns.map((standIn) => standIn.port)));
  afterAll(stopNginx);
  const HELD_MAX = 1024;
  const TOO_MANY = 20;

  test("one address has at most 1024 requests under way: the next one is 429 and reaches nobody", async () => {
    const refused: RawAnswer[] = [];
    const asked = Array.from({ length: HELD_MAX + TOO_MANY }, async () => {
      const answer = await sendRaw(url, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n", 40_000);
      if (answer.status === 429) refused.push(answer);
      return answer.status;
    });
    await until("as many refusals as requests too many", 30_000, () => refused.length >= TOO_MANY);
    await until("the others at the replicas", 30_000, () => received().length >= HELD_MAX);
    released.resolve();
    const statuses = await Promise.all(asked);
    expect(statuses.filter((status) => status === 200).length).toBe(HELD_MAX);
    expect(refused.length).toBe(TOO_MANY);
    expect(received().length).toBe(HELD_MAX);
    expect((await fetch(`${url}/x`)).status).toBe(200);
  }, 60_000);

  test("who sends byte by byte is cut off, and no replica notices", async () => {
    const begun = performance.now();
    const ended = Promise.withResolvers<void>();
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: { data: () => {}, close: () => ended.resolve(), error: () => ended.resolve() },
    });
    socket.write("GET /x HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    const timer = setInterval(() => socket.write("a"), 500);
    await ended.promise;
    clearInterval(timer);
    expect(performance.now() - begun).toBeGreaterThan(5_000);
    expect(received()).toEqual([]);
  }, 40_000);
});

describe("a replica that takes a request and hangs up", () => {
  beforeAll(() => startNginx([hangingUp.port, ...standIns.map((standIn) => standIn.port)]));
  afterAll(stopNginx);

  test("a POST that may have arrived is never sent to another", async () => {
    let refused = 0;
    for (let number = 0; number < 9; number++) {
      const { status } = await fetch(`${url}/payments`, { method: "POST", body: "{}" });
      if (status === 502) refused++;
    }
    expect(hangUps).toBeGreaterThan(0);
    expect(refused).toBe(hangUps);
    expect(received().length + hangUps).toBe(9);
  });

  test("a GET is", async () => {
    // It is left alone for a second after it hung up, and then gets fewer requests than the others for a while.
    let asked = 0;
    for (; hangUps === 0 && asked < 100; asked++) {
      expect((await fetch(`${url}/x`)).status).toBe(200);
      await Bun.sleep(30);
    }
    expect(hangUps).toBeGreaterThan(0);
    expect(received().length).toBe(asked);
  });
});
