import type { ProcessorName } from "../../domain/processor.ts";

/** The sections whose payments can be searched, named as in the dead-letter list. */
export const SOURCE_NAMES = ["payments", "orders", "users", "account-payments"] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

/** How a payment stands, whatever its section calls it. */
export const PAYMENT_OUTCOMES = ["pending", "succeeded", "failed"] as const;
export type PaymentOutcome = (typeof PAYMENT_OUTCOMES)[number];

/** What a search asks for; what is undefined does not matter. Amounts are cents, times ms since the epoch. */
export interface PaymentFilter {
  /** An outcome, or the name that a section has for a status of its own. */
  readonly state?: string | undefined;
  readonly processor?: ProcessorName | undefined;
  readonly error?: string | undefined;
  readonly minCents?: number | undefined;
  readonly maxCents?: number | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** A payment of any section. */
export interface FoundPayment {
  /** Its place in its section: larger is younger. */
  readonly seq: number;
  readonly id: string;
  readonly amountCents: number;
  /** The section's own word. */
  readonly status: string;
  readonly outcome: PaymentOutcome;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  readonly attempts: number;
  readonly processor: ProcessorName | null;
  readonly lastError: string | null;
  readonly subject: string | null;
}

export interface TimelineEntry {
  readonly at: string;
  readonly event: string;
  readonly processor?: ProcessorName;
  readonly outcome?: string;
  readonly code?: string;
  readonly latencyMs?: number;
  readonly amount?: number;
  readonly detail?: string;
}

/** Everything about one payment. */
export interface PaymentDetail {
  readonly payment: FoundPayment;
  /** More about it, by name; nothing secret. */
  readonly facts: Readonly<Record<string, string | number | null>>;
  /** Oldest first. */
  readonly timeline: readonly TimelineEntry[];
}

/** One section, as the search sees it. Its rows are numbered in the order in which they were stored. */
export interface PaymentSource {
  readonly name: SourceName;
  /** The section's words for its statuses. */
  readonly statuses: readonly string[];
  /** The lowest and the highest number in use; null if there is nothing. */
  readonly bounds: () => { readonly first: number; readonly last: number } | null;
  /** When the first payment of number `seq` or above was created; null: there is none. */
  readonly createdFrom: (seq: number) => number | null;
  /** Payments with `low` ≤ seq < `below` that the filter lets through, youngest first. */
  readonly between: (filter: PaymentFilter, low: number, below: number, limit: number) => FoundPayment[];
  /** Payments whose id is `text`, or begins with it where ids are UUIDs; youngest first. */
  readonly byId: (filter: PaymentFilter, text: string, limit: number) => FoundPayment[];
  readonly detail: (id: string) => PaymentDetail | null;
}
