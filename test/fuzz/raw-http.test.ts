/** R22 below the routes: bytes that are hardly HTTP neither make a 5xx nor harm anybody else. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { call } from "../e2e/client.ts";
import type { Gateway } from "../e2e/gateway.ts";
import { endPrograms } from "../e2e/program.ts";
import { sendRaw } from "../e2e/raw-http.ts";
import { wholeBetween } from "../e2e/seed.ts";
import { until } from "../e2e/until.ts";
import { pick } from "../simulation/seeded-random.ts";
import { FUZZ_TIMEOUT_MS, startBudget } from "./budget.ts";
import { mangle, TEMPLATES } from "./mangled-http.ts";
import { findHarm, residentMegabytes, startFuzzedGateway } from "./watched-gateway.ts";

let gateway: Gateway;

beforeAll(async () => {
  // The simulated gateway answers 502 by design; here it does not.
  const mock = { MOCK_GATEWAY_OK_SHARE: "1", MOCK_GATEWAY_ERROR_SHARE: "0", MOCK_GATEWAY_LATE_SHARE: "0" };
  gateway = await startFuzzedGateway(mock);
});
afterAll(endPrograms);

/** 503 is the answer to overload; 505 is how the server refuses the HTTP version of a mangled request line. */
const isFailure = (status: number | null) =>
  status !== null && status >= 500 && status !== 503 && status !== 505;

const ID = "4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3";
const GET = "GET /healthcheck HTTP/1.1\r\nHost: x\r\n";
const POST = "POST /payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
const PAYMENT = `{"correlationId":"${ID}","amount":0}`;
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

const send = (request: string, timeoutMs = 2_000) =>
  sendRaw(gateway.url, Buffer.from(request, "latin1"), timeoutMs);

describe("a request that is strange", () => {
  const strange: readonly (readonly [name: string, request: string, statuses: readonly (number | null)[]])[] =
    [
      ["HTTP/0.9", "GET /healthcheck\r\n", [400, 505, null]],
      ["HTTP/1.0", "GET /healthcheck HTTP/1.0\r\nHost: x\r\n\r\n", [200, 400, 505]],
      ["HTTP/3.0", "GET /healthcheck HTTP/3.0\r\nHost: x\r\n\r\n", [400, 505]],
      ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 404, 405, 505, null]],
      [
        "an upgrade to HTTP/2",
        `${GET}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
        [200],
      ],
      [
        "an upgrade to a web socket",
        `${GET}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
        [200],
      ],
      [
        "the absolute form",
        "GET http://elsewhere.example/healthcheck HTTP/1.1\r\nHost: x\r\n\r\n",
        [200, 400, 404],
      ],
      [
        "the authority form",
        "CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\n",
        [400, 404, 405],
      ],
      ["the asterisk form", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", [200, 204, 400, 404]],
      ["no path", "GET  HTTP/1.1\r\nHost: x\r\n\r\n", [400, 404, null]],
      ["a method of nonsense", "\xff\xfe / HTTP/1.1\r\nHost: x\r\n\r\n", [400, 404, 405, null]],
      [
        "a method of 10,000 letters",
        `${"A".repeat(10_000)} / HTTP/1.1\r\nHost: x\r\n\r\n`,
        [400, 404, 405, 431, null],
      ],
      ["two hosts", "GET /healthcheck HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", [200, 400]],
      [
        "a host of nonsense",
        "GET /payments-summary HTTP/1.1\r\nHost: \xff:99999999/../@[\r\n\r\n",
        [200, 400, 404],
      ],
      [
        "no body where one is declared, and the next request in its place",
        `${POST}Content-Length: 20\r\n\r\n${GET}\r\n`,
        [422],
      ],
      ["a length of two numbers", `${POST}Content-Length: 2, 2\r\n\r\n{}`, [400]],
      ["a length with a sign", `${POST}Content-Length: +2\r\n\r\n{}`, [400]],
      ["a hexadecimal length", `${POST}Content-Length: 0x2\r\n\r\n{}`, [400]],
      [
        "chunks in another coding",
        `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
        [400, 415, 422, 501],
      ],
      ["chunks that are none", `${POST}Transfer-Encoding: identity\r\n\r\n`, [400, 422]],
      [
        "chunks, said twice",
        `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
        [400, 422],
      ],
      ["a hidden coding", `${POST}Transfer-Encoding:\tchunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`, [400]],
      ["a chunk size that overflows 32 bits", `${CHUNKED}100000002\r\n{}\r\n0\r\n\r\n`, [400, 413, null]],
      [
        "a chunk size that overflows 64 bits",
        `${CHUNKED}10000000000000002\r\n{}\r\n0\r\n\r\n`,
        [400, 413, null],
      ],
      ["a chunk size below 0", `${CHUNKED}-2\r\n{}\r\n0\r\n\r\n`, [400]],
      ["a chunk that is longer than it says", `${CHUNKED}1\r\n{}\r\n0\r\n\r\n`, [400, 422]],
      [
        "chunk extensions without end",
        `${CHUNKED}2;${"a=b;".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
        [400, 413, 422, 431, null],
      ],
      [
        "trailers without end",
        `${CHUNKED}2\r\n{}\r\n0\r\n${"A: b\r\n".repeat(5_000)}\r\n`,
        [400, 422, 431, null],
      ],
      ["a terabyte that is announced", `${POST}Content-Length: 1099511627776\r\n\r\n{`, [413]],
      [
        "an expectation",
        `${POST}Expect: 100-continue\r\nContent-Length: ${PAYMENT.length}\r\n\r\n${PAYMENT}`,
        [422],
      ],
      [
        "an expectation of something else",
        `${POST}Expect: the unexpected\r\nContent-Length: 2\r\n\r\n{}`,
        [400, 417, 422],
      ],
      ["bad UTF-8 in the path", "GET /payments/\xff\xc0\xaf HTTP/1.1\r\nHost: x\r\n\r\n", [400, 404, 422]],
      [
        "bad UTF-8 in the query",
        "GET /dlq?code=\xff\xc0&code=%c0%af HTTP/1.1\r\nHost: x\r\n\r\n",
        [200, 400, 422],
      ],
      ["a line end in the path", "GET /health\rcheck HTTP/1.1\r\nHost: x\r\n\r\n", [400, 404, 505]],
      ["line feeds alone", "GET /healthcheck HTTP/1.1\nHost: x\n\n", [200, 400, 505, null]],
      ["a folded header", "GET /healthcheck HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n", [200, 400]],
      ["a header before the colon of which stands a space", `${GET}X-A : b\r\n\r\n`, [200, 400]],
      ["empty lines before it", `\r\n\r\n${GET}\r\n`, [200, 400]],
      ["nothing but zeros", "\0".repeat(1_000), [400, null]],
      ["nothing but line ends", "\r\n".repeat(10_000), [400, null]],
    ];
  test.each(strange)("%s", async (_, request, statuses) => {
    const { status, text } = await send(request);
    expect([...statuses, `for ${text.slice(0, 200)}`]).toContain(status);
    expect((await call(`${gateway.url}/healthcheck`)).status).toBe(200);
  });
});

describe("several requests at once on one connection", () => {
  /** What came back until nothing more comes. */
  async function answers(request: string, wanted: number): Promise<number[]> {
    const { hostname, port } = new URL(gateway.url);
    let text = "";
    let isClosed = false;
    const socket = await Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        data: (_, bytes) => {
          text += bytes.toString("latin1");
        },
        close: () => {
          isClosed = true;
        },
      },
    });
    socket.write(Buffer.from(request, "latin1"));
    const statuses = () => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
    try {
      await until("the answers", 10_000, () => isClosed || statuses().length >= wanted);
    } finally {
      socket.terminate();
    }
    return statuses();
  }

  test("are answered in their order", async () => {
    const bad = `${POST}Content-Length: ${PAYMENT.length}\r\n\r\n${PAYMENT}`;
    const unknown = `GET /payments/${crypto.randomUUID()} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const one = `${GET}\r\n${bad}${unknown}`;
    expect(await answers(one.repeat(20), 60)).toEqual(Array(20).fill([200, 422, 404]).flat());
  });

  test("end with the first one that cannot be read, and what follows it is not done", async () => {
    const id = crypto.randomUUID();
    const payment = `{"correlationId":"${id}","amount":1}`;
    const hidden = `${POST}Content-Length: ${payment.length}\r\n\r\n${payment}`;
    const smuggled = `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`;
    expect(await answers(`${GET}\r\n${smuggled}`, 3)).toEqual([200, 400]);
    expect((await call(`${gateway.url}/payments/${id}`)).status).toBe(404);
  });

  test("a body that is longer than declared begins the next request, which is none", async () => {
    const statuses = await answers(`${POST}Content-Length: 2\r\n\r\n{}trailing nonsense\r\n\r\n`, 2);
    expect(statuses[0]).toBe(422);
    expect(statuses.slice(1).every((status) => status === 400)).toBe(true);
  });

  test("ten thousand of them cost no memory", async () => {
    const before = residentMegabytes(gateway);
    const statuses = await answers(`${GET}\r\n`.repeat(10_000), 10_000);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(residentMegabytes(gateway) - before).toBeLessThan(60);
  });
});

test("a thousand connections that say nothing, or never finish, do not keep others out", async () => {
  const { hostname, port } = new URL(gateway.url);
  const starts = ["", "G", GET, `${POST}Content-Length: 50\r\n\r\n{"co`, `${CHUNKED}5\r\n{`];
  const sockets = await Promise.all(
    Array.from({ length: 1_000 }, async (_, index) => {
      const socket = await Bun.connect({ hostname, port: Number(port), socket: { data() {}, error() {} } });
      socket.write(starts[index % starts.length] ?? "");
      return socket;
    }),
  );
  for (let number = 0; number < 20; number++) {
    const { status } = await call(`${gateway.url}/healthcheck`, { signal: AbortSignal.timeout(10_000) });
    expect(status).toBe(200);
  }
  for (const socket of sockets) socket.terminate();
  expect(await findHarm(gateway)).toEqual([]);
}, 60_000);

const CLIENTS = 12;
const ANSWER_MS = 100;
const RESIDENT_MB_MAX = 250;

test(
  "mangled requests",
  async () => {
    const budget = startBudget("fuzz, mangled requests");
    const failures: string[] = [];
    let sent = 0;
    let answered = 0;
    const client = async (number: number) => {
      const random = budget.randomOf(number);
      for (let count = 0; !budget.isOver(); count++) {
        // Two in a row now and then: what is left of the first is the beginning of the second.
        const requests = Array.from({ length: wholeBetween(random, 1, 2) }, () => pick(random, TEMPLATES));
        const request = mangle(random, requests.join(""));
        const { status, text } = await sendRaw(gateway.url, Buffer.from(request, "latin1"), ANSWER_MS);
        sent++;
        if (status !== null) answered++;
        if (!isFailure(status)) continue;
        const place = `FUZZ_SEED=${budget.seed}, client ${number}, request ${count}`;
        failures.push(`${status} ${text.slice(0, 300)}\n  ${place}: ${JSON.stringify(request)}`);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
    console.log(`${sent} mangled requests, ${answered} answered`);
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    expect(await findHarm(gateway)).toEqual([]);
    expect(residentMegabytes(gateway)).toBeLessThan(RESIDENT_MB_MAX);
  },
  FUZZ_TIMEOUT_MS,
);
