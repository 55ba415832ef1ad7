import { AMOUNT_CENTS_MAX } from "./book-segment.ts";
import { parseDecimal, roundToCents } from "./decimal.ts";
import { numberText, pickFields } from "./json-body.ts";
import { MISSING_TIME_MICROS, parseTimestampMicros } from "./timestamp.ts";
import { parseUuid, type Uuid, ZERO_UUID } from "./uuid.ts";

/** What `POST /payments` of a processor asks for. */
export interface PaymentOrder {
  readonly id: Uuid;
  /** Null if it is more than a book can hold: the database's "numeric field overflow". */
  readonly cents: number | null;
  readonly requestedAtMicros: number;
}

const FIELDS = ["correlationId", "amount", "requestedAt"] as const;

/**
 * Reads the body of a payment; null if a field has the wrong type or form. A missing field is not refused:
 * it becomes the zero id, the amount 0, the year 1.
 */
export function readPaymentOrder(object: object, text: string): PaymentOrder | null {
  const fields = pickFields(object, FIELDS);
  const id = readId(fields.correlationId);
  const requestedAtMicros = readTime(fields.requestedAt);
  if (id === null || requestedAtMicros === null) return null;
  const cents = readCents(fields.amount, text);
  return cents === "ill_typed" ? null : { id, cents, requestedAtMicros };
}

function readId(value: unknown): Uuid | null {
  if (value === undefined) return ZERO_UUID;
  return typeof value === "string" ? parseUuid(value) : null;
}

function readTime(value: unknown): number | null {
  if (value === undefined) return MISSING_TIME_MICROS;
  return typeof value === "string" ? parseTimestampMicros(value) : null;
}

/** Cents of an amount, rounded half to even; null if they are too many for the book. */
function readCents(value: unknown, text: string): number | "ill_typed" | null {
  if (value === undefined) return 0;
  if (typeof value !== "number" && typeof value !== "string") return "ill_typed";
  if (typeof value === "number") {
    // A double that is the nearest one to a number of whole cents was written as (all but) that number.
    const cents = Math.round(value * 100);
    if (cents / 100 === value && Math.abs(cents) <= AMOUNT_CENTS_MAX) return cents;
  }
  const decimal = parseDecimal(typeof value === "string" ? value : (numberText(text, "amount") ?? ""));
  if (decimal === null) return "ill_typed";
  const cents = Number(roundToCents(decimal));
  return Math.abs(cents) <= AMOUNT_CENTS_MAX ? cents : null;
}
