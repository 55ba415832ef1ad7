/** The answer to one request of a flood. */
interface Answered {
  readonly status: number;
  readonly code: string | undefined;
  readonly retryAfter: string | undefined;
}

/**
 * Clients with a connection each that post one payment after the other, as fast as they are answered, on bare sockets:
 * hundreds of `fetch` at once would be busier than the server.
 */
export class Flood {
  /** Ids by what was said of them. */
  readonly accepted: string[] = [];
  readonly refused: string[] = [];
  /** Answers that are neither 202 nor 503 OVERLOADED with Retry-After: 1. */
  readonly unexpected: Answered[] = [];
  /** Connections that ended while an answer was awaited. */
  unanswered = 0;
  readonly #sockets: Bun.Socket[] = [];
  readonly #request: (id: string) => string;
  #waiting = 0;
  #isRunning = true;

  private constructor(host: string, cents: number) {
    const head = `POST /payments HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: `;
    this.#request = (id) => {
      const body = `{"correlationId":"${id}","amount":${cents / 100}}`;
      return `${head}${body.length}\r\n\r\n${body}`;
    };
  }

  static async start(url: string, connections: number, cents: number): Promise<Flood> {
    const { host, hostname, port } = new URL(url);
    const flood = new Flood(host, cents);
    for (let count = 0; count < connections; count++) await flood.#connect(hostname, Number(port));
    return flood;
  }

  /** Ends when the last answer is there, or after `timeoutMs`: what is missing then counts as unanswered. */
  async stop(timeoutMs: number): Promise<void> {
    this.#isRunning = false;
    const deadline = performance.now() + timeoutMs;
    while (this.#waiting > 0 && performance.now() < deadline) await Bun.sleep(10);
    this.unanswered += this.#waiting;
    for (const socket of this.#sockets) socket.terminate();
  }

  async #connect(hostname: string, port: number): Promise<void> {
    let id = "";
    let received = "";
    const send = (socket: Bun.Socket) => {
      if (!this.#isRunning) return;
      this.#waiting++;
      id = crypto.randomUUID();
      received = "";
      socket.write(this.#request(id));
    };
    const close = () => {
      if (!this.#isRunning || id === "") return;
      this.#waiting--;
      this.unanswered++;
      id = "";
    };
    const data = (socket: Bun.Socket, bytes: Uint8Array) => {
      received += Buffer.from(bytes).toString("latin1");
      const answered = wholeAnswer(received);
      if (answered === null) return;
      this.#waiting--;
      this.#note(id, answered);
      send(socket);
    };
    this.#sockets.push(
      await Bun.connect({ hostname, port, socket: { open: send, data, close, error: close } }),
    );
  }

  #note(id: string, answered: Answered): void {
    const { status, code, retryAfter } = answered;
    if (status === 202) this.accepted.push(id);
    else if (status === 503 && code === "OVERLOADED" && retryAfter === "1") this.refused.push(id);
    else this.unexpected.push(answered);
  }
}

/** Null while a part is missing. */
function wholeAnswer(received: string): Answered | null {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const head = received.slice(0, headEnd);
  const body = received.slice(headEnd + 4);
  if (body.length < Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)) return null;
  return {
    status: Number(head.slice(9, 12)),
    code: /"code":"([A-Z_]+)"/.exec(body)?.[1],
    retryAfter: /\r\nretry-after: *(\d+)/i.exec(head)?.[1],
  };
}
