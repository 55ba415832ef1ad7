import { afterEach, describe, expect, test } from "bun:test";
import { type RawServer, response } from "./fixtures/raw-server.ts";
import { cleanUp, serve, undoLater } from "./fixtures/upstream.ts";
import { HttpClient } from "./http-client.ts";
import { ProcessorClient } from "./processor-client.ts";

afterEach(cleanUp);

const ID = "6f9619ff-8b86-4011-b42d-00c04fc964ff";
const SENT_AT_MS = Date.UTC(2025, 6, 15, 12, 34, 56, 120);
const RECORDED_AT_MS = Date.UTC(2025, 6, 15, 12, 30, 0, 500);
const RECORDED = `{"correlationId":"${ID}","amount":19.9,"requestedAt":"2025-07-15T12:30:00.5"}`;
const PAYMENT = { correlationId: ID, amountCents: 1990, requestedAtMs: SENT_AT_MS };

/** A processor that gives one answer to a payment and one to a question; null hangs up instead. */
function processorOf(paid: string | null, asked: string | null = response(404)): RawServer {
  return serve((socket, { head }) => {
    const answer = head.startsWith("POST") ? paid : asked;
    if (answer === null) socket.terminate();
    else if (answer.includes("Content-Length") || answer.includes("chunked")) socket.write(answer);
    else socket.end(answer);
  });
}

function clientOf(url: string, timeoutMs = 2000): ProcessorClient {
  const client = new HttpClient();
  undoLater(() => client.close());
  return new ProcessorClient("default", url, client, timeoutMs);
}

const methodsOf = ({ requests }: RawServer): string =>
  requests.map(({ head }) => head.split(" ")[0]).join(" ");

const chunked = (status: number, body: string): string =>
  `HTTP/1.1 ${status} X\r\nTransfer-Encoding: chunked\r\n\r\n${body === "" ? "" : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`;

test("a payment is sent as the processors expect it", async () => {
  const server = processorOf(response(200));
  const client = clientOf(`${server.url}/processors/default`);
  for (const amountCents of [1990, 1, 999_999_999_999, 100]) {
    await client.pay({ ...PAYMENT, amountCents });
  }
  expect(server.requests[0]?.head).toContain("POST /processors/default/payments HTTP/1.1\r\n");
  expect(server.requests[0]?.head).toContain("\r\nContent-Type: application/json\r\n");
  expect(server.requests[0]?.body).toBe(
    `{"correlationId":"${ID}","amount":19.9,"requestedAt":"2025-07-15T12:34:56.120Z"}`,
  );
  const amounts = server.requests.map(({ body }) => /"amount":([^,]+)/.exec(body)?.[1]);
  expect(amounts).toEqual(["19.9", "0.01", "9999999999.99", "1"]);
});

describe("an answer to a payment means", () => {
  const settledAsSent = { kind: "settled", requestedAtMs: SENT_AT_MS };
  const settledAsRecorded = { kind: "settled", requestedAtMs: RECORDED_AT_MS };
  const failed = (code: string) => ({ kind: "failed", code });
  const unknown = (code: string) => ({ kind: "unknown", code });
  const declined = (code: string) => ({ kind: "declined", code });
  const refused = (code: string, retryAfterMs?: number) =>
    retryAfterMs === undefined ? { kind: "refused", code } : { kind: "refused", code, retryAfterMs };
  const found = chunked(200, RECORDED);

  /** What POST is answered, what GET is answered (unset: 404), the outcome, and whether GET is called. */
  const rows: [
    name: string,
    paid: string | null,
    asked: string | null | undefined,
    outcome: object,
    asks?: "asks",
  ][] = [
    ["200", response(200, '{"message":"payment processed successfully"}'), undefined, settledAsSent],
    ["200 in chunks", chunked(200, '{"message":"payment processed successfully"}'), undefined, settledAsSent],
    ["201", response(201), undefined, settledAsSent],
    ["204", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", undefined, settledAsSent],
    ["422, recorded", chunked(422, '{"message":"exists"}'), found, settledAsRecorded, "asks"],
    ["422, not there", response(422), response(404), unknown("http_422_not_found"), "asks"],
    ["422, asking fails", response(422), response(500), unknown("http_422_unconfirmed"), "asks"],
    ["422, asking is refused", response(422), response(429), unknown("http_422_unconfirmed"), "asks"],
    ["422, asking is cut off", response(422), null, unknown("http_422_unconfirmed"), "asks"],
    [
      "422, asking tells nonsense",
      response(422),
      response(200, "{}"),
      unknown("http_422_unconfirmed"),
      "asks",
    ],
    ["409, recorded", response(409), found, settledAsRecorded, "asks"],
    ["409, not there", response(409), response(404), unknown("http_409_not_found"), "asks"],
    ["409, asking fails", response(409), response(500), unknown("http_409_unconfirmed"), "asks"],
    ["500 and nothing", response(500), found, failed("http_500")],
    ["500 and nothing, in chunks", chunked(500, ""), found, failed("http_500")],
    ["500 and nothing, but its end not marked", "HTTP/1.1 500 X\r\n\r\n", found, settledAsRecorded, "asks"],
    ["500 with a message, recorded", response(500, '{"message":"db"}'), found, settledAsRecorded, "asks"],
    [
      "500 with a message, not there",
      response(500, "oops"),
      response(404),
      unknown("http_500_message"),
      "asks",
    ],
    ["500 with a message, asking fails", response(500, "oops"), null, unknown("http_500_message"), "asks"],
    ["429", response(429), undefined, refused("http_429")],
    ["429 with seconds", response(429, "", "Retry-After: 3\r\n"), undefined, refused("http_429", 3000)],
    [
      "429 with a time that is past",
      response(429, "", "Retry-After: Tue, 15 Jul 2025 12:00:00 GMT\r\n"),
      undefined,
      refused("http_429", 0),
    ],
    ["429 with nonsense", response(429, "", "Retry-After: -1\r\n"), undefined, refused("http_429")],
    ...[400, 402, 418, 424, 451, 499].map((status): (typeof rows)[number] => [
      `${status}`,
      response(status),
      found,
      declined(`http_${status}`),
    ]),
    ...[300, 301, 302, 304, 307, 308].map((status): (typeof rows)[number] => [
      `${status}`,
      response(status),
      found,
      failed(`http_${status}`),
    ]),
    // Said of the service or of the form that all our requests have, not of this payment.
    ...[401, 403, 404, 405, 406, 407, 410, 411, 413, 414, 415, 417, 421, 425, 426, 428, 431].map(
      (status): (typeof rows)[number] => [`${status}`, response(status), found, failed(`http_${status}`)],
    ),
    ...[408, 501, 502, 503, 504, 599].map((status): (typeof rows)[number] => [
      `${status}`,
      response(status),
      found,
      unknown(`http_${status}`),
    ]),
    ["a reset", null, found, unknown("reset")],
    ["garbage", "ECHO OK\r\n\r\n", found, unknown("unreadable")],
    ["half an answer", "HTTP/1.1 200 OK\r\nContent-", found, unknown("reset")],
  ];
  for (const [name, paid, asked, outcome, asks] of rows) {
    test(`${name}: ${Object.values(outcome).join(" ")}`, async () => {
      const server = processorOf(paid, asked);
      // The type of `outcome` is wider than what pay() promises.
      const { call: _, ...came } = { call: undefined, ...(await clientOf(server.url).pay(PAYMENT)) };
      expect(came).toEqual(outcome as never);
      expect(methodsOf(server)).toBe(asks === "asks" ? "POST GET" : "POST");
      if (asks === "asks") expect(server.requests[1]?.head).toContain(`GET /payments/${ID} HTTP/1.1`);
    });
  }

  test("none in time: unknown timeout", async () => {
    const server = serve(() => {});
    expect(await clientOf(server.url, 60).pay(PAYMENT)).toEqual({ kind: "unknown", code: "timeout" });
  });

  test("no connection: failed connect_refused", async () => {
    const server = serve(() => {});
    server.stop();
    expect(await clientOf(server.url).pay(PAYMENT)).toEqual({ kind: "failed", code: "connect_refused" });
  });

  test("none, because our own client is closed: refused client_closed", async () => {
    const client = new HttpClient();
    const processor = new ProcessorClient("fallback", "http://127.0.0.1:1", client, 1000);
    client.close();
    expect(processor.name).toBe("fallback");
    expect(await processor.pay(PAYMENT)).toEqual({ kind: "refused", code: "client_closed" });
  });

  test("422 and another amount in the books: settled, and the difference is reported", async () => {
    const server = processorOf(response(422), response(200, RECORDED.replace("19.9", "19.91")));
    expect(await clientOf(server.url).pay(PAYMENT)).toEqual({
      kind: "settled",
      requestedAtMs: RECORDED_AT_MS,
      recordedAmountCents: 1991,
      call: { isLookup: true, status: 200, excerpt: expect.stringContaining("19.91") },
    });
  });
});

describe("what is kept of an answer that did not settle", () => {
  const callOf = async (paid: string, asked?: string) => {
    const outcome = await clientOf(processorOf(paid, asked).url).pay(PAYMENT);
    return "call" in outcome ? outcome.call : undefined;
  };

  test("is its status and beginning, without a long number", async () => {
    const body = '{"message":"db: 4111111111111111"}';
    const shown = { isLookup: false, excerpt: '{"message":"db: ****************"}' };
    expect(await callOf(response(400, body))).toEqual({ ...shown, status: 400 });
    // Asked about, and not there: the first answer says why.
    expect(await callOf(response(500, body), response(404, "no"))).toEqual({ ...shown, status: 500 });
    expect(await callOf(response(500))).toEqual({ isLookup: false, status: 500, excerpt: null });
  });

  test("is the question's, where nothing else was called", async () => {
    const server = processorOf(null, response(503, "later"));
    expect(await clientOf(server.url).resume(PAYMENT)).toEqual({
      kind: "unknown",
      code: "unanswered",
      call: { isLookup: true, status: 503, excerpt: "later" },
    });
  });

  test("is nothing, if it settled", async () => {
    expect(await callOf(response(200, '{"message":"ok"}'))).toBeUndefined();
  });
});

describe("asking for a payment", () => {
  const recordedAt = async (requestedAt: string): Promise<unknown> => {
    const server = processorOf(null, response(200, RECORDED.replace("2025-07-15T12:30:00.5", requestedAt)));
    const found = await clientOf(server.url).lookup(ID);
    return found.kind === "found" ? new Date(found.requestedAtMs).toISOString() : found;
  };

  test("takes a time without a zone for UTC, and cuts it to milliseconds", async () => {
    expect(await recordedAt("2025-07-15T12:34:56")).toBe("2025-07-15T12:34:56.000Z");
    expect(await recordedAt("2025-07-15T12:34:56.1")).toBe("2025-07-15T12:34:56.100Z");
    expect(await recordedAt("2025-07-15T12:34:56.12")).toBe("2025-07-15T12:34:56.120Z");
    expect(await recordedAt("2025-07-15T12:34:56.1239999")).toBe("2025-07-15T12:34:56.123Z");
    expect(await recordedAt("2025-07-15T12:34:56.123Z")).toBe("2025-07-15T12:34:56.123Z");
    expect(await recordedAt("2025-07-15T12:34:56.123+02:00")).toBe("2025-07-15T10:34:56.123Z");
    expect(await recordedAt("yesterday")).toMatchObject({ kind: "unavailable", code: "unreadable" });
  });

  test("says what is recorded, not there, or not to be had", async () => {
    const ask = (asked: string | null) => clientOf(processorOf(null, asked).url).lookup(ID);
    const unreadable = { kind: "unavailable", code: "unreadable" } as const;
    expect(await ask(response(200, RECORDED.replace(ID, ID.toUpperCase())))).toEqual({
      kind: "found",
      requestedAtMs: RECORDED_AT_MS,
      amountCents: 1990,
      call: { isLookup: true, status: 200, excerpt: expect.stringContaining("19.9") },
    });
    expect(await ask(response(404))).toMatchObject({ kind: "not-found" });
    expect(await ask(response(503))).toMatchObject({ kind: "unavailable", code: "http_503" });
    expect(await ask(null)).toEqual({ kind: "unavailable", code: "reset" });
    for (const body of ["", "null", "[1]", "{", '"x"', RECORDED.replace(ID, ID.replace("6", "7"))]) {
      expect(await ask(response(200, body))).toMatchObject(unreadable);
    }
    for (const amount of ['"many"', "null", "-1", "19.905", "1e99"]) {
      expect(await ask(response(200, RECORDED.replace("19.9", amount)))).toMatchObject(unreadable);
    }
  });

  test("writes an id so that it stays one part of the path", async () => {
    const server = processorOf(null);
    await clientOf(server.url).lookup("../admin?x y");
    expect(server.requests[0]?.head).toContain("GET /payments/..%2Fadmin%3Fx%20y HTTP/1.1");
  });
});
