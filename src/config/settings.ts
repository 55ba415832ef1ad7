/**
 * The table of settings: everything an operator can change, in one place.
 *
 * A row is named as in the environment. From that name follow the flag (`MAX_HOLD_SECONDS` →
 * `--max-hold-seconds`) and the key in the code (`settings.maxHoldSeconds`); the type `Settings`, the help and
 * docs/configuration.md are derived from the rows. After a change run `bun scripts/generate-docs.ts`.
 */
import { type CamelCase, camelCase, flagOf } from "./names.ts";
import {
  alsoNamed,
  boolean,
  choice,
  derived,
  integer,
  optional,
  percent,
  port,
  type Setting,
  seconds,
  share,
} from "./setting.ts";
import { host, name, networks, path, redisUrl, secret, upstream, word } from "./text-settings.ts";

const DAY = 86_400;
const HOUR = 3_600;

const SERVER = {
  PORT: port(9999, "TCP port to listen on; 0 takes any free one."),
  HOST: host("127.0.0.1", "Address to listen on; 0.0.0.0 for every network interface."),
  SOCKET: optional(path("", "Unix socket to listen on instead of `HOST` and `PORT`."), "none"),
  // A dispatch thread is a JavaScript VM of its own (about 10 MB); calls in flight need no thread each.
  DISPATCH_THREADS: integer(1, [1, 8], "Threads that call processors, gateways and Redis."),
  SHUTDOWN_SECONDS: seconds(10, [0, 600], "How long a stop may wait for what is in flight."),
  LOG_LEVEL: choice(["debug", "info", "warn", "error"], "info", "The least severe lines that are logged."),
  // Off by default: a load test, and a balancer that is not named as a proxy, come from one address.
  RATE_LIMIT_PER_SECOND: integer(
    0,
    [0, 1_000_000],
    "Requests per second and client; more are answered 429. 0 sets no limit.",
  ),
  RATE_LIMIT_BURST: integer(
    100,
    [1, 1_000_000],
    "Requests that a client may send at once before the rate limit holds it.",
  ),
  TRUSTED_PROXIES: optional(
    networks("Proxies whose `X-Forwarded-For` names the client; on a unix socket each is."),
    "none",
  ),
};

const STORAGE = {
  DATA_DIR: path("./data", "Directory of the database and the intake log; created if missing."),
  DATABASE_FILE: derived(
    path("", "SQLite database; the replicas of a machine share one file."),
    "`DATA_DIR/catraca.db`",
    ({ dataDir }) => `${dataDir}/catraca.db`,
  ),
  REPLICA_ID: derived(
    name("", "Name of this replica; must differ between replicas and stay the same over restarts."),
    "the host name",
    ({ hostname }) => replicaIdFrom(hostname),
  ),
  REDIS_URL: optional(redisUrl("Redis shared by the replicas; set means cluster mode."), "none"),
  DURABILITY: choice(
    ["process", "power"],
    "process",
    "What an acknowledged request survives: a killed process, or a power loss as well.",
  ),
  IDEMPOTENCY_TTL_SECONDS: seconds(
    DAY,
    [1, 30 * DAY],
    "How long the answer to an `Idempotency-Key` is kept.",
  ),
};

const ADMINISTRATION = {
  ADMIN_TOKEN: optional(
    secret("Bearer token of the administrator's calls; without one they are allowed from loopback only."),
    "none",
  ),
  ADMIN_OPEN: boolean(false, "Opens the administrator's calls to everybody; for load tests only."),
};

const PROCESSORS = {
  PAYMENT_PROCESSOR_DEFAULT: alsoNamed(optional(upstream("Address of the default processor."), "built-in"), [
    "PAYMENT_PROCESSOR_DEFAULT_URL",
    "PAYMENT_PROCESSOR_URL_DEFAULT",
  ]),
  PAYMENT_PROCESSOR_FALLBACK: alsoNamed(
    optional(upstream("Address of the fallback processor."), "built-in"),
    ["PAYMENT_PROCESSOR_FALLBACK_URL", "PAYMENT_PROCESSOR_URL_FALLBACK"],
  ),
  MAX_HOLD_SECONDS: seconds(30, [0, DAY], "How long a payment may wait for the cheaper processor."),
  PROCESSOR_FEE_DEFAULT: share(0.05, "Fee of the default processor, as a share of the amount."),
  PROCESSOR_FEE_FALLBACK: share(0.15, "Fee of the fallback processor, as a share of the amount."),
  PROCESSOR_TIMEOUT_SECONDS: seconds(10, [0.05, 300], "After this a call's outcome counts as unknown."),
};

const ORDERS = {
  PAYMENTS_URL: optional(upstream("Address of the card gateway."), "built-in"),
  PAYMENTS_TOKEN: optional(secret("Bearer token for the card gateway."), "none"),
  PAYMENTS_X_API_VERSION: word("4.0", "Header `x-api-version` sent to the card gateway."),
  ORDER_DUPLICATE_WINDOW_SECONDS: seconds(
    120,
    [0, DAY],
    "Within this time the same user cannot order the same product again.",
  ),
  RESERVATION_TTL_SECONDS: seconds(900, [0.1, 7 * DAY], "After this an unpaid reservation frees its stock."),
  ORDER_RETRY_BASE_SECONDS: seconds(
    1,
    [0, HOUR],
    "Wait before an order's second attempt; doubles each time.",
  ),
  PAYMENTS_TIMEOUT_SECONDS: seconds(
    10,
    [0.01, 300],
    "After this the outcome of a call to the card gateway is unknown.",
  ),
};

const TOPICS = {
  TOPIC_RETENTION_SECONDS: seconds(
    7 * DAY,
    [1, 3650 * DAY],
    "Messages of the topics are forgotten when they are older; dead letters never.",
  ),
  TOPIC_RETENTION_MESSAGES: integer(
    100_000,
    [1, 100_000_000],
    "Messages kept per partition of a topic; dead letters are all kept.",
  ),
  TOPIC_STREAMS: boolean(
    false,
    "Publishes the messages to Redis Streams of the topics' names as well; needs `REDIS_URL`.",
  ),
  TOPIC_STREAM_ENTRIES: integer(
    100_000,
    [100, 100_000_000],
    "Entries kept per stream, about; a consumer that is further behind misses the oldest.",
  ),
};

const USERS = {
  PAYMENT_GATEWAY_URL: optional(upstream("Address of the payment gateway."), "built-in"),
  GATEWAY_TIMEOUT_SECONDS: seconds(1, [0.01, 300], "After this a call to the payment gateway is given up."),
  GATEWAY_MAX_ATTEMPTS: integer(3, [1, 100], "Attempts before a payment is failed and a dead letter."),
  GATEWAY_BACKOFF_BASE_SECONDS: seconds(1, [0, HOUR], "Wait after the first attempt; doubles each time."),
  GATEWAY_BACKOFF_MAX_SECONDS: seconds(30, [0, DAY], "Longest wait between two attempts, before jitter."),
  GATEWAY_BACKOFF_JITTER_SECONDS: seconds(0.5, [0, HOUR], "Each wait is longer by a random part of this."),
  TRANSACTION_FEE: percent(2, "Fee of a deposit or withdrawal, in percent of the amount."),
  MOCK_GATEWAY_OK_SHARE: share(0.65, "Share of the built-in gateway's answers that are 200."),
  MOCK_GATEWAY_ERROR_SHARE: share(0.25, "Share of the built-in gateway's answers that are 502."),
  MOCK_GATEWAY_LATE_SHARE: share(0.1, "Share of the built-in gateway's answers that come too late."),
};

const ACCOUNT_PAYMENTS = {
  BANK_DELAY_MIN_SECONDS: seconds(3, [0, HOUR], "Shortest time the built-in bank takes."),
  BANK_DELAY_MAX_SECONDS: seconds(25, [0, HOUR], "Longest time the built-in bank takes."),
  BANK_APPROVAL_RATE: share(0.8, "Share of payments that the built-in bank completes."),
  // The server closes a connection that is silent for 255 s, so a longer poll could never be answered.
  LONG_POLL_SECONDS: seconds(10, [0.01, 240], "How long a long poll waits before it answers 408."),
};

/** The table in the order in which help and documentation show it. */
export const SECTIONS = {
  Server: SERVER,
  "Storage and cluster": STORAGE,
  Administration: ADMINISTRATION,
  "Payments through the processor pair": PROCESSORS,
  "Catalogue, reservations, orders": ORDERS,
  "Users, deposits, withdrawals": USERS,
  "Account payments": ACCOUNT_PAYMENTS,
  Topics: TOPICS,
} satisfies Record<string, Record<string, Setting>>;

export type SectionTitle = keyof typeof SECTIONS;

type Table = typeof SERVER &
  typeof STORAGE &
  typeof ADMINISTRATION &
  typeof PROCESSORS &
  typeof ORDERS &
  typeof USERS &
  typeof ACCOUNT_PAYMENTS &
  typeof TOPICS;

type ValueOf<Row> = Row extends Setting<infer Value> ? Value : never;

/** Every setting's value in force, under its key in camelCase. Plain data: may be sent to a worker. */
export type Settings = { readonly [Name in keyof Table as CamelCase<Name>]: ValueOf<Table[Name]> };

export type SettingKey = keyof Settings;

/** A row of the table together with the names that follow from its place in it. */
export interface NamedSetting extends Setting {
  readonly name: string;
  readonly key: SettingKey;
  readonly flag: string;
  readonly section: SectionTitle;
}

/** All rows of all sections, in order. */
export const SETTINGS: readonly NamedSetting[] = Object.entries(SECTIONS).flatMap(([section, rows]) =>
  Object.entries<Setting>(rows).map(([rowName, setting]) => ({
    ...setting,
    name: rowName,
    // camelCase() computes what the type CamelCase does, and Object.entries() forgets literal names.
    key: camelCase(rowName) as SettingKey,
    flag: flagOf(rowName),
    section: section as SectionTitle,
  })),
);

/** A host name as a replica's name: what is not allowed there becomes "-". */
function replicaIdFrom(hostname: string): string {
  const cleaned = hostname.replace(/[^A-Za-z0-9._-]/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return cleaned === "" ? "replica" : cleaned.slice(0, 63);
}
