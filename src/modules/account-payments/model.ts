import type { AccountPaymentState } from "../../domain/account-payment.ts";
import { type Cents, parseAmount, toAmount } from "../../domain/money.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { canonicalUuid } from "../../domain/uuid.ts";
import type { FieldError } from "../../http/errors.ts";
import { fieldsOf, invalid, NOT_AN_OBJECT, type ReadResult, valid } from "../../http/read-result.ts";

/** What a client may say of a payment; all other fields are made here. */
export interface AccountPaymentRequest {
  readonly userId: string;
  readonly accountNumber: string;
  readonly amountCents: Cents;
  readonly description: string | null;
}

/** A payment as everything about it but its result is known when it is accepted. */
export interface NewAccountPayment extends AccountPaymentRequest {
  readonly id: string;
  readonly createdAtMs: number;
}

export interface AccountPaymentView {
  readonly paymentId: string;
  readonly userId: string;
  readonly created: string;
  readonly processed: string | null;
  readonly state: AccountPaymentState;
  readonly accountNumber: string;
  readonly amount: number;
  readonly description: string | null;
  readonly extPaymentDetails: string | null;
}

/** The longest account number in use, an IBAN with its spaces, has 42 characters. */
const ACCOUNT_CHARACTERS_MAX = 64;
const DESCRIPTION_CHARACTERS_MAX = 1000;

/** Reads `{userId, accountNumber, amount, description?}`; what else the client sends is not looked at. */
export function readAccountPayment(body: unknown): ReadResult<AccountPaymentRequest> {
  const fields = fieldsOf(body);
  if (fields === null) return NOT_AN_OBJECT;
  const { userId: userIdField, accountNumber, amount, description = null } = fields;
  const errors: FieldError[] = [];
  const userId = typeof userIdField === "string" ? canonicalUuid(userIdField) : null;
  if (userId === null) errors.push({ path: "userId", message: "must be a UUID" });
  const isAccount = isText(accountNumber, ACCOUNT_CHARACTERS_MAX) && accountNumber.trim() !== "";
  if (!isAccount) {
    const message = `must be a string of 1 to ${ACCOUNT_CHARACTERS_MAX} characters`;
    errors.push({ path: "accountNumber", message });
  }
  const parsed = parseAmount(amount);
  if (!parsed.ok) errors.push({ path: "amount", message: parsed.problem });
  const isDescription = description === null || isText(description, DESCRIPTION_CHARACTERS_MAX);
  if (!isDescription) {
    const message = `must be a string of at most ${DESCRIPTION_CHARACTERS_MAX} characters`;
    errors.push({ path: "description", message });
  }
  if (userId === null || !isAccount || !parsed.ok || !isDescription) return invalid(...errors);
  return valid({ userId, accountNumber, amountCents: parsed.cents, description });
}

/** The answer to a payment that was just accepted. */
export function viewOfNew(payment: NewAccountPayment): AccountPaymentView {
  return {
    paymentId: payment.id,
    userId: payment.userId,
    created: formatTimestamp(payment.createdAtMs),
    processed: null,
    state: "pending",
    accountNumber: payment.accountNumber,
    amount: toAmount(payment.amountCents),
    description: payment.description,
    extPaymentDetails: null,
  };
}

function isText(value: unknown, charactersMax: number): value is string {
  return typeof value === "string" && value.length <= charactersMax;
}
