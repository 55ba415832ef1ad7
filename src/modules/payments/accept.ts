import { type Cents, parseAmount } from "../../domain/money.ts";
import { parseUuid, UUID_BYTES } from "../../domain/uuid.ts";
import type { Intake } from "../../engine/intake.ts";
import type { FieldError } from "../../http/errors.ts";
import type { PresenceFilter } from "../../ring/presence-filter.ts";
import type { Durability } from "../../store/database.ts";
import { IdsInFlight } from "./ids-in-flight.ts";
import type { PaymentQueries } from "./queries.ts";
import type { PaymentStatusName } from "./table.ts";

export interface PaymentRequest {
  /** In canonical lower case. */
  readonly correlationId: string;
  readonly amountCents: Cents;
}

export type AcceptAnswer =
  | { readonly kind: "accepted" }
  | { readonly kind: "repeated"; readonly status: PaymentStatusName }
  | { readonly kind: "conflict" }
  | { readonly kind: "busy" }
  | { readonly kind: "late" }
  | { readonly kind: "bug" };

export interface AcceptParts {
  readonly intake: Intake;
  readonly queries: PaymentQueries;
  /** Null where there is none: then every id is looked up. */
  readonly knownIds: PresenceFilter | null;
  readonly durability: Durability;
}

/**
 * Accepting a payment, on main.
 *
 * DURABILITY=process: a known id is answered from the frames in flight or the database; a new one is in the
 * intake log, and so survives kill -9, before this returns. Two requests that meet within milliseconds at
 * different replicas may both be told "accepted": the commit keeps one and notes the other in its history.
 *
 * DURABILITY=power: the commit decides, and is waited for.
 */
export class PaymentAcceptor {
  readonly #parts: AcceptParts;
  readonly #ids = new IdsInFlight(crypto.getRandomValues(new Int32Array(1))[0] ?? 0);
  #purgeGeneration: number;
  /** The id being worked on; its bytes are copied before anything else can run. */
  readonly #id = new Uint8Array(UUID_BYTES);

  constructor(parts: AcceptParts) {
    this.#parts = parts;
    this.#purgeGeneration = parts.queries.purgeGeneration();
  }

  /** @param nowMs when it was accepted, ms since the epoch */
  accept(payment: PaymentRequest, nowMs: number): AcceptAnswer | Promise<AcceptAnswer> {
    const { intake, queries, durability } = this.#parts;
    const ids = this.#ids;
    const { correlationId, amountCents } = payment;
    const id = this.#id;
    if (!parseUuid(correlationId, id, 0)) throw new Error("the route let a malformed correlationId through");
    ids.forgetUpTo(intake.tail);
    const inFlight = ids.amountOf(id);
    if (inFlight !== undefined && !this.#wasPurged()) return compare(inFlight, amountCents, "pending");
    const known = this.#mayBeStored(id) ? queries.find(id) : null;
    if (known !== null) return compare(known.amountCents, amountCents, known.status);
    if (durability === "power") return this.#acceptCommitted(correlationId, amountCents, nowMs);
    const head = intake.submitPayment(id, amountCents, nowMs);
    if (head < 0) return { kind: "busy" };
    ids.add(id, amountCents, head);
    return { kind: "accepted" };
  }

  /** False only if no replica has committed this id. */
  #mayBeStored(id: Uint8Array): boolean {
    const { knownIds } = this.#parts;
    return knownIds === null || !knownIds.isComplete || knownIds.mayHold(id);
  }

  /** Whether any replica has purged since the last look: what was in flight then is gone, and forgotten here. */
  #wasPurged(): boolean {
    const generation = this.#parts.queries.purgeGeneration();
    if (generation === this.#purgeGeneration) return false;
    this.#purgeGeneration = generation;
    this.#ids.clear();
    return true;
  }

  async #acceptCommitted(correlationId: string, amountCents: Cents, nowMs: number): Promise<AcceptAnswer> {
    const { intake, queries } = this.#parts;
    const execution = await intake.executePayment(this.#id, amountCents, nowMs);
    if (execution.kind !== "done") return execution;
    const { kind } = execution.reply;
    if (kind === "accepted" || kind === "conflict" || kind === "bug") return { kind };
    const id = new Uint8Array(UUID_BYTES);
    parseUuid(correlationId, id, 0);
    return { kind: "repeated", status: queries.find(id)?.status ?? "pending" };
  }
}

function compare(knownCents: number, amountCents: number, status: PaymentStatusName): AcceptAnswer {
  return knownCents === amountCents ? { kind: "repeated", status } : { kind: "conflict" };
}

export type PaymentBodyResult =
  | { readonly kind: "payment"; readonly payment: PaymentRequest }
  | { readonly kind: "invalid"; readonly errors: readonly FieldError[] };

/** Reads `{correlationId, amount}` from a parsed JSON body. */
export function readPaymentBody(body: unknown): PaymentBodyResult {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return { kind: "invalid", errors: [{ path: "body", message: "must be a JSON object" }] };
  }
  // Any object: what is not there is undefined.
  const { correlationId, amount } = body as { correlationId?: unknown; amount?: unknown };
  const parsed = parseAmount(amount);
  const isId = typeof correlationId === "string" && parseUuid(correlationId, scratch, 0);
  if (isId && parsed.ok) {
    return {
      kind: "payment",
      payment: { correlationId: correlationId.toLowerCase(), amountCents: parsed.cents },
    };
  }
  const errors: FieldError[] = [];
  if (!isId) errors.push({ path: "correlationId", message: "must be a UUID" });
  if (!parsed.ok) errors.push({ path: "amount", message: parsed.problem });
  return { kind: "invalid", errors };
}

const scratch = new Uint8Array(UUID_BYTES);
