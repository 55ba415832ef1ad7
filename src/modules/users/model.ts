import { type Cents, parseAmount } from "../../domain/money.ts";
import type { FieldError } from "../../http/errors.ts";
import { fieldsOf, invalid, NOT_AN_OBJECT, type ReadResult, valid } from "../../http/read-result.ts";

/** Reads `{balance}`. */
export function readNewUser(body: unknown): ReadResult<{ readonly balanceCents: Cents }> {
  const fields = fieldsOf(body);
  if (fields === null) return NOT_AN_OBJECT;
  const { balance } = fields;
  const parsed = parseAmount(balance, { allowZero: true });
  if (!parsed.ok) return invalid({ path: "balance", message: parsed.problem });
  return valid({ balanceCents: parsed.cents });
}

/** Reads `{user_id, deposit}` or `{user_id, amount}`. */
export function readPayment(
  body: unknown,
  amountField: "deposit" | "amount",
): ReadResult<{ readonly userId: number; readonly amountCents: Cents }> {
  const fields = fieldsOf(body);
  if (fields === null) return NOT_AN_OBJECT;
  const { user_id: userId, [amountField]: amount } = fields;
  const parsed = parseAmount(amount);
  const isId = typeof userId === "number" && Number.isSafeInteger(userId) && userId > 0;
  if (isId && parsed.ok) return valid({ userId, amountCents: parsed.cents });
  const errors: FieldError[] = [];
  if (!isId) errors.push({ path: "user_id", message: "must be the id of a user, a whole number" });
  if (!parsed.ok) errors.push({ path: amountField, message: parsed.problem });
  return invalid(...errors);
}
