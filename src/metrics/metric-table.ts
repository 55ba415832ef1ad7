import { DEAD_LETTER_SOURCES } from "../domain/dead-letter.ts";
import { PROCESSOR_NAMES } from "../domain/processor.ts";

/**
 * THE table of metrics: what GET /metrics shows. `docs/metrics.md` is rendered from it. Names follow Prometheus:
 * base units (seconds, bytes), `_total` for counters. Label values are listed here, so the number of series is
 * fixed and the memory for them is known before the first request.
 */
export interface MetricDefinition {
  /** counter: only grows. gauge: now. histogram: how often each size occurred. */
  readonly type: "counter" | "gauge" | "histogram";
  readonly name: string;
  readonly help: string;
  readonly unit: "seconds" | "bytes" | "ratio" | "state" | "none";
  /** Label names, each with all its values. */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  /** Upper bounds, ascending; histograms only. */
  readonly buckets?: readonly number[];
  /** How the values of several threads become one; gauges only. Default: their sum. */
  readonly combine?: "sum" | "max";
}

/** From 50 µs, a quick accept, to 30 s, beyond the longest timeout: about three bounds per power of ten. */
const SECONDS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  30,
] as const;

/** Powers of two up to the largest batch. */
const COUNTS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] as const;

export const METRICS = {
  http_responses: {
    type: "counter",
    name: "catraca_http_responses_total",
    help: "Answers by class of their status.",
    unit: "none",
    labels: { class: ["1xx", "2xx", "3xx", "4xx", "5xx"] },
  },
  http_shed: {
    type: "counter",
    name: "catraca_http_shed_total",
    help: "Requests that were answered 503 because more came than could be answered.",
    unit: "none",
  },
  http_rate_limited: {
    type: "counter",
    name: "catraca_http_rate_limited_total",
    help: "Requests that were answered 429 because of RATE_LIMIT_PER_SECOND.",
    unit: "none",
  },
  accept_seconds: {
    type: "histogram",
    name: "catraca_accept_duration_seconds",
    help: "Time from the arrival of a payment's body to its answer being ready.",
    unit: "seconds",
    buckets: SECONDS,
  },
  payments_accepted: {
    type: "counter",
    name: "catraca_payments_accepted_total",
    help: "Payments stored for the first time.",
    unit: "none",
  },
  payments_settled: {
    type: "counter",
    name: "catraca_payments_settled_total",
    help: "Payments charged, by the processor that charged them.",
    unit: "none",
    labels: { processor: PROCESSOR_NAMES },
  },
  payments_dead: {
    type: "counter",
    name: "catraca_payments_dead_total",
    help: "Payments that ended in the dead-letter list.",
    unit: "none",
  },
  reservations: {
    type: "counter",
    name: "catraca_reservations_total",
    help: "Reservations by what happened: made, or expired without an order.",
    unit: "none",
    labels: { event: ["made", "expired"] },
  },
  orders: {
    type: "counter",
    name: "catraca_orders_total",
    help: "Orders by what happened: accepted, authorized, failed for good, or requeued.",
    unit: "none",
    labels: { event: ["accepted", "authorized", "failed", "requeued"] },
  },
  dead_letters: {
    type: "counter",
    name: "catraca_dead_letters_total",
    help: "Dead letters put into the list, by where they come from.",
    unit: "none",
    labels: { source: DEAD_LETTER_SOURCES },
  },
  user_payments: {
    type: "counter",
    name: "catraca_user_payments_total",
    help: "Deposits and withdrawals of users that ended, by their end.",
    unit: "none",
    labels: { status: ["success", "failed"] },
  },
  wallet_operations: {
    type: "counter",
    name: "catraca_wallet_operations_total",
    help: "Operations on wallets that were decided, by what was decided.",
    unit: "none",
    labels: { status: ["applied", "rejected"] },
  },
  idempotent_replays: {
    type: "counter",
    name: "catraca_idempotent_replays_total",
    help: "Requests that were answered by repeating the first answer to their Idempotency-Key.",
    unit: "none",
  },
  queue_depth: {
    type: "gauge",
    name: "catraca_queue_depth",
    help: "Tasks in the database that are not finished, all replicas of the machine.",
    unit: "none",
    combine: "max",
  },
  queue_oldest_seconds: {
    type: "gauge",
    name: "catraca_queue_oldest_seconds",
    help: "Age of the oldest task that is not finished.",
    unit: "seconds",
    combine: "max",
  },
  processor_attempts: {
    type: "counter",
    name: "catraca_processor_attempts_total",
    help: "Calls to charge a payment, by processor and by what they came to.",
    unit: "none",
    labels: {
      processor: PROCESSOR_NAMES,
      outcome: ["settled", "declined", "refused", "failed", "unknown"],
    },
  },
  processor_call_seconds: {
    type: "histogram",
    name: "catraca_processor_call_duration_seconds",
    help: "Duration of calls to charge a payment, both processors.",
    unit: "seconds",
    buckets: SECONDS,
  },
  processor_health_checks: {
    type: "counter",
    name: "catraca_processor_health_checks_total",
    help: "Calls to a processor's service-health; at most one per 5 s and processor in the whole cluster.",
    unit: "none",
    labels: { processor: PROCESSOR_NAMES },
  },
  breaker_state: {
    type: "gauge",
    name: "catraca_breaker_state",
    help: "Circuit breaker of a processor: 0 closed, 1 half-open, 2 open; the worst of the dispatch threads.",
    unit: "state",
    labels: { processor: PROCESSOR_NAMES },
    combine: "max",
  },
  dispatch_in_flight: {
    type: "gauge",
    name: "catraca_dispatch_in_flight",
    help: "Calls that are out now.",
    unit: "none",
  },
  dispatch_waiting: {
    type: "gauge",
    name: "catraca_dispatch_waiting",
    help: "Tasks in the memory of the dispatch threads that wait for their call.",
    unit: "none",
  },
  commit_seconds: {
    type: "histogram",
    name: "catraca_commit_duration_seconds",
    help: "Duration of a transaction of the store thread, commit included.",
    unit: "seconds",
    buckets: SECONDS,
  },
  commit_frames: {
    type: "histogram",
    name: "catraca_commit_batch_frames",
    help: "Commands and outcomes that one transaction took in.",
    unit: "none",
    buckets: COUNTS,
  },
  ring_fill: {
    type: "gauge",
    name: "catraca_ring_fill_ratio",
    help: "How full a ring is, 0 to 1; the fullest where there are several. A full intake is answered 503.",
    unit: "ratio",
    labels: { ring: ["intake", "tasks", "outcomes", "replies"] },
    combine: "max",
  },
  resident_memory: {
    type: "gauge",
    name: "catraca_resident_memory_bytes",
    help: "Memory of the process, all threads.",
    unit: "bytes",
    combine: "max",
  },
  redis_up: {
    type: "gauge",
    name: "catraca_redis_up",
    help: "1 while Redis answers and its counters are used; 0 also without REDIS_URL.",
    unit: "state",
    combine: "max",
  },
  redis_errors: {
    type: "counter",
    name: "catraca_redis_errors_total",
    help: "Commands to Redis that failed or came too late; each was answered from the database or is repeated.",
    unit: "none",
  },
  counter_deltas_applied: {
    type: "counter",
    name: "catraca_counter_deltas_applied_total",
    help: "Transactions with settlements whose sums this replica has added to the counters in Redis.",
    unit: "none",
  },
  counter_lag: {
    type: "gauge",
    name: "catraca_counter_lag",
    help: "Transactions with settlements that Redis did not have when this replica last fed it.",
    unit: "none",
    combine: "max",
  },
  topic_stream_entries: {
    type: "counter",
    name: "catraca_topic_stream_entries_total",
    help: "Messages of the topics that this replica has published to the streams in Redis.",
    unit: "none",
  },
  topic_stream_lag: {
    type: "gauge",
    name: "catraca_topic_stream_lag",
    help: "Messages of the topics that the streams in Redis did not have when this replica last published.",
    unit: "none",
    combine: "max",
  },
  summary_answers: {
    type: "counter",
    name: "catraca_summary_answers_total",
    help: "Answers of GET /payments-summary, by where the sums came from.",
    unit: "none",
    labels: { source: ["redis", "database"] },
  },
  durability_mode: {
    type: "gauge",
    name: "catraca_durability_mode",
    help: "1 for the promise that holds: process survives kill -9, power survives power loss too.",
    unit: "state",
    labels: { mode: ["process", "power"] },
    combine: "max",
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricKey = keyof typeof METRICS;
type Definition<Key extends MetricKey> = (typeof METRICS)[Key];
type KeysOf<Type extends MetricDefinition["type"]> = {
  [Key in MetricKey]: Definition<Key>["type"] extends Type ? Key : never;
}[MetricKey];

export type CounterKey = KeysOf<"counter">;
export type GaugeKey = KeysOf<"gauge">;
export type HistogramKey = KeysOf<"histogram">;

type ValuesOf<Labels, Name extends keyof Labels> = Labels[Name] extends readonly (infer Value extends
  string)[]
  ? Value
  : never;

/**
 * The series of a labelled metric by name: the label's value, or two values joined by `_`, such as
 * `default_settled`. `never` for metrics without labels.
 */
export type SeriesOf<Key extends MetricKey> =
  Definition<Key> extends { readonly labels: infer Labels }
    ? Labels extends { readonly processor: unknown; readonly outcome: unknown }
      ? `${ValuesOf<Labels, "processor">}_${ValuesOf<Labels, "outcome">}`
      : ValuesOf<Labels, keyof Labels>
    : never;

/** All keys in the order of the table. */
export const METRIC_KEYS: readonly MetricKey[] = Object.keys(METRICS) as MetricKey[]; // keys of a const object
