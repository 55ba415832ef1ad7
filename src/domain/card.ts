/**
 * A card as the body of `POST /payment` carries it. Nothing here ever puts a value of the card into a message:
 * problems go into answers and logs.
 */
export interface Card {
  /** 12 to 19 digits. */
  readonly number: string;
  readonly expMonth: number;
  /** Four digits. */
  readonly expYear: number;
  readonly securityCode: string;
  readonly holder: string | null;
}

export interface CardProblem {
  readonly field: string;
  readonly message: string;
}

export type CardResult =
  | { readonly ok: true; readonly card: Card }
  | { readonly ok: false; readonly problems: readonly CardProblem[] };

const HOLDER_LENGTH_MAX = 100;

/** Reads `{card_number, card_exp_month, card_exp_year, card_security_code, card_holder?}`. */
export function readCard(input: unknown): CardResult {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return { ok: false, problems: [{ field: "", message: "must be an object" }] };
  }
  const fields = input as Readonly<Record<string, unknown>>; // any object: what is not there is undefined
  const number = digitsOf(fields["card_number"], /^\d{12,19}$/);
  const expMonth = digitsOf(fields["card_exp_month"], /^(?:0?[1-9]|1[0-2])$/);
  const expYear = digitsOf(fields["card_exp_year"], /^(?:20)?\d\d$/);
  const securityCode = digitsOf(fields["card_security_code"], /^\d{3,4}$/);
  const holder = fields["card_holder"] ?? null;
  const isHolder = holder === null || (typeof holder === "string" && holder.length <= HOLDER_LENGTH_MAX);
  if (number === null || expMonth === null || expYear === null || securityCode === null || !isHolder) {
    const problems: CardProblem[] = [];
    const note = (field: string, message: string) => problems.push({ field, message });
    if (number === null) note("card_number", "must have 12 to 19 digits");
    if (expMonth === null) note("card_exp_month", "must be a month, 1 to 12");
    if (expYear === null) note("card_exp_year", "must be a year of 2 or 4 digits");
    if (securityCode === null) note("card_security_code", "must have 3 or 4 digits");
    if (!isHolder) note("card_holder", `must be a text of at most ${HOLDER_LENGTH_MAX} characters`);
    return { ok: false, problems };
  }
  const year = Number(expYear);
  const card = {
    number,
    expMonth: Number(expMonth),
    expYear: year < 100 ? 2000 + year : year,
    securityCode,
    holder: typeof holder === "string" ? holder : null,
  };
  return { ok: true, card };
}

/** All of a card number that may be kept. */
export function lastFourOf(card: Card): string {
  return card.number.slice(-4);
}

/** Digits of a text or a number, without the spaces and hyphens that people put between them. */
function digitsOf(value: unknown, pattern: RegExp): string | null {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || text.length > 64) return null;
  const digits = text.replace(/[ -]/g, "");
  return pattern.test(digits) ? digits : null;
}
