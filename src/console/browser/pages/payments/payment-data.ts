/** A payment of any section, as `GET /api/console/payments` lists it. */
export interface PaymentItem {
  readonly source: Source;
  readonly id: string | number;
  readonly amount: number;
  readonly status: string;
  readonly outcome: "pending" | "succeeded" | "failed";
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly attempts: number;
  readonly processor: string | null;
  readonly lastError: string | null;
  readonly subject: string | number | null;
}

export interface PaymentDetail extends PaymentItem {
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
  readonly timeline: readonly TimelineEntry[];
}

export interface TimelineEntry {
  readonly at: string;
  readonly event: string;
  readonly processor?: string;
  readonly outcome?: string;
  readonly code?: string;
  readonly latencyMs?: number;
  readonly amount?: number;
  readonly detail?: string;
}

export const SOURCES = ["payments", "orders", "users", "account-payments"] as const;
export type Source = (typeof SOURCES)[number];

/** The filters, as they are in the address and in the query: all of them text. */
export const FILTERS = [
  "source",
  "id",
  "state",
  "processor",
  "error",
  "minAmount",
  "maxAmount",
  "from",
  "to",
] as const;
export type FilterName = (typeof FILTERS)[number];
export type PaymentFilters = Readonly<Record<FilterName, string>>;

export function readFilters(query: URLSearchParams): PaymentFilters {
  const entries = FILTERS.map((name) => [name, query.get(name) ?? ""]);
  return Object.fromEntries(entries) as PaymentFilters; // every name has an entry
}

/** The listing's path. A time of the form is local: the service wants one with its zone. */
export function listingPath(filters: PaymentFilters): string {
  const query = new URLSearchParams();
  for (const name of FILTERS) {
    const value = filters[name].trim();
    if (value !== "") query.set(name, name === "from" || name === "to" ? toIso(value, name) : value);
  }
  return `/api/console/payments${query.size > 0 ? `?${query}` : ""}`;
}

/** The last minute belongs to the window. */
function toIso(local: string, bound: "from" | "to"): string {
  const time = new Date(local);
  if (Number.isNaN(time.getTime())) return local;
  return new Date(time.getTime() + (bound === "to" ? 59_999 : 0)).toISOString();
}

/** One part of the address names both: `payments:4a79…`. */
export const subjectOf = ({ source, id }: Pick<PaymentItem, "source" | "id">): string => `${source}:${id}`;

export function detailPath(subject: string): string {
  const [source = "", id = ""] = subject.split(":", 2);
  return `/api/console/payments/${encodeURIComponent(source)}/${encodeURIComponent(id)}`;
}
