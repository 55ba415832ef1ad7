import { KnownSecret } from "../http/same-secret.ts";
import {
  emptyAnswer,
  garbageAnswer,
  jsonAnswer,
  messageAnswer,
  resetAnswer,
  silentAnswer,
} from "./answers.ts";
import { parseJsonBody, pickFields, readBoolean, readInteger, readText } from "./json-body.ts";
import { type Fault, FaultPlan, readFaultSettings } from "./processor-faults.ts";

export interface CardGatewayOptions {
  /** `X-Rinha-Token` of the administrator's calls, as at the processors (default "123"). */
  readonly token?: string;
  /** References kept; beyond, the oldest are forgotten (default 200,000). */
  readonly referencesMax?: number;
}

/** What the gateway knows of a reference. Of a card it keeps nothing. */
export interface ChargeRecord {
  /** Calls that tried to charge it: repeats of one that is authorized are none. */
  readonly attempts: number;
  readonly status: "AUTHORIZED" | "DECLINED" | "FAILED" | "RUNNING";
  readonly amountCents: number;
  readonly firstAtMs: number;
  /** When each attempt began. */
  readonly attemptedAtMs: readonly number[];
}

interface Charge {
  attempts: number;
  status: ChargeRecord["status"];
  amountCents: number;
  attemptedAtMs: number[];
  /** The attempt that runs; a repeat waits for it instead of charging beside it. */
  running: Promise<void> | null;
}

type AdminCall = (request: Request) => Response | Promise<Response>;

/** References kept when nothing else is said; about 100 bytes each. */
const REFERENCES_MAX = 200_000;
const ATTEMPT_TIMES_MAX = 20;

/**
 * A card gateway as section B's, in memory: authorizes every card, unless it is told to decline, to fail, to be
 * slow, or to lose answers.
 *
 *   POST /   known and authorized ─► the same answer again
 *            without a card ─► 400
 *            else ─► delay ─► failure switch (500) ─► decline switch ─► fault ─► AUTHORIZED
 */
export class CardGatewaySimulator {
  readonly #token: KnownSecret;
  readonly #referencesMax: number;
  readonly #charges = new Map<string, Charge>();
  /** What an administrator may change; purging keeps it. */
  readonly faults = new FaultPlan();
  readonly switches = { delayMs: 0, failing: false, declining: false };

  constructor({ token = "123", referencesMax = REFERENCES_MAX }: CardGatewayOptions = {}) {
    this.#token = new KnownSecret(token);
    this.#referencesMax = referencesMax;
  }

  /** Answers one request; `path` is the path below the gateway's address. Never rejects. */
  async handle(request: Request, path: string): Promise<Response> {
    if (path === "" || path === "/") {
      return request.method === "POST" ? this.#charge(request) : emptyAnswer(405, { allow: "POST" });
    }
    const call = this.#adminCallOf(request.method, path.replace(/\/$/, ""));
    if (call === null) return emptyAnswer(404);
    const sent = request.headers.get("x-rinha-token");
    return sent !== null && this.#token.matches(sent) ? call(request) : emptyAnswer(401);
  }

  /** What it knows of a reference, or null. */
  find(referenceId: string): ChargeRecord | null {
    const charge = this.#charges.get(referenceId);
    if (charge === undefined) return null;
    const { running: _, ...record } = charge;
    return { ...record, firstAtMs: charge.attemptedAtMs[0] ?? 0 };
  }

  /** Every reference with its record, in the order of arrival. */
  records(): [string, ChargeRecord][] {
    return [...this.#charges.keys()].map((reference) => [
      reference,
      // Just read from the same map.
      this.find(reference) as ChargeRecord,
    ]);
  }

  #adminCallOf(method: string, path: string): AdminCall | null {
    switch (`${method} ${path}`) {
      case "PUT /admin/configurations/delay":
        return (request) =>
          this.#configure(request, "delay", readInteger, (value) => {
            this.switches.delayMs = value;
          });
      case "PUT /admin/configurations/failure":
        return (request) =>
          this.#configure(request, "failure", readBoolean, (value) => {
            this.switches.failing = value;
          });
      case "PUT /admin/configurations/decline":
        return (request) =>
          this.#configure(request, "decline", readBoolean, (value) => {
            this.switches.declining = value;
          });
      case "PUT /admin/configurations/faults":
        return (request) => this.#setFaults(request);
      case "GET /admin/charges-summary":
        return () => this.#answerSummary();
      case "POST /admin/purge-charges":
        return () => {
          this.#charges.clear();
          return messageAnswer(200, "All charges purged.");
        };
    }
    const reference = /^\/admin\/charges\/([^/]+)$/.exec(path)?.[1];
    if (reference === undefined || method !== "GET") return null;
    return () => {
      const record = this.find(reference);
      return record === null ? emptyAnswer(404) : jsonAnswer(JSON.stringify(record));
    };
  }

  async #charge(request: Request): Promise<Response> {
    const body = parseJsonBody(request, await readText(request));
    if (body.kind === "refused") return emptyAnswer(body.status);
    const order = readOrder(body.object);
    if (order === null) return messageAnswer(400, "reference_id and amount.value are required");
    const known = this.#charges.get(order.referenceId);
    if (known?.running) await known.running;
    if (known?.status === "AUTHORIZED") return statusAnswer(order.referenceId, known);
    if (!order.hasCard) return messageAnswer(400, "payment_method.card is required");
    const charge = known ?? this.#remember(order.referenceId);
    charge.amountCents = order.amountCents;
    const ended = Promise.withResolvers<void>();
    charge.running = ended.promise;
    charge.attempts++;
    if (charge.attemptedAtMs.length < ATTEMPT_TIMES_MAX) charge.attemptedAtMs.push(Date.now());
    charge.status = "RUNNING";
    const decided = await this.#decide(charge).finally(() => {
      charge.running = null;
      ended.resolve();
    });
    return decided === "decided" ? statusAnswer(order.referenceId, charge) : faultyAnswer(decided, request);
  }

  /** Sets the status. Not cancelled when the caller hangs up: the charge is made all the same. */
  async #decide(charge: Charge): Promise<"decided" | "out of order" | Fault> {
    if (this.switches.delayMs > 0) await Bun.sleep(this.switches.delayMs);
    const fault = this.switches.failing || this.switches.declining ? null : this.faults.draw();
    if (this.switches.failing || fault?.recorded === false) charge.status = "FAILED";
    else charge.status = this.switches.declining ? "DECLINED" : "AUTHORIZED";
    return this.switches.failing ? "out of order" : (fault ?? "decided");
  }

  #remember(referenceId: string): Charge {
    if (this.#charges.size >= this.#referencesMax) {
      const [oldest] = this.#charges.keys();
      if (oldest !== undefined) this.#charges.delete(oldest);
    }
    const charge: Charge = {
      attempts: 0,
      status: "RUNNING",
      amountCents: 0,
      attemptedAtMs: [],
      running: null,
    };
    this.#charges.set(referenceId, charge);
    return charge;
  }

  async #configure<Value>(
    request: Request,
    name: string,
    read: (value: unknown) => Value | null,
    set: (value: Value) => void,
  ): Promise<Response> {
    const body = parseJsonBody(request, await readText(request));
    if (body.kind === "refused") return emptyAnswer(body.status);
    const value = read(pickFields(body.object, [name])[name]);
    if (value === null) return emptyAnswer(400);
    set(value);
    return jsonAnswer(JSON.stringify({ config: name, is: value }));
  }

  async #setFaults(request: Request): Promise<Response> {
    const body = parseJsonBody(request, await readText(request));
    if (body.kind === "refused") return emptyAnswer(body.status);
    const settings = readFaultSettings(body.object);
    if (settings === null)
      return messageAnswer(400, "Each share must be from 0 to 1, and so must their sum.");
    this.faults.settings = settings;
    return jsonAnswer(JSON.stringify({ config: "faults", is: settings }));
  }

  #answerSummary(): Response {
    let attempts = 0;
    let authorized = 0;
    let totalCents = 0;
    for (const charge of this.#charges.values()) {
      attempts += charge.attempts;
      if (charge.status !== "AUTHORIZED") continue;
      authorized++;
      totalCents += charge.amountCents;
    }
    return jsonAnswer(JSON.stringify({ references: this.#charges.size, attempts, authorized, totalCents }));
  }
}

function readOrder(
  object: object,
): { readonly referenceId: string; readonly amountCents: number; readonly hasCard: boolean } | null {
  const { reference_id: referenceId, amount, payment_method: method } = object as Record<string, unknown>;
  const value = typeof amount === "object" && amount !== null && "value" in amount ? amount.value : undefined;
  if (typeof referenceId !== "string" || referenceId === "") return null;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) return null;
  const card = typeof method === "object" && method !== null && "card" in method ? method.card : undefined;
  return { referenceId, amountCents: value, hasCard: typeof card === "object" && card !== null };
}

function statusAnswer(referenceId: string, { status, amountCents }: Charge): Response {
  const amount = { value: amountCents, currency: "BRL" };
  return jsonAnswer(JSON.stringify({ id: `CHAR_${referenceId}`, reference_id: referenceId, status, amount }));
}

function faultyAnswer(fault: "out of order" | Fault, request: Request): Response | Promise<Response> {
  if (fault === "out of order") return messageAnswer(500, "the card gateway is out of order");
  switch (fault.kind) {
    case "silence":
      return silentAnswer(request.signal);
    case "garbage":
      return garbageAnswer();
    case "reset":
      return resetAnswer();
    case "server_error":
      // A proxy's: nobody knows whether the gateway behind it has charged.
      return messageAnswer(502, "bad gateway");
  }
}
