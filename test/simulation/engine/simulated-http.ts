import type { HttpClient, HttpEndpoint } from "../../../src/upstreams/http-client.ts";
import type { HttpRequest } from "../../../src/upstreams/http-request.ts";
import type { HttpAnswer, HttpResult } from "../../../src/upstreams/http-result.ts";
import type { SimulatedThread, VirtualWorld } from "./virtual-world.ts";

/** What an upstream hears. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body's end is known only by the connection's end. */
  readonly isCut?: boolean;
}

/** Serves a call, and answers at once or in a later step. */
export type Upstream = (call: Call, answer: (answer: Answer) => void) => void;

/** Shares are per call; see the table in faults.ts. */
export interface NetworkFaults {
  readonly refusedShare: number;
  readonly lostRequestShare: number;
  readonly lostAnswerShare: number;
  readonly resetShare: number;
  readonly duplicateShare: number;
  readonly delayMs: () => number;
}

export const CALM_NETWORK: NetworkFaults = {
  refusedShare: 0,
  lostRequestShare: 0,
  lostAnswerShare: 0,
  resetShare: 0,
  duplicateShare: 0,
  delayMs: () => 1,
};

/** The wires between all replicas and all upstreams. */
export class Network {
  faults: NetworkFaults = CALM_NETWORK;
  readonly #world: VirtualWorld;
  readonly #upstreams: Readonly<Record<string, Upstream>>;

  /** @param upstreams by host name */
  constructor(world: VirtualWorld, upstreams: Readonly<Record<string, Upstream>>) {
    this.#world = world;
    this.#upstreams = upstreams;
  }

  /** The product's HTTP client as `thread` uses it: what it promises of its results is what these keep. */
  clientOf(thread: SimulatedThread): HttpClient {
    const endpoint = (baseUrl: string, options: { headers?: Readonly<Record<string, string>> } = {}) => ({
      request: (request: HttpRequest) => this.#request(thread, baseUrl, options.headers ?? {}, request),
    });
    // Only `endpoint` and its `request` are ever used by the upstreams' clients.
    return { endpoint, close: () => {} } as unknown as HttpClient & { endpoint: () => HttpEndpoint };
  }

  #request(
    thread: SimulatedThread,
    baseUrl: string,
    fixed: Readonly<Record<string, string>>,
    request: HttpRequest,
  ): Promise<HttpResult> {
    const world = this.#world;
    const { hostname } = new URL(baseUrl);
    const upstream = this.#upstreams[hostname];
    if (upstream === undefined) throw new Error(`there is no upstream ${hostname}`);
    const call: Call = {
      method: request.method,
      path: request.path,
      headers: { ...fixed, ...request.headers },
      body: request.body === undefined ? "" : String(request.body),
    };
    world.trace.note(world.nowMs, thread.name, `calls ${hostname} ${call.method} ${call.path} ${idOf(call)}`);
    const { promise, resolve } = Promise.withResolvers<HttpResult>();
    const sentAtMs = world.nowMs;
    let isOver = false;
    const end = (delayMs: number, label: string, result: () => HttpResult) =>
      world.plan(thread, delayMs, `${hostname} ${label}`, () => {
        if (isOver) return;
        isOver = true;
        resolve(result());
      });
    end(request.timeoutMs, "timed out", () => ({ kind: "unknown", code: "timeout" }));
    this.#send(hostname, upstream, call, (answer) => {
      if (answer === "refused") {
        end(0.2, "refused", () => ({ kind: "not-sent", code: "connect_refused" }));
      } else if (answer === "reset") {
        end(this.faults.delayMs(), "reset", () => ({ kind: "unknown", code: "reset" }));
      } else {
        const read = () => readAnswer(answer, world.nowMs - sentAtMs);
        end(this.faults.delayMs(), `answered ${answer.status}`, read);
      }
    });
    return promise;
  }

  #send(
    host: string,
    upstream: Upstream,
    call: Call,
    back: (answer: Answer | "refused" | "reset") => void,
  ): void {
    const { refusedShare, lostRequestShare, lostAnswerShare, resetShare, duplicateShare, delayMs } =
      this.faults;
    const world = this.#world;
    const label = `${host} hears ${call.method} ${call.path} ${idOf(call)}`;
    if (world.random() < refusedShare) {
      back("refused");
      return;
    }
    if (world.random() < lostRequestShare) return;
    const isAnswerLost = world.random() < lostAnswerShare;
    const isReset = world.random() < resetShare;
    const isTwice = world.random() < duplicateShare;
    world.plan(null, delayMs(), label, () =>
      upstream(call, (answer) => {
        if (isTwice && !isCertainNo(answer)) {
          world.plan(null, delayMs(), `${label} again`, () => upstream(call, () => {}));
        }
        if (!isAnswerLost) back(isReset ? "reset" : answer);
      }),
    );
  }
}

function readAnswer(
  { status, body = "", headers = {}, isCut = false }: Answer,
  latencyMs: number,
): HttpAnswer {
  return {
    kind: "answer",
    status,
    body: new TextEncoder().encode(body),
    bodyEndMarked: !isCut,
    latencyMs,
    header: (name) => headers[name.toLowerCase()],
  };
}

/**
 * Whoever hears a certain no may go elsewhere. So a copy that is served after it would be charged twice by the rules
 * themselves: no caller can do anything about a proxy that repeats what was refused.
 */
function isCertainNo({ status, body = "", isCut = false }: Answer): boolean {
  return status === 500
    ? body === "" && !isCut
    : status >= 300 && status < 500 && status !== 408 && status !== 422;
}

/** What a call is about, for the trace. */
function idOf({ body, headers }: Call): string {
  return headers["Idempotency-Key"] ?? /[0-9a-f-]{36}/.exec(body)?.[0] ?? "";
}
