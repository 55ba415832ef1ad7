import type { ProcessorName } from "../../domain/processor.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";

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

/** Who is called: a processor, or the one upstream that a section has. */
export type UpstreamName = ProcessorName | "card-gateway" | "payment-gateway" | "bank";

/** A call, in the same words for every section; null is what nobody noted. */
export interface AttemptEntry {
  /** When its outcome was written down. */
  readonly at: string;
  readonly event: "attempt";
  readonly upstream: UpstreamName | null;
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
  readonly amount?: number;
  readonly detail?: string;
}

export type TimelineEntry = AttemptEntry | StepEntry;

/** As a table has an attempt. */
export interface AttemptRow {
  readonly atMs: number;
  readonly isLookup: number;
  readonly outcome: string;
  readonly code: string | null;
  readonly status: number | null;
  readonly latencyMs: number | null;
  readonly excerpt: string | null;
}

export function attemptEntry(upstream: UpstreamName | null, row: AttemptRow): AttemptEntry {
  const { atMs, isLookup, outcome, code, status, excerpt } = row;
  const latencyMs = row.latencyMs === null ? null : Math.round(row.latencyMs * 1000) / 1000;
  const at = formatTimestamp(atMs);
  return {
    at,
    event: "attempt",
    upstream,
    isLookup: isLookup === 1,
    outcome,
    code,
    status,
    latencyMs,
    excerpt,
  };
}

/** When something that is not final yet is tried again. */
export interface NextAttempt {
  /** ms since the epoch, at the earliest; in the past: it is due. */
  readonly atMs: number;
  /** The replica that has it in hand: it is trying it, or does so as soon as the upstream takes it. */
  readonly replica: string | null;
}

/** Everything about one payment. */
export interface PaymentDetail {
  readonly payment: FoundPayment;
  /** More about it, by name; nothing secret. */
  readonly facts: Readonly<Record<string, string | number | null>>;
  /** Oldest first. */
  readonly timeline: readonly TimelineEntry[];
  /** Null: nothing more is to happen, or it has not reached the queue yet. */
  readonly nextAttempt: NextAttempt | null;
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
