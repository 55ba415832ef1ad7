/**
 * One load at an even pace against one URL, whatever the answers do; runs in a process of its own and prints one line
 * of JSON (PacedResult in load.ts).
 *
 *   bun scripts/benchmarks/paced-load.ts '{"url":…,"connections":…,"seconds":…,"perSecond":…}'
 *
 * autocannon's own rate is no pace: each connection sends its share of a second back to back when the second begins,
 * so "500/s" is a burst of 500 and a pause. Here request n is due at n / rate. A request that found a free connection
 * when it was due counts from when it was sent (being late is then this program's fault); one that had to wait for a
 * connection counts from when it was due, because the server kept it waiting ("coordinated omission").
 */
import { percentile } from "./figure.ts";
import { countLatencies } from "./latency-histogram.ts";
import { ANSWER_KINDS, type AnswerKind, type PacedOptions, type PacedResult } from "./load.ts";
import { type PacedAnswer, PacedConnection } from "./paced-connection.ts";

/** A client would have given up by then. */
const PATIENCE_MS = 2_000;
const TICK_MS = 1;

class PacedLoad {
  readonly #options: PacedOptions;
  readonly #head: string;
  readonly #free: PacedConnection[] = [];
  readonly #all = new Set<PacedConnection>();
  /** When the requests were due that no connection was free for; those before `#backlogFrom` are dealt with. */
  readonly #backlog: number[] = [];
  #backlogFrom = 0;
  #answers: Record<AnswerKind, number> = { accepted: 0, refused: 0, unexpected: 0, unanswered: 0 };
  #acceptedMs: number[] = [];
  #refusedMs: number[] = [];

  constructor(options: PacedOptions) {
    this.#options = options;
    const { host, pathname } = new URL(options.url);
    this.#head = `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: `;
  }

  async run(): Promise<PacedResult> {
    const { connections, seconds, perSecond } = this.#options;
    for (let count = 0; count < connections; count++) this.#release(await this.#open());
    await this.#warmUp();
    const startedAtMs = performance.now();
    const total = Math.floor(seconds * perSecond);
    for (let due = 0; due < total; ) {
      await Bun.sleep(TICK_MS);
      const nowMs = performance.now();
      for (; due < total; due++) {
        const dueAtMs = startedAtMs + (due / perSecond) * 1000;
        if (dueAtMs > nowMs) break;
        this.#due(dueAtMs);
      }
      this.#giveUp(nowMs);
    }
    const endAtMs = performance.now() + PATIENCE_MS;
    while (this.#isBusy() && performance.now() < endAtMs) await Bun.sleep(5);
    return this.#result(total);
  }

  /** Everything that runs for the first time is slow, here too: one payment per connection that does not count. */
  async #warmUp(): Promise<void> {
    for (let count = 0; count < this.#options.connections; count++) this.#due(performance.now());
    const endAtMs = performance.now() + PATIENCE_MS;
    while (this.#isBusy() && performance.now() < endAtMs) await Bun.sleep(5);
    this.#answers = { accepted: 0, refused: 0, unexpected: 0, unanswered: 0 };
    this.#acceptedMs = [];
    this.#refusedMs = [];
  }

  #due(dueAtMs: number): void {
    const connection = this.#free.pop();
    if (connection === undefined) this.#backlog.push(dueAtMs);
    else this.#send(connection, performance.now());
  }

  #send(connection: PacedConnection, beganAtMs: number): void {
    const body = `{"correlationId":"${crypto.randomUUID()}","amount":19.90}`;
    connection.send(`${this.#head}${body.length}\r\n\r\n${body}`, beganAtMs);
  }

  /** The connection takes the request that waits longest, if one waits. */
  #release(connection: PacedConnection): void {
    const dueAtMs = this.#backlog[this.#backlogFrom];
    if (dueAtMs === undefined) {
      this.#free.push(connection);
      return;
    }
    this.#backlogFrom++;
    this.#send(connection, dueAtMs);
  }

  #answered(connection: PacedConnection, { status, hasRetryAfter, latencyMs }: PacedAnswer): void {
    const kind =
      status >= 200 && status < 300 ? "accepted" : status === 503 && hasRetryAfter ? "refused" : "unexpected";
    this.#answers[kind]++;
    if (kind === "accepted") this.#acceptedMs.push(latencyMs);
    if (kind === "refused") this.#refusedMs.push(latencyMs);
    this.#release(connection);
  }

  /** Whoever has waited so long is gone: on a connection, or for one. */
  #giveUp(nowMs: number): void {
    while ((this.#backlog[this.#backlogFrom] ?? nowMs) < nowMs - PATIENCE_MS) {
      this.#backlogFrom++;
      this.#answers.unanswered++;
    }
    for (const connection of this.#all) {
      if (!connection.isWaiting || connection.beganAtMs > nowMs - PATIENCE_MS) continue;
      connection.close();
      this.#lost(connection, true);
    }
  }

  #lost(connection: PacedConnection, wasWaiting: boolean): void {
    if (!this.#all.delete(connection)) return;
    const place = this.#free.indexOf(connection);
    if (place >= 0) this.#free.splice(place, 1);
    if (wasWaiting) this.#answers.unanswered++;
    void this.#reopen();
  }

  async #reopen(): Promise<void> {
    try {
      this.#release(await this.#open());
    } catch {
      // Nobody listens: what is due meanwhile waits for the other connections, and is given up.
    }
  }

  async #open(): Promise<PacedConnection> {
    const { hostname, port } = new URL(this.#options.url);
    const connection = await PacedConnection.open(hostname, Number(port), {
      answered: (from, answer) => this.#answered(from, answer),
      closed: (from, wasWaiting) => this.#lost(from, wasWaiting),
    });
    this.#all.add(connection);
    return connection;
  }

  #isBusy(): boolean {
    return this.#backlogFrom < this.#backlog.length || [...this.#all].some(({ isWaiting }) => isWaiting);
  }

  #result(due: number): PacedResult {
    const answers = { ...this.#answers };
    const answered = ANSWER_KINDS.reduce((sum, kind) => sum + answers[kind], 0);
    answers.unanswered += Math.max(0, due - answered);
    const acceptedMs = this.#acceptedMs.sort((one, other) => one - other);
    const refusedMs = this.#refusedMs.sort((one, other) => one - other);
    return {
      due,
      answers,
      p50Ms: percentile(acceptedMs, 0.5),
      p99Ms: percentile(acceptedMs, 0.99),
      refusedP99Ms: refusedMs.length === 0 ? null : percentile(refusedMs, 0.99),
      counts: countLatencies(acceptedMs),
    };
  }
}

console.log(JSON.stringify(await new PacedLoad(JSON.parse(process.argv[2] ?? "{}") as PacedOptions).run()));
process.exit(0);
