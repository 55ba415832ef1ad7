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
  /** Null: nothing more is to happen, or it has not reached the queue yet. */
  readonly nextAttempt: NextAttempt | null;
}

export interface NextAttempt {
  /** At the earliest; in the past: it is due. */
  readonly at: string;
  /** The replica that has it in hand, or null. */
  readonly replica: string | null;
}

/** A call to an upstream; null is what nobody noted. */
export interface AttemptEntry {
  readonly at: string;
  readonly event: "attempt";
  readonly upstream: string | null;
  /** It only asked what had become of an earlier call. */
  readonly isLookup: boolean;
  readonly outcome: string;
  readonly code: string | null;
  /** HTTP status of the answer. */
  readonly status: number | null;
  readonly latencyMs: number | null;
  /** How the answer began. */
  readonly excerpt: string | null;
}

/** Anything else that happened. */
export interface StepEntry {
  readonly at: string;
  readonly event: string;
  readonly code?: string;
  readonly amount?: number;
  readonly detail?: string;
}

export type TimelineEntry = AttemptEntry | StepEntry;

export const isAttempt = (entry: TimelineEntry): entry is AttemptEntry => "outcome" in entry;

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
