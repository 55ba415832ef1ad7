import { describe, expect, test } from "bun:test";
import { SeededRandom } from "./fixtures/random.ts";
import { headerOf } from "./http-response-head.ts";
import { BODY_BYTES_MAX, HEAD_BYTES_MAX, HttpResponseParser } from "./http-response-parser.ts";

interface Parsed {
  state: string;
  status: number | undefined;
  body: string;
  keepAlive: boolean | undefined;
  /** Bytes behind a complete response. */
  excess: number;
}

/** Feeds `pieces` one after the other, then, if `closes`, the end of the connection. */
function parse(pieces: Buffer[], closes = false): Parsed {
  const parser = new HttpResponseParser();
  let excess = 0;
  for (const piece of pieces) excess += piece.length - parser.feed(piece);
  if (closes) parser.finish();
  const complete = parser.state === "complete";
  return {
    state: parser.state,
    status: parser.head?.status,
    body: complete ? parser.body.toString() : "",
    keepAlive: parser.head?.keepAlive,
    excess: complete ? excess : 0,
  };
}

const whole = (text: string, closes = false): Parsed => parse([Buffer.from(text)], closes);

const READABLE: Record<
  string,
  { text: string; closes?: boolean; body: string; keepAlive: boolean; excess?: number }
> = {
  "a length": { text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", body: "hello", keepAlive: true },
  "a length of nothing": { text: "HTTP/1.1 500 E\r\nContent-Length: 0\r\n\r\n", body: "", keepAlive: true },
  "the same length twice": {
    text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length:2\r\n\r\nok",
    body: "ok",
    keepAlive: true,
  },
  "no reason phrase": { text: "HTTP/1.1 422\r\nContent-Length: 2\r\n\r\nok", body: "ok", keepAlive: true },
  "204 without a body": { text: "HTTP/1.1 204 No Content\r\n\r\n", body: "", keepAlive: true },
  "304 with the length of what it does not send": {
    text: "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
    body: "",
    keepAlive: true,
  },
  "one chunk, as ASP.NET answers": {
    text: 'HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nServer: Kestrel\r\nTransfer-Encoding: chunked\r\n\r\nd\r\n{"message":1}\r\n0\r\n\r\n',
    body: '{"message":1}',
    keepAlive: true,
  },
  "many chunks with extensions and trailers": {
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;a="b"\r\nabc\r\n0000A \r\n0123456789\r\n0;x\r\nExpires: now\r\nY: z\r\n\r\n',
    body: "abc0123456789",
    keepAlive: true,
  },
  "chunks with nothing in them": {
    text: "HTTP/1.1 500 E\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    body: "",
    keepAlive: true,
  },
  "Connection: close": {
    text: "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 2\r\n\r\nok",
    body: "ok",
    keepAlive: false,
  },
  "HTTP/1.0": { text: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", body: "ok", keepAlive: false },
  "HTTP/1.0 that stays open": {
    text: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
    body: "ok",
    keepAlive: true,
  },
  "a body until the end of the connection": {
    text: "HTTP/1.1 200 OK\r\n\r\nall of it",
    closes: true,
    body: "all of it",
    keepAlive: false,
  },
  "interim answers first": {
    text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    body: "ok",
    keepAlive: true,
  },
  "more bytes than belong to it": {
    text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 E\r\n\r\n",
    body: "ok",
    keepAlive: true,
    excess: 18,
  },
};

const UNREADABLE: Record<string, string> = {
  "something else": "SSH-2.0-OpenSSH_9.2p1\r\n",
  "the beginning of something else": "HTTQ",
  "HTTP/2": "HTTP/2.0 200 OK\r\n\r\n",
  "a status that is none": "HTTP/1.1 099 X\r\n\r\n",
  "a status of two digits": "HTTP/1.1 20 X\r\n\r\n",
  "a status over 599": "HTTP/1.1 600 X\r\n\r\n",
  "switching protocols": "HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n",
  "a header without a colon": "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
  "a space before the colon": "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
  "a folded header": "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
  "a lone line feed": "HTTP/1.1 200 OK\r\nX: a\nContent-Length: 2\r\n\r\nok",
  "a zero byte": "HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 2\r\n\r\nok",
  "two different lengths": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
  "a negative length": "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
  "a length with a sign": "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
  "an empty length": "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
  "a length over the limit": `HTTP/1.1 200 OK\r\nContent-Length: ${BODY_BYTES_MAX + 1}\r\n\r\n`,
  "a length and chunks":
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "a coding not asked for": "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
  "a chunk without a size": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nab",
  "a chunk size that is none": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n",
  "a chunk longer than its size": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
  "a chunk size of nine digits": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n000000001\r\na\r\n",
  "a chunk line ended by a line feed": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nab\r\n",
  "a lone line feed in a chunk extension":
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\ny\r\nab\r\n0\r\n\r\n",
  "trailers without end": `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${"a: b\r\n".repeat(5000)}`,
};

describe("a response", () => {
  for (const [name, { text, closes = false, body, keepAlive, excess = 0 }] of Object.entries(READABLE)) {
    test(`with ${name} is read, wherever it is split`, () => {
      const bytes = Buffer.from(text);
      const expected = whole(text, closes);
      expect(expected).toMatchObject({ state: "complete", body, keepAlive, excess });
      for (let split = 1; split < bytes.length; split++) {
        expect(parse([bytes.subarray(0, split), bytes.subarray(split)], closes)).toEqual(expected);
      }
      expect(
        parse(
          Array.from(bytes, (byte) => Buffer.of(byte)),
          closes,
        ),
      ).toEqual(expected);
    });

    test(`with ${name} is not complete before its last byte`, () => {
      const bytes = Buffer.from(text);
      const end = bytes.length - excess;
      for (let cut = 0; cut < (closes ? text.indexOf("\r\n\r\n") : end); cut++) {
        expect(parse([bytes.subarray(0, cut)]).state).toBe("reading");
        expect(parse([bytes.subarray(0, cut)], true).state).toBe("unreadable");
      }
    });
  }

  for (const [name, text] of Object.entries(UNREADABLE)) {
    test(`with ${name} is unreadable, wherever it is split`, () => {
      const bytes = Buffer.from(text);
      expect(whole(text).state).toBe("unreadable");
      for (let split = 1; split < Math.min(bytes.length, 300); split++) {
        expect(parse([bytes.subarray(0, split), bytes.subarray(split)]).state).toBe("unreadable");
      }
    });
  }
});

describe("the limits", () => {
  const headOf = (length: number): string => {
    const rest = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: \r\n\r\n";
    return rest.replace("X: ", `X: ${"x".repeat(length - rest.length)}`);
  };

  test("a head of 16 KiB is read, one byte more is not", () => {
    expect(whole(headOf(HEAD_BYTES_MAX)).state).toBe("complete");
    expect(whole(headOf(HEAD_BYTES_MAX + 1)).state).toBe("unreadable");
    for (const pieceBytes of [1, 7, 4096, 16_383]) {
      const pieces = (text: string): Buffer[] =>
        Array.from({ length: Math.ceil(text.length / pieceBytes) }, (_, index) =>
          Buffer.from(text.slice(index * pieceBytes, (index + 1) * pieceBytes)),
        );
      expect(parse(pieces(headOf(HEAD_BYTES_MAX))).state).toBe("complete");
      expect(parse(pieces(headOf(HEAD_BYTES_MAX + 1))).state).toBe("unreadable");
    }
  });

  test("a head that never ends is given up at the limit, not kept", () => {
    expect(whole(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(HEAD_BYTES_MAX)}`).state).toBe("unreadable");
  });

  test("a body of 64 KiB is read, one byte more is not, however it is framed", () => {
    const body = "b".repeat(BODY_BYTES_MAX);
    const chunks = (text: string): string =>
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
    expect(whole(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`).body).toBe(body);
    expect(whole(chunks(body)).body).toBe(body);
    expect(whole(chunks(`${body}b`)).state).toBe("unreadable");
    expect(whole(`HTTP/1.1 200 OK\r\n\r\n${body}`, true).body).toBe(body);
    expect(whole(`HTTP/1.1 200 OK\r\n\r\n${body}b`, true).state).toBe("unreadable");
  });
});

test("headers are found in any letter case, several of one name are joined", () => {
  const parser = new HttpResponseParser();
  parser.feed(
    Buffer.from(
      "HTTP/1.1 429 X\r\nRETRY-AFTER: \t5 \r\nvia: a\r\nVia: b\r\nEmpty:\r\nContent-Length: 0\r\n\r\n",
    ),
  );
  const { head } = parser;
  if (head === null) throw new Error("no head");
  const lookUp = (name: string) => headerOf(head, name);
  expect(["Retry-After", "Via", "Empty", "X-None", "429 X"].map(lookUp)).toEqual([
    "5",
    "a, b",
    "",
    undefined,
    undefined,
  ]);
});

describe("random input", () => {
  test("valid responses in random pieces read the same as in one", () => {
    const random = SeededRandom.forTest("valid responses");
    const texts = Object.values(READABLE);
    for (let round = 0; round < 3000; round++) {
      const { text, closes = false } = random.pick(texts);
      expect(parse(random.pieces(Buffer.from(text)), closes)).toEqual(whole(text, closes));
    }
  });

  test("damaged responses and noise never throw, hang or read differently when split differently", () => {
    const random = SeededRandom.forTest("damaged responses");
    const texts = [...Object.values(READABLE).map(({ text }) => text), ...Object.values(UNREADABLE)];
    for (let round = 0; round < 6000; round++) {
      const bytes = damaged(random, Buffer.from(random.pick(texts).slice(0, 600)));
      const first = { bytes: bytes.toString("latin1"), ...parse([bytes], true) };
      const second = { bytes: first.bytes, ...parse(random.pieces(bytes), true) };
      expect(second).toEqual(first);
    }
  });
});

/** Overwrites, inserts or removes a few bytes; sometimes leaves nothing of the original at all. */
function damaged(random: SeededRandom, bytes: Buffer): Buffer {
  const noise = () => random.pick([0, 10, 13, 32, 48, 58, 59, 255, random.below(256)]);
  if (random.next() < 0.1) return Buffer.from(Array.from({ length: random.below(300) }, noise));
  const out = [...bytes];
  for (let left = 1 + random.below(4); left > 0; left--) {
    const added = random.next() < 0.7 ? [noise()] : [];
    out.splice(random.below(out.length), random.next() < 0.6 ? 1 : 0, ...added);
  }
  return Buffer.from(out);
}
