import { wholeBetween } from "./seed.ts";

export interface LoadOptions {
  /** Where to post now; changes when a gateway is started again. */
  readonly url: () => string;
  readonly random: () => number;
  /** Requests in flight at once (default 8). */
  readonly clients?: number;
  /** Mean pause of a client between two requests, ms (default 6). */
  readonly pauseMs?: number;
}

/** Between two tries while nobody listens. */
const PAUSE_UNANSWERED_MS = 20;

/** Answers 503 per accepted payment. */
const BUSY_SHARE_MAX = 0.1;

/**
 * Clients that post payments without end and note what they were told. Amounts differ, so that a payment that
 * is counted twice or under another amount shows in the sums.
 */
export class Load {
  /** Cents by id: every payment that was ever sent, answered or not. */
  readonly sent = new Map<string, number>();
  /** Ids in the order in which they were answered 2xx. */
  readonly acknowledged: string[] = [];
  /** Answers by status. */
  readonly statuses = new Map<number, number>();
  /** Requests that got no answer: refused connections, connections cut off. */
  unanswered = 0;
  readonly #options: LoadOptions;
  readonly #clients: Promise<void>[];
  #isRunning = true;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#clients = Array.from({ length: options.clients ?? 8 }, () => this.#run());
  }

  /** Ends when the last answer is there. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#clients);
  }

  /** Statuses that occurred, ascending. */
  get seenStatuses(): number[] {
    return [...this.statuses.keys()].sort((a, b) => a - b);
  }

  /**
   * Statuses that a load must not see, ascending. 503 is none of them while it is rare: on a machine so busy that
   * nobody gets the write lock for half a second it is the documented answer.
   */
  get unexpectedStatuses(): number[] {
    const isBusyRarely = (this.statuses.get(503) ?? 0) <= BUSY_SHARE_MAX * this.acknowledged.length;
    return this.seenStatuses.filter((status) => status !== 202 && !(status === 503 && isBusyRarely));
  }

  async #run(): Promise<void> {
    const { random, pauseMs = 6 } = this.#options;
    while (this.#isRunning) {
      await this.#post();
      await Bun.sleep(random() * 2 * pauseMs);
    }
  }

  async #post(): Promise<void> {
    const id = crypto.randomUUID();
    const cents = wholeBetween(this.#options.random, 1, 100_000);
    this.sent.set(id, cents);
    try {
      const response = await fetch(`${this.#options.url()}/payments`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: `{"correlationId":"${id}","amount":${cents / 100}}`,
      });
      const { status } = response;
      // Before the body is read: a status line that arrived is an answer.
      if (response.ok) this.acknowledged.push(id);
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
      await response.text();
    } catch {
      this.unanswered++;
      await Bun.sleep(PAUSE_UNANSWERED_MS);
    }
  }
}

/** Posts `count` payments of `cents` each as fast as they are answered; returns their ids. Throws unless all are taken. */
export async function postMany(url: string, count: number, cents: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => crypto.randomUUID());
  let next = 0;
  const client = async () => {
    for (let id = ids[next++]; id !== undefined; id = ids[next++]) {
      const response = await fetch(`${url}/payments`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: `{"correlationId":"${id}","amount":${cents / 100}}`,
      });
      await response.text();
      if (response.status !== 202) throw new Error(`a new payment was answered ${response.status}`);
    }
  };
  await Promise.all(Array.from({ length: 32 }, client));
  return ids;
}

/**
 * Posts payments one after the other on one connection, whatever the server says about closing it, until the
 * server closes it. Returns what was answered to each, in order.
 */
export async function postOnOneConnection(
  url: string,
  cents: number,
): Promise<readonly { readonly id: string; readonly status: number }[]> {
  const { hostname, port } = new URL(url);
  const answers: { id: string; status: number }[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let id = "";
  const next = (socket: Bun.Socket) => {
    id = crypto.randomUUID();
    const body = `{"correlationId":"${id}","amount":${cents / 100}}`;
    const head = `POST /payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
    socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
  };
  await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      open: next,
      data: (socket, received) => {
        // Answers are far shorter than a segment: each arrives in one piece.
        const status = /^HTTP\/1\.1 (\d{3})/.exec(received.toString("latin1"))?.[1];
        if (status === undefined) return;
        answers.push({ id, status: Number(status) });
        setTimeout(() => next(socket), 1);
      },
      close: () => resolve(),
      error: () => resolve(),
    },
  });
  await closed;
  return answers;
}
