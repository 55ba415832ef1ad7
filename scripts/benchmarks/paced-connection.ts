/** What an answer was, and when the request that it belongs to had begun. */
export interface PacedAnswer {
  readonly status: number;
  readonly hasRetryAfter: boolean;
  readonly latencyMs: number;
}

interface Handlers {
  /** The answer is there, and the connection is free again. */
  readonly answered: (connection: PacedConnection, answer: PacedAnswer) => void;
  /** The connection is gone; the request on it, if there was one, will not be answered. */
  readonly closed: (connection: PacedConnection, wasWaiting: boolean) => void;
}

/**
 * One kept HTTP/1.1 connection with one request at a time, as thin as can be, because it runs beside what it measures:
 * no promise and no timer per request, and of an answer only the status, `Retry-After` and the length are read.
 */
export class PacedConnection {
  readonly #handlers: Handlers;
  readonly #socket: Bun.Socket;
  #beganAtMs = 0;
  #isWaiting = false;
  #received = "";

  private constructor(socket: Bun.Socket, handlers: Handlers) {
    this.#socket = socket;
    this.#handlers = handlers;
  }

  static async open(hostname: string, port: number, handlers: Handlers): Promise<PacedConnection> {
    let connection: PacedConnection | null = null;
    const lost = () => connection?.lose();
    const socket = await Bun.connect({
      hostname,
      port,
      socket: {
        data: (_, bytes) => connection?.take(bytes.toString("latin1")),
        close: lost,
        error: lost,
      },
    });
    connection = new PacedConnection(socket, handlers);
    return connection;
  }

  /** @param beganAtMs from when on its latency counts, on the clock of `performance.now()` */
  send(request: string, beganAtMs: number): void {
    this.#beganAtMs = beganAtMs;
    this.#isWaiting = true;
    this.#received = "";
    this.#socket.write(request);
  }

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  get beganAtMs(): number {
    return this.#beganAtMs;
  }

  close(): void {
    this.#isWaiting = false;
    this.#socket.terminate();
  }

  take(text: string): void {
    if (!this.#isWaiting) return;
    this.#received += text;
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#received.length < headEnd + 4 + length) return;
    this.#isWaiting = false;
    const latencyMs = performance.now() - this.#beganAtMs;
    const status = Number(head.slice(9, 12));
    this.#handlers.answered(this, { status, hasRetryAfter: /\r\nretry-after:/i.test(head), latencyMs });
  }

  lose(): void {
    const wasWaiting = this.#isWaiting;
    this.#isWaiting = false;
    this.#handlers.closed(this, wasWaiting);
  }
}
