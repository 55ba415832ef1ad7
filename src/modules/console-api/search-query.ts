import { parseAmount } from "../../domain/money.ts";
import { PROCESSOR_NAMES } from "../../domain/processor.ts";
import { parseFrom, parseTo } from "../../domain/timestamp.ts";
import type { FieldError } from "../../http/errors.ts";
import type { PageQuery } from "../../http/paging.ts";
import { readPage } from "../../http/paging.ts";
import { invalid, type ReadResult, valid } from "../../http/read-result.ts";
import type { SearchPosition } from "./payment-search.ts";
import {
  PAYMENT_OUTCOMES,
  type PaymentFilter,
  type PaymentSource,
  SOURCE_NAMES,
  type SourceName,
} from "./payment-source.ts";

/** The query of a search as it comes. */
export interface SearchQuery extends PageQuery {
  readonly source?: string | undefined;
  readonly id?: string | undefined;
  readonly state?: string | undefined;
  readonly processor?: string | undefined;
  readonly error?: string | undefined;
  readonly minAmount?: string | undefined;
  readonly maxAmount?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface Search {
  readonly sources: readonly PaymentSource[];
  readonly filter: PaymentFilter;
  readonly id: string | null;
  readonly limit: number;
  readonly after: SearchPosition | null;
}

/** Reads a search's query; an empty parameter is as good as none. */
export function readSearch(query: SearchQuery, sources: readonly PaymentSource[]): ReadResult<Search> {
  const errors: FieldError[] = [];
  const read = <Value>(
    path: keyof SearchQuery,
    parse: (text: string) => Value | null,
    message: string,
  ): Value | undefined => {
    const text = query[path];
    if (text === undefined || text === "") return undefined;
    const value = parse(text);
    if (value === null) errors.push({ path, message });
    return value ?? undefined;
  };
  const states = [...PAYMENT_OUTCOMES, ...sources.flatMap(({ statuses }) => statuses)];
  const names = read("source", readSources, `must be among ${SOURCE_NAMES.join(", ")}`);
  const date = "must be an ISO 8601 date-time such as 2025-07-15T12:34:56.000Z";
  const filter: PaymentFilter = {
    state: read("state", (text) => states.find((state) => state === text) ?? null, "must be a known state"),
    processor: read(
      "processor",
      (text) => PROCESSOR_NAMES.find((name) => name === text) ?? null,
      `must be ${PROCESSOR_NAMES.join(" or ")}`,
    ),
    error: read("error", (text) => text, ""),
    minCents: read("minAmount", readCents, "must be an amount of money"),
    maxCents: read("maxAmount", readCents, "must be an amount of money"),
    fromMs: read("from", parseFrom, date),
    toMs: read("to", parseTo, date),
  };
  const id = read("id", readId, "must be an id, or at least 4 hexadecimal digits of one") ?? null;
  const page = readPage(query, readPosition);
  if (page.kind === "invalid") errors.push(...page.errors);
  if (errors.length > 0 || page.kind === "invalid") return invalid(...errors);
  const chosen = sources.filter(({ name }) => names === undefined || names.includes(name));
  return valid({ sources: chosen, filter, id, limit: page.limit, after: page.after });
}

/** A position as a cursor: `payments.1200_users.7`. */
export function formatPosition(position: SearchPosition): string {
  return [...position]
    .map(([name, below]) => `${name}.${below === Number.POSITIVE_INFINITY ? "" : below}`)
    .join("_");
}

function readPosition(text: string): SearchPosition | null {
  const position = new Map<SourceName, number>();
  for (const part of text.split("_")) {
    const match = /^([a-z-]+)\.(\d{0,16})$/.exec(part);
    const name = SOURCE_NAMES.find((known) => known === match?.[1]);
    if (name === undefined) return null;
    position.set(name, match?.[2] === "" ? Number.POSITIVE_INFINITY : Number(match?.[2]));
  }
  return position;
}

function readSources(text: string): SourceName[] | null {
  const names = text.split(",").map((part) => SOURCE_NAMES.find((name) => name === part.trim()));
  const known = names.filter((name) => name !== undefined);
  return known.length === names.length ? known : null;
}

function readCents(text: string): number | null {
  const parsed = parseAmount(text, { allowZero: true });
  return parsed.ok ? parsed.cents : null;
}

/** A whole number, a UUID, or the beginning of one. */
function readId(text: string): string | null {
  const isNumber = /^\d{1,16}$/.test(text);
  const isUuidStart = /^[0-9a-f-]{4,36}$/i.test(text) && text.replaceAll("-", "").length >= 4;
  return isNumber || isUuidStart ? text.toLowerCase() : null;
}
