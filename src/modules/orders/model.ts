import { type Card, readCard } from "../../domain/card.ts";
import { type AmountProblem, parsePrice, type TenThousandths } from "../../domain/money.ts";
import { canonicalUuid } from "../../domain/uuid.ts";
import type { FieldError } from "../../http/errors.ts";
import { fieldsOf, invalid, NOT_AN_OBJECT, type ReadResult, valid } from "../../http/read-result.ts";

/** What both bodies say of the purchase. Ids that cannot be those of anything are null: "unknown", not "invalid". */
export interface Purchase {
  readonly productId: number | null;
  /** JSON of what the client sent: a number or a text, and it gets back the same. */
  readonly userId: string;
  /** The same user, however written. */
  readonly userKey: string;
  readonly quantity: number;
  readonly total: TenThousandths;
}

export interface OrderRequest extends Purchase {
  /** A UUID in lower case. */
  readonly reservationId: string | null;
  readonly price: TenThousandths;
  readonly card: Card;
}

const ID_LENGTH_MAX = 128;
const ID_MESSAGE = `must be a whole number or a text of 1 to ${ID_LENGTH_MAX} characters`;

/** Reads `{product_id, user_id, quantity, total_price}`. */
export function readReservation(body: unknown): ReadResult<Purchase> {
  const fields = fieldsOf(body);
  if (fields === null) return NOT_AN_OBJECT;
  const errors: FieldError[] = [];
  const purchase = readPurchase(fields, "", errors);
  return purchase === null ? invalid(...errors) : valid(purchase);
}

/** Reads `{produto: {reserve_id, product_id, user_id, price, quantity, total_price}, card: {…}}`. */
export function readOrder(body: unknown): ReadResult<OrderRequest> {
  const fields = fieldsOf(body);
  if (fields === null) return NOT_AN_OBJECT;
  const errors: FieldError[] = [];
  const product = fieldsOf(fields["produto"]);
  if (product === null) errors.push({ path: "produto", message: "must be an object" });
  const purchase = product === null ? null : readPurchase(product, "produto.", errors);
  const reserveId = readId(product?.["reserve_id"]);
  if (product !== null && reserveId === null)
    errors.push({ path: "produto.reserve_id", message: ID_MESSAGE });
  const price = product === null ? null : readMoney(product, "price", "produto.", errors);
  const card = readCardField(fields, errors);
  if (purchase === null || reserveId === null || price === null || card === null) return invalid(...errors);
  return valid({ ...purchase, reservationId: canonicalUuid(String(reserveId)), price, card });
}

/** Reads the field `card` of a body. @param errors gets what is wrong with it */
export function readCardField(fields: Readonly<Record<string, unknown>>, errors: FieldError[]): Card | null {
  const read = readCard(fields["card"]);
  if (read.ok) return read.card;
  for (const { field, message } of read.problems) {
    errors.push({ path: field === "" ? "card" : `card.${field}`, message });
  }
  return null;
}

function readPurchase(
  fields: Readonly<Record<string, unknown>>,
  prefix: string,
  errors: FieldError[],
): Purchase | null {
  const productId = readId(fields["product_id"]);
  const userId = readId(fields["user_id"]);
  const quantity = readWhole(fields["quantity"]);
  const total = readMoney(fields, "total_price", prefix, errors);
  const note = (name: string, message: string) => errors.push({ path: `${prefix}${name}`, message });
  if (productId === null) note("product_id", ID_MESSAGE);
  if (userId === null) note("user_id", ID_MESSAGE);
  if (quantity === null) note("quantity", "must be a whole number");
  if (productId === null || userId === null || quantity === null || total === null) return null;
  return {
    productId: readWhole(productId),
    userId: JSON.stringify(userId),
    userKey: String(userId),
    quantity,
    total,
  };
}

/** An id as clients write it: a whole number, or a text. */
function readId(value: unknown): number | string | null {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : null;
  if (typeof value !== "string" || value === "" || value.length > ID_LENGTH_MAX) return null;
  // Half of a surrogate pair cannot be stored, and could not come back as it was sent.
  return value.isWellFormed() && !value.includes("\0") ? value : null;
}

/** A whole number, also as a text. */
function readWhole(value: unknown): number | null {
  const number = typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number + 0 : null;
}

/** These problems are about the value and not its form: such a total agrees with no catalogue (400, not 422). */
const WRONG_VALUES: readonly AmountProblem[] = ["must be greater than 0", "must not be negative"];

function readMoney(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  prefix: string,
  errors: FieldError[],
): TenThousandths | null {
  const parsed = parsePrice(fields[name]);
  if (parsed.ok) return parsed.tenThousandths;
  if (WRONG_VALUES.includes(parsed.problem)) return NO_PRICE;
  errors.push({ path: `${prefix}${name}`, message: parsed.problem });
  return null;
}

/** Products have prices above 0, so this is the price of none. */
const NO_PRICE = 0 as TenThousandths; // a whole number within the limits
