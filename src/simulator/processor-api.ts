import {
  emptyAnswer,
  garbageAnswer,
  jsonAnswer,
  messageAnswer,
  resetAnswer,
  silentAnswer,
  tooManyAnswer,
} from "./answers.ts";
import { formatDecimal, parseDecimal } from "./decimal.ts";
import { parseJsonBody, readText } from "./json-body.ts";
import { type PaymentOrder, readPaymentOrder } from "./payment-order.ts";
import {
  type AdminCall,
  answerSummary,
  isAdministrator,
  type ProcessorState,
  purgePayments,
  setDelay,
  setFailure,
  setFaults,
  setToken,
} from "./processor-admin.ts";
import { BOOK_RECORDS_MAX, ProcessorBook } from "./processor-book.ts";
import { type Fault, FaultPlan } from "./processor-faults.ts";
import { type Admission, ConcurrencyLimit, WindowLimit } from "./processor-limits.ts";
import { formatTimestamp } from "./timestamp.ts";
import { formatUuid, parsePathUuid } from "./uuid.ts";

/** Settings of one simulated processor; the defaults are those of the published one. */
export interface ProcessorOptions {
  /** Share of the amount that is charged, e.g. 0.05. */
  readonly fee: number;
  /** RATE_LIMIT_SECONDS: length of the window in which one health call is let in (default 5). */
  readonly rateLimitSeconds?: number;
  /** INITIAL_TOKEN of the administrator's calls (default "123"). */
  readonly token?: string;
  /** Records kept; beyond, the oldest are forgotten with a warning (default 2,000,000). */
  readonly recordsMax?: number;
  /** Told when records were forgotten (default: console.warn). */
  readonly warn?: (message: string) => void;
}

/** The published processor lets this many payment calls in at once, and this many more wait. */
const CALLS_AT_ONCE_MAX = 800;
const CALLS_WAITING_MAX = 500;

const RECORDED = '{"message":"payment processed successfully"}';

const ADMIN_CALLS: Readonly<Record<string, { readonly method: string; readonly run: AdminCall }>> = {
  "/admin/payments-summary": { method: "GET", run: answerSummary },
  "/admin/configurations/token": { method: "PUT", run: setToken },
  "/admin/configurations/delay": { method: "PUT", run: setDelay },
  "/admin/configurations/failure": { method: "PUT", run: setFailure },
  "/admin/configurations/faults": { method: "PUT", run: setFaults },
  "/admin/purge-payments": { method: "POST", run: purgePayments },
};

/**
 * A payment processor as in the Rinha de Backend 2025, in memory. `handle` is all there is to serve; the
 * server around it must not end a connection because it is idle (a delayed or queued call is).
 *
 *   POST /payments:   limit 800 + 500 ─► body (400, 415) ─► delay ─► failure switch (500) ─► insert (200, 422)
 *                                        read at arrival ──┘         read after the delay
 */
export class ProcessorSimulator {
  readonly state: ProcessorState;
  readonly #calls = new ConcurrencyLimit(CALLS_AT_ONCE_MAX, CALLS_WAITING_MAX);
  readonly #healthCalls: WindowLimit;
  readonly #retryAfterSeconds: number;

  constructor(options: ProcessorOptions) {
    const { rateLimitSeconds = 5, token = "123", recordsMax = BOOK_RECORDS_MAX } = options;
    const warn = options.warn ?? console.warn;
    const fee = parseDecimal(String(options.fee));
    if (fee === null || options.fee < 0) throw new RangeError(`fee must be at least 0, not ${options.fee}`);
    const onForgotten = (records: number) =>
      warn(`simulated processor: its book is full, the oldest ${records} payments were forgotten`);
    const book = new ProcessorBook(recordsMax, onForgotten);
    this.state = { book, faults: new FaultPlan(), fee, token, delayMs: 0, failing: false };
    this.#healthCalls = new WindowLimit(rateLimitSeconds);
    this.#retryAfterSeconds = Math.ceil(rateLimitSeconds);
  }

  /**
   * Answers one request. `path` is the path below the processor's address (`/payments`), whatever prefix
   * the processor is mounted under; the query is read from the request. Never rejects.
   */
  handle(request: Request, path: string): Promise<Response> {
    // The one call that comes by the thousand.
    if (path === "/payments" && request.method === "POST") return this.#charge(request);
    return this.#route(request, normalizePath(path));
  }

  async #route(request: Request, path: string): Promise<Response> {
    if (path === "/payments") return onlyMethod(request, "POST") ?? this.#charge(request);
    if (path === "/payments/service-health") return onlyMethod(request, "GET") ?? this.#answerHealth(request);
    const admin = Object.hasOwn(ADMIN_CALLS, path) ? ADMIN_CALLS[path] : undefined;
    if (admin !== undefined) {
      const wrongMethod = onlyMethod(request, admin.method);
      if (wrongMethod !== null) return wrongMethod;
      return isAdministrator(this.state, request) ? admin.run(this.state, request) : emptyAnswer(401);
    }
    const id = /^\/payments\/([^/]+)$/.exec(path)?.[1];
    if (id === undefined) return emptyAnswer(404);
    return onlyMethod(request, "GET") ?? this.#answerPayment(request, id);
  }

  async #charge(request: Request): Promise<Response> {
    const admission = this.#calls.tryEnter() ? "entered" : await this.#calls.wait(request.signal);
    if (admission !== "entered") return this.#turnAway(admission);
    try {
      const text = await readText(request);
      const body = parseJsonBody(request, text);
      if (body.kind === "refused") return emptyAnswer(body.status);
      const order = readPaymentOrder(body.object, text);
      if (order === null) return emptyAnswer(400);
      // Not cancelled when the caller hangs up: the payment is recorded all the same.
      if (this.state.delayMs > 0) await Bun.sleep(this.state.delayMs);
      if (this.state.failing) return emptyAnswer(500);
      const fault = this.state.faults.draw();
      if (fault === null) return this.#record(order);
      if (fault.recorded) this.#record(order);
      // Returned, not awaited: a call that stays silent does not keep its permit.
      return faultyAnswer(fault, request);
    } finally {
      this.#calls.leave();
    }
  }

  #record({ id, cents, requestedAtMicros }: PaymentOrder): Response {
    if (cents === null) return messageAnswer(500, "numeric field overflow: the amount is too large");
    if (this.state.book.insert(id, cents, requestedAtMicros)) return jsonAnswer(RECORDED);
    const detail = `CorrelationId already exists: ${formatUuid(id)}`;
    return messageAnswer(422, `Payment could not be processed. ${detail}`);
  }

  async #answerPayment(request: Request, idText: string): Promise<Response> {
    const admission = this.#calls.tryEnter() ? "entered" : await this.#calls.wait(request.signal);
    if (admission !== "entered") return this.#turnAway(admission);
    try {
      const id = parsePathUuid(idText);
      if (id === null) return emptyAnswer(400);
      const fault = this.state.faults.settings.alsoOnReads ? this.state.faults.draw() : null;
      if (fault !== null) return faultyAnswer(fault, request);
      const record = this.state.book.find(id);
      if (record === null) return emptyAnswer(404);
      const amount = formatDecimal({ units: BigInt(record.cents), scale: 2 });
      const requestedAt = formatTimestamp(record.requestedAtMicros);
      return jsonAnswer(
        `{"correlationId":"${formatUuid(id)}","amount":${amount},"requestedAt":"${requestedAt}"}`,
      );
    } finally {
      this.#calls.leave();
    }
  }

  async #answerHealth(request: Request): Promise<Response> {
    const admission = await this.#healthCalls.enter(request.signal);
    if (admission !== "entered") return this.#turnAway(admission);
    return jsonAnswer(`{"failing":${this.state.failing},"minResponseTime":${this.state.delayMs}}`);
  }

  #turnAway(admission: Exclude<Admission, "entered">): Response {
    switch (admission) {
      case "full":
        return tooManyAnswer(this.#retryAfterSeconds);
      case "left":
        // nginx's number for a caller who hung up; nobody reads it.
        return emptyAnswer(499);
    }
  }
}

function faultyAnswer(fault: Fault, request: Request): Response | Promise<Response> {
  switch (fault.kind) {
    case "silence":
      return silentAnswer(request.signal);
    case "garbage":
      return garbageAnswer();
    case "reset":
      return resetAnswer();
    case "server_error":
      return messageAnswer(500, "terminating connection due to administrator command");
  }
}

/** 405 with `Allow` unless the request has the one method of its path; else null. */
function onlyMethod(request: Request, method: string): Response | null {
  return request.method === method ? null : emptyAnswer(405, { allow: method });
}

/** Letter case and one trailing slash do not count. */
function normalizePath(path: string): string {
  const folded = path.toLowerCase();
  return folded.length > 1 && folded.endsWith("/") ? folded.slice(0, -1) : folded;
}

/** The path of a request's address from character `start` of the path on, without its query. */
export function requestPath(url: string, start: number = 0): string {
  const pathAt = url.indexOf("/", url.indexOf("//") + 2);
  const queryAt = url.indexOf("?", pathAt);
  return url.slice(pathAt + start, queryAt < 0 ? undefined : queryAt);
}
