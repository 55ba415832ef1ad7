import { jsonAnswer, PAGE_PARAMETERS, pathParameter, problemAnswer } from "../../http/route-docs.ts";

/** What the OpenAPI document says of the console's reads. */
const TAGS = ["Console"];
const TEXT = { type: "string" as const };
const inQuery = (name: string, schema: object, description?: string) => ({
  name,
  in: "query" as const,
  schema,
  ...(description === undefined ? {} : { description }),
});
const MONEY = { type: "number" as const, minimum: 0 };
const DATE = { type: "string" as const, format: "date-time" };
const SOURCES = "payments (section A), orders (B), users (C), account-payments (D)";

const ITEM = {
  source: "payments",
  id: "4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3",
  amount: 19.9,
  status: "settled",
  outcome: "succeeded",
  createdAt: "2025-07-15T12:34:56.120Z",
  endedAt: "2025-07-15T12:34:56.131Z",
  attempts: 1,
  processor: "default",
  lastError: null,
  subject: null,
};

const ATTEMPT = {
  at: "2025-07-15T12:34:56.122Z",
  event: "attempt",
  upstream: "default",
  isLookup: false,
  outcome: "settled",
  code: null,
  status: null,
  latencyMs: 1.52,
  excerpt: null,
};

const STATE = {
  replica: "one",
  version: "1.0.0",
  revision: "0123456789ab",
  startedAt: "2025-07-15T12:00:00.000Z",
  uptimeSeconds: 2096,
  durability: "process",
  redis: "not_configured",
  health: { ready: true, database: "ok", queue: "ok", storeThread: "ok", dispatchThreads: "ok", disk: "ok" },
  replicas: [{ name: "one", self: true, alive: true, leaseUntil: "2025-07-15T12:34:59.131Z" }],
  queue: { depth: 12, oldestSeconds: 0.4, byKind: { payment: 12 } },
  processors: {
    default: {
      health: { failing: false, minResponseTimeMs: 5, seenAt: "2025-07-15T12:34:54.020Z" },
      breaker: "closed",
      builtIn: true,
      url: null,
      feeShare: 0.05,
      settled: { count: 1, amount: 19.9, fee: 1 },
      attempts: { settled: 1, declined: 0, refused: 0, failed: 0, unknown: 0 },
    },
  },
  totals: { accepted: 13, dead: 0, count: 1, amount: 19.9, fees: 1, feeShareEffective: 0.05 },
  dispatch: { inFlight: 1, waiting: 0 },
  memory: { residentBytes: 71_303_168 },
  live: { streams: 1, longPolls: 0 },
};

export const consoleDocs = {
  overview: {
    tags: TAGS,
    summary: "The last hour by second, or the last day by minute",
    description:
      "Columns of equal length, oldest first; `null` where nothing is known. Rates are per second, in minutes " +
      "their mean; gauges are in minutes their highest. Kept in memory, so it begins with the process.",
    parameters: [
      inQuery("resolution", { type: "string" as const, enum: ["second", "minute"], default: "second" }),
      inQuery("points", { type: "integer" as const, minimum: 1, maximum: 3600, default: 300 }),
    ],
    responses: {
      200: jsonAnswer("The columns.", {
        resolution: "second",
        stepSeconds: 1,
        times: [1752582896, 1752582897],
        series: { accepted: [null, 512], settledDefault: [null, 511], acceptP99Ms: [null, 0.42] },
      }),
      422: problemAnswer("A parameter is not valid."),
    },
  },
  state: {
    tags: TAGS,
    summary: "This replica, its processors and its queue now",
    responses: {
      200: jsonAnswer(
        "The state; `processors` has one entry for each, `totals` speaks for all replicas.",
        STATE,
      ),
    },
  },
  search: {
    tags: TAGS,
    summary: "Search the payments of every section",
    description:
      "Newest first. One call looks at a bounded number of payments: a page may have few items or none and a " +
      "`next` all the same; `searchedTo` says how far back it looked.",
    parameters: [
      inQuery("source", TEXT, `One or several, separated by commas: ${SOURCES}.`),
      inQuery("id", TEXT, "An id, or the first 4 or more hexadecimal digits of a UUID."),
      inQuery("state", TEXT, "pending, succeeded, failed, or a section's own word such as settled."),
      inQuery("processor", { type: "string" as const, enum: ["default", "fallback"] }),
      inQuery("error", TEXT, "The last error's code, such as timeout."),
      inQuery("minAmount", MONEY),
      inQuery("maxAmount", MONEY),
      inQuery("from", DATE, "By creation, inclusive."),
      inQuery("to", DATE, "By creation, inclusive."),
      ...PAGE_PARAMETERS,
    ],
    responses: {
      200: jsonAnswer("A page.", { items: [ITEM], next: null, searchedTo: null }),
      422: problemAnswer("A parameter is not valid."),
    },
  },
  payment: {
    tags: TAGS,
    summary: "One payment with its timeline",
    description:
      "`nextAttempt` is there while it is pending: when it is tried again at the earliest (in the past: it is due), " +
      "and the replica that has it in hand, if one has. Every attempt is in the timeline with the upstream that was " +
      "called, how long it took, HTTP status, outcome and how the answer began (200 characters at most, long numbers " +
      "masked); what nobody noted is `null`, as status and answer of the call that settled a payment of section A.",
    parameters: [pathParameter("source", { type: "string" }), pathParameter("id", { type: "string" })],
    responses: {
      200: jsonAnswer("The payment.", {
        ...ITEM,
        facts: { requestedAt: "2025-07-15T12:34:56.123Z", fee: 1 },
        timeline: [
          { at: "2025-07-15T12:34:56.120Z", event: "accepted" },
          { ...ATTEMPT, outcome: "failed", code: "http_500", status: 500, excerpt: null },
          { ...ATTEMPT, at: "2025-07-15T12:34:56.131Z", outcome: "settled", latencyMs: 8 },
          { at: "2025-07-15T12:34:56.131Z", event: "settled" },
        ],
        nextAttempt: null,
      }),
      404: problemAnswer("There is no such payment."),
      422: problemAnswer("The source or the id is not valid."),
    },
  },
};
