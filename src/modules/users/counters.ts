/**
 * The counters of `GET /api/v1/metrics`, under the names of the original. They are kept in the database, in the
 * transaction of what they count: all replicas show the same numbers, and a restart or kill -9 loses none.
 */
export const USER_COUNTERS = [
  "payments_deposit_requests_total",
  "payments_withdraw_requests_total",
  "idempotency_hits_total",
  "payments_task_enqueued_total",
  "payments_processing_started_total",
  "gateway_success_total",
  "gateway_timeouts_total",
  "gateway_errors_total",
  "gateway_non_retryable_errors_total",
  "payments_success_total",
  "payments_failed_total",
  "payments_retried_total",
  "dlq_written_total",
] as const;

export type UserCounter = (typeof USER_COUNTERS)[number];
