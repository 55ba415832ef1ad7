import {
  AMOUNT,
  CREATING_ANSWERS,
  IDEMPOTENCY_KEY,
  jsonAnswer,
  jsonBody,
  LIMIT_PARAMETER,
  OPENING_BALANCE,
  PAGE_PARAMETERS,
  pathParameter,
  problemAnswer,
} from "../../http/route-docs.ts";
import { USER_COUNTERS } from "./counters.ts";

/** What the OpenAPI document says of section C: descriptions, examples, answers. */
const TAGS = ["Users"];
const INTEGER = { type: "integer" as const };
const UNKNOWN_USER = problemAnswer("There is no such user.");
const BAD_ID = problemAnswer("The id is not a whole number.");

export const userDocs = {
  create: {
    tags: TAGS,
    summary: "Create a user",
    description: "The opening balance comes from the outside world: one transfer of the ledger.",
    parameters: [IDEMPOTENCY_KEY],
    requestBody: jsonBody({ balance: OPENING_BALANCE }, { balance: 100 }),
    responses: {
      200: jsonAnswer("Created.", { id: 7, balance: 100 }),
      ...CREATING_ANSWERS,
    },
  },
  get: {
    tags: TAGS,
    summary: "A user and his money",
    description: "`held` is set aside for withdrawals that are not decided yet; `available` is the rest.",
    parameters: [pathParameter("id", INTEGER)],
    responses: {
      200: jsonAnswer("The user.", { id: 7, balance: 100, held: 61.2, available: 38.8 }),
      404: UNKNOWN_USER,
      422: BAD_ID,
    },
  },
  transactions: {
    tags: TAGS,
    summary: "A user's ledger entries, newest first",
    description: "Entries are never changed or deleted; their sum is the balance.",
    parameters: [pathParameter("id", INTEGER), ...PAGE_PARAMETERS],
    responses: {
      200: jsonAnswer("A page of entries.", {
        items: [
          {
            transaction_id: "01a1f811-f637-7774-9873-b4de5f423321",
            type: "withdrawal",
            payment_id: 12,
            amount: -61.2,
            balance_after: 38.8,
            created_at: "2025-07-15T12:34:56.123Z",
          },
        ],
        next: null,
      }),
      404: UNKNOWN_USER,
      422: problemAnswer("The id, limit or cursor is not valid."),
    },
  },
  deposit: {
    tags: TAGS,
    summary: "Deposit money through the payment gateway",
    description:
      "Acknowledged when it is stored; once the gateway has charged it, the amount less the fee " +
      "(TRANSACTION_FEE) is credited. Follow it at GET /api/v1/payments/{id}.",
    parameters: [IDEMPOTENCY_KEY],
    requestBody: jsonBody({ user_id: INTEGER, deposit: AMOUNT }, { user_id: 7, deposit: 50 }),
    responses: {
      200: jsonAnswer("Stored, on its way.", {
        payment_id: 12,
        user_id: 7,
        status: "processing",
        deposit: 50,
        withdraw: null,
      }),
      400: problemAnswer("The balance would become too large."),
      404: UNKNOWN_USER,
      ...CREATING_ANSWERS,
    },
  },
  withdraw: {
    tags: TAGS,
    summary: "Withdraw money through the payment gateway",
    description:
      "Holds the amount and its fee at once, so that concurrent withdrawals can never overdraw. The hold is " +
      "posted when the gateway has charged, and given back when the payment fails for good.",
    parameters: [IDEMPOTENCY_KEY],
    requestBody: jsonBody({ user_id: INTEGER, amount: AMOUNT }, { user_id: 7, amount: 60 }),
    responses: {
      200: jsonAnswer("Stored, the money is held.", {
        payment_id: 12,
        user_id: 7,
        status: "processing",
        deposit: null,
        withdraw: 60,
      }),
      400: problemAnswer("There is too little money. The payment is stored as failed; detail names it."),
      404: UNKNOWN_USER,
      ...CREATING_ANSWERS,
    },
  },
  payment: {
    tags: TAGS,
    summary: "A deposit or withdrawal and its state",
    description:
      "`status` is new, processing, success or failed; `transaction_status` says what became of the money: " +
      "pending, posted or voided. `last_error` is for example timeout, gateway_error_502 or insufficient_funds.",
    parameters: [pathParameter("id", INTEGER)],
    responses: {
      200: jsonAnswer("The payment.", {
        payment_id: 12,
        user_id: 7,
        amount: 60,
        commission: 1.2,
        status: "processing",
        attempts: 1,
        last_error: "timeout",
        transaction_status: "pending",
      }),
      404: problemAnswer("There is no such payment."),
      422: BAD_ID,
    },
  },
  dlq: {
    tags: TAGS,
    summary: "Payments that failed for good, newest first",
    parameters: [
      LIMIT_PARAMETER,
      { name: "offset", in: "query" as const, schema: { type: "integer" as const, minimum: 0, default: 0 } },
    ],
    responses: {
      200: jsonAnswer("The dead letters.", [
        {
          id: 3,
          payment_id: 12,
          user_id: 7,
          amount: 60,
          commission: 1.2,
          payment_type: "withdraw",
          error: "timeout",
          attempts: 3,
          created_at: "2025-07-15T12:34:56.123Z",
        },
      ]),
      422: problemAnswer("limit or offset is not valid."),
    },
  },
  health: {
    tags: TAGS,
    summary: "Can this replica do its work?",
    description: "degraded: a thread is dead or hangs, the queue is full, or the database cannot be written.",
    responses: { 200: jsonAnswer("Its state.", { status: "ok", database: "ok" }) },
  },
  metrics: {
    tags: TAGS,
    summary: "Thirteen counters of this section",
    description:
      "Kept in the database and counted in the transaction of what they count: all replicas show the same, and " +
      "they go on after a restart.",
    responses: {
      200: jsonAnswer("The counters.", Object.fromEntries(USER_COUNTERS.map((name) => [name, 0]))),
    },
  },
  mockPay: {
    tags: TAGS,
    summary: "The simulated payment gateway",
    description:
      "Answers 200, 502 or 200 too late, by the shares MOCK_GATEWAY_…; charges once per Idempotency-Key. It is " +
      "used when PAYMENT_GATEWAY_URL is not set.",
    parameters: [{ name: "Idempotency-Key", in: "header" as const, schema: { type: "string" as const } }],
    responses: {
      200: jsonAnswer("Charged, now or before.", { status: "success", message: "payment processed" }),
      502: jsonAnswer("Not charged.", { status: "error", message: "the simulated gateway has failed" }),
    },
  },
  mockCounts: {
    tags: TAGS,
    summary: "What the simulated gateway has done since the start",
    responses: {
      200: jsonAnswer("The counts.", { calls: 4, charges: 2, repeats: 1, errors: 1, late: 1 }),
    },
  },
};
