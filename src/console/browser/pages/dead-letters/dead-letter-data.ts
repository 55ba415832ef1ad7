import { call } from "../../call.ts";
import { newId } from "../pay/payer.ts";

export interface DeadLetter {
  readonly id: number;
  readonly source: string;
  readonly subject: string;
  readonly error: { readonly name: string; readonly message: string; readonly code: string };
  readonly originalTopic: string | null;
  readonly originalMessage: unknown;
  readonly attempts: number;
  readonly deaths: number;
  readonly firstDiedAt: string;
  readonly diedAt: string;
}

export interface DeadLetterDetail extends DeadLetter {
  readonly history: readonly {
    readonly at: string;
    readonly event: string;
    readonly outcome?: string;
    readonly code?: string;
    readonly who?: string;
  }[];
}

export const SOURCES = ["payments", "orders", "users", "account-payments", "wallets"] as const;

export interface DeadLetterFilter {
  readonly source: string;
  readonly code: string;
  readonly from: string;
  readonly to: string;
}

export function readFilter(query: URLSearchParams): DeadLetterFilter {
  const read = (name: string) => query.get(name) ?? "";
  return { source: read("source"), code: read("code"), from: read("from"), to: read("to") };
}

/** As the service reads it: times with their zone, nothing that is empty. */
export function toQuery({ source, code, from, to }: DeadLetterFilter): Record<string, string> {
  const entries = { source, code: code.trim(), from: toIso(from, 0), to: toIso(to, 59_999) };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== ""));
}

export function listPath(filter: DeadLetterFilter): string {
  const query = new URLSearchParams(toQuery(filter));
  return `/dlq${query.size > 0 ? `?${query}` : ""}`;
}

/** What can be done with all letters that match. */
export type BulkAction = "requeue" | "discard";

/** Counts what a filter matches. */
export function countMatches(filter: DeadLetterFilter) {
  const body = { filter: toQuery(filter), dryRun: true };
  return call<{ readonly matched: number }>("/dlq/requeue", { method: "POST", body });
}

export interface BulkJob {
  readonly id: number;
  readonly action: BulkAction;
  readonly status: "running" | "done" | "cancelled";
  readonly matched: number;
  /** In the listing; a requeue that is read alone has the second, a discard the third. */
  readonly done?: number;
  readonly requeued?: number;
  readonly discarded?: number;
  readonly refused: number;
}

/** How many letters a job was done with. */
export const doneBy = ({ done, requeued, discarded }: BulkJob): number => done ?? requeued ?? discarded ?? 0;

export function startJob(action: BulkAction, filter: DeadLetterFilter, perSecond: number) {
  const headers = { "idempotency-key": newId() };
  const body = { filter: toQuery(filter), dryRun: false, perSecond };
  return call<Pick<BulkJob, "id" | "matched">>(`/dlq/${action}`, { method: "POST", body, headers });
}

/** The jobs that are running, whoever began them: `Page<BulkJob>`. */
export const RUNNING_JOBS_PATH = "/dlq/jobs?status=running";

export function readJob(action: BulkAction, id: number) {
  return call<BulkJob>(`/dlq/${action}/${id}`);
}

export function stopJob(action: BulkAction, id: number) {
  return call(`/dlq/${action}/${id}/cancel`, { method: "POST" });
}

export function requeueOne(id: number, body: unknown) {
  return call(`/dlq/${id}/requeue`, { method: "POST", body });
}

export function discardOne(id: number) {
  return call(`/dlq/${id}`, { method: "DELETE" });
}

function toIso(local: string, extraMs: number): string {
  const time = new Date(local);
  return local === "" || Number.isNaN(time.getTime())
    ? local
    : new Date(time.getTime() + extraMs).toISOString();
}
