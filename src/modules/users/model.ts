import { type Cents, parseAmount } from "../../domain/money.ts";
import type { FieldError } from "../../http/errors.ts";

export type ReadResult<Value> =
  | { readonly kind: "valid"; readonly value: Value }
  | { readonly kind: "invalid"; readonly errors: readonly FieldError[] };

/** Reads `{balance}`. */
export function readNewUser(body: unknown): ReadResult<{ readonly balanceCents: Cents }> {
  if (!isObject(body)) return NOT_AN_OBJECT;
  const { balance } = body;
  const parsed = parseAmount(balance, { allowZero: true });
  if (!parsed.ok) return invalid([{ path: "balance", message: parsed.problem }]);
  return { kind: "valid", value: { balanceCents: parsed.cents } };
}

/** Reads `{user_id, deposit}` or `{user_id, amount}`. */
export function readPayment(
  body: unknown,
  amountField: "deposit" | "amount",
): ReadResult<{ readonly userId: number; readonly amountCents: Cents }> {
  if (!isObject(body)) return NOT_AN_OBJECT;
  const { user_id: userId, [amountField]: amount } = body;
  const parsed = parseAmount(amount);
  const isId = typeof userId === "number" && Number.isSafeInteger(userId) && userId > 0;
  if (isId && parsed.ok) return { kind: "valid", value: { userId, amountCents: parsed.cents } };
  const errors: FieldError[] = [];
  if (!isId) errors.push({ path: "user_id", message: "must be the id of a user, a whole number" });
  if (!parsed.ok) errors.push({ path: amountField, message: parsed.problem });
  return invalid(errors);
}

const NOT_AN_OBJECT = invalid([{ path: "body", message: "must be a JSON object" }]);

function invalid(errors: readonly FieldError[]) {
  return { kind: "invalid", errors } as const;
}

/** Any object: what is not there is undefined. */
function isObject(body: unknown): body is Record<string, unknown> {
  return typeof body === "object" && body !== null && !Array.isArray(body);
}
