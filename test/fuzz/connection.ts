/** One HTTP connection as bytes: it sends what no HTTP client would, and says exactly what came back. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export type Exchange =
  | { readonly kind: "answered"; readonly answer: Answer }
  /** The head of an answer that does not end: a stream of events. */
  | { readonly kind: "streaming"; readonly answer: Answer }
  /** The connection ended before a whole answer had come. */
  | { readonly kind: "closed"; readonly received: string }
  /** Nothing, or no whole answer, in the time given. */
  | { readonly kind: "silent"; readonly received: string };

/** Keeps a connection from one exchange to the next while the server does, and makes a new one otherwise. */
export class Connection {
  readonly #url: URL;
  #socket: Bun.Socket | null = null;
  #received: Buffer = EMPTY;
  #isClosed = false;
  #wake: () => void = () => {};

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** Sends one request and reads its answer. @param isHead the answer has a length and no body */
  async exchange(request: Uint8Array, timeoutMs: number, isHead = false): Promise<Exchange> {
    const wasOpen = this.#socket !== null;
    const first = await this.#exchangeOnce(request, timeoutMs, isHead);
    // A kept connection may have been closed by the server just before: that says nothing about this request.
    if (!wasOpen || first.kind !== "closed" || first.received !== "") return first;
    return this.#exchangeOnce(request, timeoutMs, isHead);
  }

  close(): void {
    this.#socket?.terminate();
    this.#socket = null;
  }

  async #exchangeOnce(request: Uint8Array, timeoutMs: number, isHead: boolean): Promise<Exchange> {
    this.#received = EMPTY;
    const socket = this.#socket ?? (await this.#open());
    this.#send(socket, request);
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const read = readAnswer(this.#received, isHead, this.#isClosed);
      if (read !== null) {
        const keeps = read.kind === "answered" && read.answer.headers.get("connection") !== "close";
        if (!keeps || this.#isClosed) this.close();
        return read;
      }
      const received = this.#received.toString("latin1");
      if (this.#isClosed || performance.now() > deadline) {
        const kind = this.#isClosed ? "closed" : "silent";
        this.close();
        return { kind, received };
      }
      await this.#next(deadline - performance.now());
    }
  }

  #send(socket: Bun.Socket, request: Uint8Array): void {
    let rest = request;
    const push = () => {
      const written = socket.write(rest);
      if (written > 0) rest = rest.subarray(written);
      if (rest.length > 0 && !this.#isClosed) setTimeout(push, 1);
    };
    push();
  }

  async #open(): Promise<Bun.Socket> {
    this.#isClosed = false;
    const ended = () => {
      this.#isClosed = true;
      this.#wake();
    };
    this.#socket = await Bun.connect({
      hostname: this.#url.hostname,
      port: Number(this.#url.port),
      socket: {
        data: (_, bytes) => {
          this.#received = Buffer.concat([this.#received, bytes]);
          this.#wake();
        },
        close: ended,
        error: ended,
      },
    });
    return this.#socket;
  }

  async #next(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, waitMs);
    await promise;
    clearTimeout(timer);
  }
}

const EMPTY = Buffer.alloc(0);

/** The first answer in `bytes`, interim ones (1xx) skipped; null while it is not whole. */
export function readAnswer(bytes: Buffer, isHead: boolean, isEnded: boolean): Exchange | null {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  if (status < 200) return readAnswer(bytes.subarray(headEnd + 4), isHead, isEnded);
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const answered = (body: Buffer): Exchange => ({
    kind: "answered",
    answer: { status, headers, body: body.toString("utf8") },
  });
  if (isHead || status === 204 || status === 304) return answered(EMPTY);
  if (headers.get("content-type")?.startsWith("text/event-stream") === true) {
    return { kind: "streaming", answer: { status, headers, body: "" } };
  }
  const rest = bytes.subarray(headEnd + 4);
  if (headers.get("transfer-encoding") === "chunked") {
    const body = readChunks(rest);
    return body === null ? null : answered(body);
  }
  const length = headers.get("content-length");
  if (length === undefined) return isEnded ? answered(rest) : null;
  return rest.length < Number(length) ? null : answered(rest.subarray(0, Number(length)));
}

function readChunks(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const start = lineEnd + 2;
    if (bytes.length < start + size + 2) return null;
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}
