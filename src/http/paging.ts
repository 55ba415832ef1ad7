import type { FieldError } from "./errors.ts";

/** What a listing takes (CONTRACTS, "Rules for every route"): newest first, continued behind `cursor`. */
export interface PageQuery {
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
}

export type PageResult<Cursor> =
  | {
      readonly kind: "page";
      readonly limit: number;
      /** Where the last page ended; null: from the newest on. */
      readonly after: Cursor | null;
    }
  | { readonly kind: "invalid"; readonly errors: readonly FieldError[] };

export const PAGE_LIMIT_MAX = 500;
export const PAGE_LIMIT_DEFAULT = 50;

/**
 * Reads `limit` and `cursor` of a query.
 * @param parseCursor null for text that is no cursor of this listing
 */
export function readPage<Cursor>(
  query: PageQuery,
  parseCursor: (text: string) => Cursor | null,
): PageResult<Cursor> {
  const errors: FieldError[] = [];
  const limit = readLimit(query.limit, errors);
  const { cursor } = query;
  const after = cursor === undefined || cursor === "" ? null : parseCursor(cursor);
  if (after === null && cursor !== undefined && cursor !== "") {
    errors.push({ path: "cursor", message: "must be the value of `next` in an earlier page" });
  }
  return errors.length > 0 ? { kind: "invalid", errors } : { kind: "page", limit, after };
}

/** A listing's `limit`, or its default; what is wrong with it goes to `errors`. */
export function readLimit(text: string | undefined, errors: FieldError[]): number {
  if (text === undefined || text === "") return PAGE_LIMIT_DEFAULT;
  const limit = parseWhole(text);
  if (limit !== null && limit >= 1 && limit <= PAGE_LIMIT_MAX) return limit;
  errors.push({ path: "limit", message: `must be a whole number from 1 to ${PAGE_LIMIT_MAX}` });
  return PAGE_LIMIT_DEFAULT;
}

/** A whole number of 0 or more that a query or a path carries in plain digits; null for anything else. */
export function parseWhole(text: string): number | null {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}

/**
 * The answer of a listing.
 * @param items at most `limit`; fewer mean that there are no more
 * @param cursorOf the cursor behind an item
 */
export function pageAnswer<Item, View>(
  items: readonly Item[],
  limit: number,
  cursorOf: (item: Item) => string | number,
  viewOf: (item: Item) => View,
): Response {
  const last = items.length < limit ? undefined : items.at(-1);
  return Response.json({
    items: items.map(viewOf),
    next: last === undefined ? null : String(cursorOf(last)),
  });
}
