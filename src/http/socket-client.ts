import { connect } from "node:net";

/** An answer as it came over the wire. For tests, which send what `fetch` would never let out. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface Exchange {
  readonly answers: readonly WireAnswer[];
  /** The server closed the connection. */
  readonly closed: boolean;
}

export interface ExchangeOptions {
  /** How many answers to wait for; default 1. */
  readonly answers?: number;
  /** Answers to HEAD have a length but no body. */
  readonly head?: boolean;
  /** Half-close after sending, as a client does that gives up. */
  readonly end?: boolean;
  /** When to stop waiting. */
  readonly timeoutMs?: number;
}

/** Sends `chunks` as they are over one connection and gathers what comes back until all answers are there. */
export function exchange(
  port: number,
  chunks: readonly (string | Uint8Array)[],
  options: ExchangeOptions = {},
): Promise<Exchange> {
  const { answers: expected = 1, head = false, end = false, timeoutMs = 2000 } = options;
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const socket = connect(port, "127.0.0.1", () => {
      for (const chunk of chunks) socket.write(chunk);
      if (end) socket.end();
    });
    const finish = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answers: parseAnswers(received, head), closed });
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    socket.on("data", (data) => {
      received = Buffer.concat([received, typeof data === "string" ? Buffer.from(data) : data]);
      const answers = parseAnswers(received, head);
      if (answers.length < expected) return;
      // What announces its end is waited for, so that `closed` can be relied on.
      if (answers.at(-1)?.headers.get("connection") !== "close") finish(false);
    });
    socket.on("close", () => finish(true));
    // A reset is an ending like another; what came before it is looked at.
    socket.on("error", () => finish(true));
  });
}

/** A request as text; headers in the order given. `Host` is always sent. */
export function wireRequest(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): string {
  const lines = Object.entries({ Host: "localhost", ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

/** A request with a JSON body and its length. */
export function wirePost(
  target: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const length = String(Buffer.byteLength(body));
  return wireRequest(
    "POST",
    target,
    { "Content-Type": "application/json", "Content-Length": length, ...headers },
    body,
  );
}

/** The complete answers in what has come so far. */
function parseAnswers(received: Buffer, head: boolean): WireAnswer[] {
  const answers: WireAnswer[] = [];
  let start = 0;
  for (;;) {
    const headEnd = received.indexOf("\r\n\r\n", start);
    if (headEnd < 0) return answers;
    const [statusLine = "", ...headerLines] = received.toString("latin1", start, headEnd).split("\r\n");
    const headers = new Map(headerLines.map((line) => splitHeader(line)));
    const status = Number(statusLine.split(" ")[1]);
    const hasBody = !head && status !== 100 && status !== 204 && status !== 304;
    const bodyEnd = headEnd + 4 + (hasBody ? Number(headers.get("content-length") ?? 0) : 0);
    if (bodyEnd > received.length) return answers;
    if (status !== 100)
      answers.push({ status, headers, body: received.toString("utf8", headEnd + 4, bodyEnd) });
    start = bodyEnd;
  }
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
