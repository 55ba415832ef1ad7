import { type Cents, parseAmount } from "../../domain/money.ts";
import { WALLET_OPERATION_TYPES, type WalletOperationType } from "../../domain/wallet-operation.ts";
import type { FieldError } from "../../http/errors.ts";
import { fieldsOf, invalid, NOT_AN_OBJECT, type ReadResult, valid } from "../../http/read-result.ts";

/** Reads `{initial_balance}`. */
export function readNewWallet(body: unknown): ReadResult<{ readonly balanceCents: Cents }> {
  const fields = fieldsOf(body);
  if (fields === null) return NOT_AN_OBJECT;
  const { initial_balance: balance } = fields;
  const parsed = parseAmount(balance, { allowZero: true });
  if (!parsed.ok) return invalid({ path: "initial_balance", message: parsed.problem });
  return valid({ balanceCents: parsed.cents });
}

export interface OperationRequest {
  readonly type: WalletOperationType;
  readonly amountCents: Cents;
}

/** Reads `{operationType, amount}`. */
export function readOperationBody(body: unknown): ReadResult<OperationRequest> {
  const fields = fieldsOf(body);
  if (fields === null) return NOT_AN_OBJECT;
  const { operationType, amount } = fields;
  const type = WALLET_OPERATION_TYPES.find((name) => name === operationType);
  const parsed = parseAmount(amount);
  if (type !== undefined && parsed.ok) return valid({ type, amountCents: parsed.cents });
  const errors: FieldError[] = [];
  if (type === undefined) errors.push({ path: "operationType", message: 'must be "DEPOSIT" or "WITHDRAW"' });
  if (!parsed.ok) errors.push({ path: "amount", message: parsed.problem });
  return invalid(...errors);
}

/** Reads `?sync=` of a request's URL; null for anything but a yes or a no. */
export function readSync(url: string): boolean | null {
  const queryAt = url.indexOf("?");
  if (queryAt < 0) return false;
  switch (new URLSearchParams(url.slice(queryAt)).get("sync")?.toLowerCase()) {
    case "true":
    case "1":
      return true;
    case undefined:
    case "":
    case "false":
    case "0":
      return false;
    default:
      return null;
  }
}
