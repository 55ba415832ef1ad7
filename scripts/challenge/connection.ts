/** One answer, or why there is none. */
export type Reply =
  | { readonly kind: "answer"; readonly status: number; readonly body: string; readonly durationMs: number }
  | { readonly kind: "failed"; readonly reason: string; readonly durationMs: number };

interface Pending {
  readonly startedAt: number;
  readonly resolve: (reply: Reply) => void;
  readonly timer: Timer;
}

/**
 * One HTTP/1.1 connection, as one virtual user has: kept open, one request at a time, opened anew when it was closed.
 * Thin, because it runs beside what it measures. A duration is from the sending of a request to the last byte of its
 * answer, without the opening of the connection.
 */
export class Connection {
  readonly #hostname: string;
  readonly #port: number;
  readonly #timeoutMs: number;
  #socket: Bun.Socket | null = null;
  #pending: Pending | null = null;
  #received = "";

  constructor(url: string, timeoutMs: number) {
    const { hostname, port } = new URL(url);
    this.#hostname = hostname;
    this.#port = Number(port === "" ? 80 : port);
    this.#timeoutMs = timeoutMs;
  }

  /** Sends a request; `body` is JSON. Never rejects. */
  async request(method: string, path: string, body = ""): Promise<Reply> {
    const openedAt = performance.now();
    let socket: Bun.Socket;
    try {
      socket = this.#socket ?? (await this.#open());
    } catch (error) {
      const reason = error instanceof Error && "code" in error ? String(error.code) : "connection refused";
      return { kind: "failed", reason, durationMs: performance.now() - openedAt };
    }
    const head = `${method} ${path} HTTP/1.1\r\nHost: ${this.#hostname}:${this.#port}\r\n`;
    const type = body === "" ? "" : "Content-Type: application/json\r\n";
    const length = method === "GET" ? "" : `Content-Length: ${body.length}\r\n`;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#fail("timeout"), this.#timeoutMs);
      this.#pending = { startedAt: performance.now(), resolve, timer };
      socket.write(`${head}${type}${length}\r\n${body}`);
    });
  }

  close(): void {
    this.#socket?.end();
    this.#socket = null;
  }

  async #open(): Promise<Bun.Socket> {
    const socket = await Bun.connect({
      hostname: this.#hostname,
      port: this.#port,
      socket: {
        data: (from, bytes) => {
          if (from === this.#socket) this.#take(bytes.toString("latin1"));
        },
        close: (from) => {
          if (from === this.#socket) this.#fail("connection closed");
        },
        error: (from) => {
          if (from === this.#socket) this.#fail("connection reset");
        },
      },
    });
    this.#socket = socket;
    this.#received = "";
    return socket;
  }

  #take(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd);
    const body = completeBody(head, this.#received.slice(headEnd + 4));
    if (body === null) return;
    const pending = this.#pending;
    this.#pending = null;
    this.#received = "";
    if (/^connection: *close/im.test(head)) this.close();
    if (pending === null) return;
    clearTimeout(pending.timer);
    const durationMs = performance.now() - pending.startedAt;
    pending.resolve({ kind: "answer", status: Number(head.slice(9, 12)), body, durationMs });
  }

  #fail(reason: string): void {
    const pending = this.#pending;
    this.#pending = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.terminate();
    if (pending === null) return;
    clearTimeout(pending.timer);
    pending.resolve({ kind: "failed", reason, durationMs: performance.now() - pending.startedAt });
  }
}

/** The body once all of it is there, else null. Chunks are only waited for, not taken apart. */
function completeBody(head: string, received: string): string | null {
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) return received.length >= Number(length) ? received : null;
  if (/^transfer-encoding: *chunked/im.test(head)) return received.endsWith("0\r\n\r\n") ? received : null;
  return "";
}
