/**
 * Bad input of every kind (rules for every route; R22): the right status and one shape of error that says what to
 * do and repeats nothing that was sent. Nothing of it is stored.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Answer, call, metric, post, summaryOf } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { endPrograms } from "./program.ts";
import { sendRaw } from "./raw-http.ts";

let gateway: Gateway;

beforeAll(async () => {
  gateway = await Gateway.start();
});
afterAll(async () => {
  // After everything that this file sent:
  expect(await metric(gateway.url, "catraca_payments_accepted_total")).toBe(0);
  expect(await summaryOf(gateway.url)).toEqual({
    default: { count: 0, cents: 0 },
    fallback: { count: 0, cents: 0 },
  });
  await endPrograms();
});

const ID = "4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3";
/** Sent as a value in the wrong place; no answer may contain it. */
const MARKER = "4929123456781234";

/** The one shape of all errors; `type` leads to a page that explains the code. */
async function expectProblem(answer: Answer, status: number, code: string): Promise<void> {
  expect(`${answer.status} ${answer.text}`).toStartWith(`${status} {`);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.headers.get("x-request-id")).toBeTruthy();
  // Looked at field by field below.
  const { type, title, detail, message, ...rest } = answer.body as Record<string, unknown>;
  expect(rest).toMatchObject({ status, code });
  for (const sentence of [title, detail]) expect(sentence).toBeString();
  expect(message).toBe(detail);
  expect(answer.text).not.toContain(MARKER);
  const page = await call(new URL(String(type), gateway.url).href);
  expect(page.status).toBe(200);
  expect(page.text).toContain(`id="${code}"`);
}

function bytes(before: string, middle: readonly number[], after: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...Buffer.from(before), ...middle, ...Buffer.from(after)]);
}

const JSON_TYPE = { "content-type": "application/json" };
const send = (body: BodyInit, headers: Record<string, string> = JSON_TYPE) =>
  call(`${gateway.url}/payments`, { method: "POST", headers, body });

describe("a body that is no JSON object: 422", () => {
  const nothingJson: readonly (readonly [name: string, body: string | Uint8Array<ArrayBuffer>])[] = [
    ["blank", "   "],
    ["an open brace", "{"],
    ["half of a payment", `{"correlationId":"${ID}","amo`],
    ["two values", `{"correlationId":"${ID}","amount":1}{}`],
    ["a trailing comma", `{"correlationId":"${ID}","amount":1,}`],
    ["single quotes", `{'correlationId':'${ID}','amount':1}`],
    ["NaN", `{"correlationId":"${ID}","amount":NaN}`],
    ["hexadecimal", `{"correlationId":"${ID}","amount":0x10}`],
    ["a leading zero", `{"correlationId":"${ID}","amount":01}`],
    ["a comment", `{"correlationId":"${ID}","amount":1}//`],
    ["a form", `correlationId=${ID}&amount=1`],
    ["NUL bytes", new Uint8Array(64)],
    ["bad UTF-8 in a text", bytes(`{"correlationId":"${ID}`, [0xff, 0xfe], `","amount":1}`)],
    ["a cut UTF-8 sequence", bytes(`{"correlationId":"${ID}","amount":1,"x":"`, [0xe2, 0x82], `"}`)],
    ["UTF-16", new Uint8Array(Buffer.from(`{"correlationId":"${ID}","amount":1}`, "utf16le"))],
    ["brackets, 30,000 deep", "[".repeat(30_000)],
  ];
  test.each(nothingJson)("%s", async (_, body) => {
    await expectProblem(await send(body), 422, "INVALID_JSON");
  });

  const noObject: readonly (readonly [name: string, body: string])[] = [
    ["nothing", ""],
    ["null", "null"],
    ["true", "true"],
    ["a number", "12"],
    ["a text", `"${ID}"`],
    ["an empty array", "[]"],
    ["an array of payments", `[{"correlationId":"${ID}","amount":1}]`],
    ["an empty object", "{}"],
    ["brackets, 30,000 deep and closed", "[".repeat(30_000) + "]".repeat(30_000)],
    ["objects, 5,000 deep", `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`],
  ];
  test.each(noObject)("%s", async (_, body) => {
    const answer = await send(body);
    expect(answer.status).toBe(422);
    await expectProblem(answer, 422, (answer.body as { code: string }).code);
  });
});

describe("a field that is wrong: 422 and its name", () => {
  const amounts: readonly unknown[] = [
    0,
    -0,
    -1,
    -0.01,
    1e-3,
    0.001,
    19.999,
    1.005,
    10_000_000_000,
    9_999_999_999.995,
    1e300,
    5e-324,
    "",
    " ",
    "0",
    "0.00",
    "-1",
    "+1",
    "1.",
    ".5",
    "1e3",
    "0x10",
    "1,00",
    "1.234",
    "12abc",
    " 12",
    "12 ",
    "١٢",
    "Infinity",
    "NaN",
    "9".repeat(400),
    MARKER,
    true,
    false,
    null,
    [],
    [1],
    ["19.90"],
    {},
    { amount: 1 },
  ];
  test.each(amounts.map((amount) => [JSON.stringify(amount)]))("amount %s", async (text) => {
    const answer = await send(`{"correlationId":"${ID}","amount":${text}}`);
    await expectProblem(answer, 422, "VALIDATION");
    expect(answer.body).toMatchObject({ errors: [{ path: "amount" }] });
  });

  test.each(["1e400", "-1e400", "1e-400", "0.1e1000"])("amount %s, as it is written", async (text) => {
    await expectProblem(await send(`{"correlationId":"${ID}","amount":${text}}`), 422, "VALIDATION");
  });

  const ids: readonly unknown[] = [
    "",
    "x",
    MARKER,
    ID.slice(1),
    `${ID}0`,
    `{${ID}}`,
    `urn:uuid:${ID}`,
    ID.replaceAll("-", ""),
    ` ${ID}`,
    `${ID}\n`,
    ID.replace("4", "g"),
    ID.replace("-", "_"),
    "é".repeat(36),
    "\u0000".repeat(36),
    "a".repeat(60_000),
    `${ID.slice(0, -1)}\u0661`,
    12,
    0,
    true,
    null,
    [],
    [ID],
    {},
    { id: ID },
  ];
  test.each(ids.map((id) => [JSON.stringify(id).slice(0, 50), id]))("correlationId %s", async (_, id) => {
    const answer = await post(`${gateway.url}/payments`, { correlationId: id, amount: 1 });
    await expectProblem(answer, 422, "VALIDATION");
    expect(answer.body).toMatchObject({ errors: [{ path: "correlationId" }] });
  });

  test("both fields missing: both are named", async () => {
    const answer = await post(`${gateway.url}/payments`, { id: ID, value: 1 });
    await expectProblem(answer, 422, "VALIDATION");
    expect(answer.body).toMatchObject({ errors: [{ path: "correlationId" }, { path: "amount" }] });
  });

  test("names that JavaScript objects have by themselves", async () => {
    for (const key of ["__proto__", "constructor", "toString"]) {
      const answer = await send(`{"${key}":{"correlationId":"${ID}","amount":1}}`);
      await expectProblem(answer, 422, "VALIDATION");
    }
  });

  test.each([
    "x",
    "1",
    `${ID}0`,
    "%00",
    "%ff",
    "..%2f..%2fetc%2fpasswd",
    encodeURIComponent("'; --"),
    "a".repeat(8_000),
  ])("GET /payments/%s", async (id) => {
    const answer = await call(`${gateway.url}/payments/${id}`);
    expect([404, 422, 431]).toContain(answer.status);
    if (answer.status === 422) await expectProblem(answer, 422, "VALIDATION");
  });
});

describe("a body that is too large: 413", () => {
  const payment = (bytesInAll: number) => {
    const head = `{"correlationId":"${ID}","amount":0,"note":"`;
    return `${head}${"x".repeat(bytesInAll - head.length - 2)}"}`;
  };
  test("64 KiB are read (and found wrong for what they say)", async () => {
    await expectProblem(await send(payment(65_536)), 422, "VALIDATION");
  });
  test.each([65_537, 66_560, 200_000])("%i bytes", async (size) => {
    await expectProblem(await send(payment(size)), 413, "BODY_TOO_LARGE");
  });
  test("sent in chunks, without a declared length", async () => {
    const chunk = new Uint8Array(16_384).fill(120);
    const stream = () =>
      new ReadableStream({
        pull(controller) {
          controller.enqueue(chunk);
          if (++sentChunks === 6) controller.close();
        },
      });
    let sentChunks = 0;
    await expectProblem(await send(stream()), 413, "BODY_TOO_LARGE");
  });
});

describe("a media type that is not JSON: 415", () => {
  test.each([
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "json",
    "application/jsonp",
  ])("%s", async (type) => {
    const answer = await send(`{"correlationId":"${ID}","amount":0}`, { "content-type": type });
    await expectProblem(answer, 415, "UNSUPPORTED_MEDIA_TYPE");
  });
  test("compressed", async () => {
    const body = Bun.gzipSync(Buffer.from(`{"correlationId":"${ID}","amount":0}`));
    await expectProblem(
      await send(body, { ...JSON_TYPE, "content-encoding": "gzip" }),
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    );
  });
  test.each([
    "application/json",
    "Application/JSON; charset=utf-8",
    "application/json;charset=UTF-8",
    "application/vnd.api+json",
  ])("%s is JSON", async (type) => {
    const answer = await send(`{"correlationId":"${ID}","amount":0}`, { "content-type": type });
    await expectProblem(answer, 422, "VALIDATION");
  });
});

describe("a method that the path does not have: 405 and Allow", () => {
  const wrong: readonly (readonly [method: string, path: string, has: string])[] = [
    ["DELETE", "/payments", "POST"],
    ["PUT", "/payments", "POST"],
    ["PATCH", "/payments/", "POST"],
    ["DELETE", `/payments/${ID}`, "GET"],
    ["POST", "/payments-summary", "GET"],
    ["GET", "/payments-purge", "POST"],
    ["GET", "/purge-payments", "POST"],
    ["DELETE", "/purge-payments", "POST"],
    ["POST", "/healthcheck", "GET"],
    ["POST", "/metrics", "GET"],
    ["PUT", "/health/ready", "GET"],
  ];
  test.each(wrong)("%s %s", async (method, path, has) => {
    const answer = await call(`${gateway.url}${path}`, { method });
    await expectProblem(answer, 405, "METHOD_NOT_ALLOWED");
    expect((answer.headers.get("allow") ?? "").split(", ")).toContain(has);
  });
});

describe("a path that nobody has: 404", () => {
  test.each([
    "/nowhere",
    "/payment-summary",
    "/payments/a/b/c",
    "/PAYMENTS-SUMMARY",
    "/%70ayments%2f",
    "/.env",
    "/payments-summary/x",
  ])("GET %s", async (path) => {
    await expectProblem(await call(`${gateway.url}${path}`), 404, "ROUTE_NOT_FOUND");
  });
});

describe("what is hardly HTTP is refused, and hurts nobody else", () => {
  const post = "POST /payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  const get = "GET /healthcheck HTTP/1.1\r\nHost: x\r\n";
  const requests: readonly (readonly [name: string, request: string, status: number])[] = [
    ["a length that is no number", `${post}Content-Length: abc\r\n\r\n{}`, 400],
    ["a length below 0", `${post}Content-Length: -5\r\n\r\n{}`, 400],
    ["a length beyond all numbers", `${post}Content-Length: ${"9".repeat(30)}\r\n\r\n{}`, 400],
    ["two lengths", `${post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400],
    [
      "a length and chunks (request smuggling)",
      `${post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ["a chunk without a size", `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}`, 400],
    ["a chunk beyond all sizes", `${post}Transfer-Encoding: chunked\r\n\r\n${"f".repeat(30)}\r\n{}`, 400],
    ["a length of 10 MB, and silence", `${post}Content-Length: 10000000\r\n\r\n{`, 413],
    [
      "a media type of nonsense",
      `POST /payments HTTP/1.1\r\nHost: x\r\nContent-Type: \xff;;=\r\nContent-Length: 2\r\n\r\n{}`,
      415,
    ],
    ["a line that is no header", `${get}nonsense\r\n\r\n`, 400],
    ["a header with a NUL byte", `${get}X-Request-Id: a\0b\r\n\r\n`, 400],
    ["a header of 100 KB", `${get}X-Request-Id: ${"a".repeat(100_000)}\r\n\r\n`, 431],
    ["5,000 headers", `${get}${"A: b\r\n".repeat(5_000)}\r\n`, 431],
    ["a path of 20 KB", `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ["no host", "GET /healthcheck HTTP/1.1\r\n\r\n", 400],
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", 400],
    ["the start of a TLS connection", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
  ];
  test.each(requests)("%s", async (_, request, status) => {
    const answer = await sendRaw(gateway.url, Buffer.from(request, "latin1"));
    expect(answer.status).toBe(status);
    expect((await call(`${gateway.url}/healthcheck`)).status).toBe(200);
  });

  test("a hundred clients that never finish their request", async () => {
    const waiting = Array.from({ length: 100 }, () =>
      sendRaw(gateway.url, `${post}Content-Length: 50\r\n\r\n{"co`, 1_500),
    );
    for (let number = 0; number < 20; number++) {
      const startedAt = performance.now();
      expect((await call(`${gateway.url}/healthcheck`)).status).toBe(200);
      expect(performance.now() - startedAt).toBeLessThan(500);
      await Bun.sleep(10);
    }
    for (const { status } of await Promise.all(waiting)) expect(status).toBeNull();
  });
});
