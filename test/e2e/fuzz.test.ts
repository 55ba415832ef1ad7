/** R22: no input makes a 5xx, 503 aside, and none brings the process down. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { pick } from "../simulation/seeded-random.ts";
import { call } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { endPrograms } from "./program.ts";
import { sendRaw } from "./raw-http.ts";
import { randomOf, wholeBetween } from "./seed.ts";

let gateway: Gateway;

beforeAll(async () => {
  // The simulated gateway answers 502 by design; here it does not.
  const mock = { MOCK_GATEWAY_OK_SHARE: "1", MOCK_GATEWAY_ERROR_SHARE: "0", MOCK_GATEWAY_LATE_SHARE: "0" };
  gateway = await Gateway.start({ env: { LONG_POLL_SECONDS: "0.05", ...mock } });
});
afterAll(endPrograms);

const FUZZ_MS = 3_000;
const CLIENTS = 16;
const ID = "4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3";
/** 503 is the answer to overload; 505 is how the server refuses the HTTP version of a mangled request line. */
const isFailure = (status: number | null) =>
  status !== null && status >= 500 && status !== 503 && status !== 505;

async function expectUnhurt(): Promise<void> {
  expect(gateway.hasExited).toBe(false);
  expect((await call(`${gateway.url}/health/ready`)).status).toBe(200);
  expect(gateway.logs).not.toContain('"level":"error"');
}

const BODY = `{"correlationId":"${ID}","amount":19.9}`;
const TEMPLATES = [
  `POST /payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  `POST /payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
  `GET /payments/${ID} HTTP/1.1\r\nHost: x\r\nx-request-id: 1\r\n\r\n`,
  "GET /payments-summary?from=2025-07-15T00:00:00.000Z&to=2025-07-16T00:00:00.000Z HTTP/1.1\r\nHost: x\r\n\r\n",
  "POST /payments-purge HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nAuthorization: Bearer x\r\n\r\n",
  "GET /healthcheck HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n",
  "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
  'GET /docs HTTP/1.1\r\nHost: x\r\nIf-None-Match: "x"\r\n\r\n',
  "GET /processors/default/payments/service-health HTTP/1.1\r\nHost: x\r\n\r\n",
];
const NASTY = [
  "",
  "\0",
  "\r\n",
  "\r\n\r\n",
  "%",
  "%00",
  "%ff",
  "%2f",
  "../",
  "{",
  "}",
  "[",
  '"',
  "\\",
  "\\u0000",
  "\\ud800",
  "null",
  "-1",
  "1e999",
  "99999999999999999999",
  "__proto__",
  "é",
  "\xff\xfe",
  "chunked",
  "HTTP/1.0",
  "a".repeat(5_000),
  ":",
  "?",
  "&",
  "=",
];

test("mangled requests on a bare connection", async () => {
  const { random } = randomOf("fuzz, raw");
  const failures: string[] = [];
  let sent = 0;
  let answered = 0;
  const endAt = performance.now() + FUZZ_MS;
  const client = async () => {
    while (performance.now() < endAt) {
      const request = mangle(random, pick(random, TEMPLATES));
      const { status } = await sendRaw(gateway.url, Buffer.from(request, "latin1"), 100);
      sent++;
      if (status !== null) answered++;
      if (isFailure(status)) failures.push(`${status}: ${JSON.stringify(request)}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  console.log(`${sent} mangled requests, ${answered} answered`);
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(500);
  await expectUnhurt();
}, 20_000);

/** One to three changes at random places. */
function mangle(random: () => number, request: string): string {
  let mangled = request;
  for (let change = wholeBetween(random, 1, 3); change > 0; change--) {
    const at = wholeBetween(random, 0, mangled.length);
    const end = Math.min(mangled.length, at + wholeBetween(random, 0, 20));
    const cut = mangled.slice(at, end);
    const byte = String.fromCharCode(wholeBetween(random, 0, 255));
    const put = pick(random, [
      () => byte,
      () => "",
      () => cut + cut,
      () => pick(random, NASTY),
      () => cut + byte,
    ])();
    mangled = mangled.slice(0, at) + put + mangled.slice(end);
  }
  return mangled;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly fields: readonly string[];
  readonly queries: readonly string[];
}

const VALUES: readonly unknown[] = [
  0,
  1,
  -1,
  19.9,
  1e308,
  5e-324,
  2 ** 53,
  "",
  "x",
  "1",
  "19.90",
  "-0",
  ID,
  ID.toUpperCase(),
  "\u0000",
  "\ud800",
  "é".repeat(300),
  "a".repeat(30_000),
  true,
  null,
  [],
  [[]],
  {},
  { a: 1 },
  "2025-07-15T00:00:00Z",
  "'; DROP TABLE payments; --",
  "%00",
  "../..",
  "DEPOSIT",
  "4929123456781234",
];

test("every documented operation, with values of every kind in every field", async () => {
  const { random } = randomOf("fuzz, from the API's own description");
  const operations = await documentedOperations();
  expect(operations.length).toBeGreaterThan(8);
  const failures: string[] = [];
  const endAt = performance.now() + FUZZ_MS;
  const client = async () => {
    while (performance.now() < endAt) {
      const { path, init } = requestFor(random, pick(random, operations));
      const status = await statusOf(path, init);
      if (isFailure(status))
        failures.push(`${status}: ${init.method} ${path} ${String(init.body).slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  expect(failures).toEqual([]);
  await expectUnhurt();
}, 20_000);

async function documentedOperations(): Promise<Operation[]> {
  const { body } = await call(`${gateway.url}/docs/json`);
  // An OpenAPI document; what is looked at is what the generator writes.
  const { paths } = body as { paths: Record<string, Record<string, Record<string, unknown>>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      // Field names wherever they are nested: the schema's shape is one of the things to get wrong.
      fields: [...JSON.stringify(operation["requestBody"] ?? {}).matchAll(/"(\w+)":\{/g)].map(
        (match) => match[1] ?? "",
      ),
      queries: [...JSON.stringify(operation["parameters"] ?? []).matchAll(/"name":"(\w+)"/g)].map(
        (match) => match[1] ?? "",
      ),
    })),
  );
}

function requestFor(random: () => number, { method, path, fields, queries }: Operation) {
  const text = () => {
    const value = pick(random, VALUES);
    return encodeURIComponent(
      typeof value === "string" ? value.toWellFormed().slice(0, 2_000) : JSON.stringify(value),
    );
  };
  const query = queries.filter(() => random() < 0.5).map((name) => `${name}=${text()}`);
  const filled = path.replace(/\{\w+\}|:\w+/g, text) + (query.length === 0 ? "" : `?${query.join("&")}`);
  const named = fields.filter(() => random() < 0.8).map((name) => [name, pick(random, VALUES)]);
  const whole = random() < 0.1 ? pick(random, VALUES) : Object.fromEntries(named);
  const hasBody = method !== "GET" && method !== "HEAD";
  return {
    path: filled,
    init: {
      method,
      headers: { "content-type": "application/json", "idempotency-key": String(wholeBetween(random, 1, 50)) },
      ...(hasBody ? { body: JSON.stringify(whole) } : {}),
    },
  };
}

/** Null if nothing came: a stream of events, for instance, sends its head and then nothing. */
async function statusOf(path: string, init: RequestInit): Promise<number | null> {
  try {
    const response = await fetch(`${gateway.url}${path}`, {
      ...init,
      redirect: "manual",
      signal: AbortSignal.timeout(1_000),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return null;
  }
}
