import { AMOUNT, IDEMPOTENCY_KEY, jsonAnswer, jsonAnswers, problemAnswer } from "../../http/route-docs.ts";
import { ACCOUNT_BODY, FINAL_EXAMPLE, PENDING_EXAMPLE } from "../account-payments/docs.ts";

/** What the OpenAPI document says of section A: descriptions, examples, answers. */
const ID = "4a7901b8-7d26-4d9d-aa19-4dc1c7cf60b3";
const TAGS = ["Payments"];
const ID_PARAMETER = [
  {
    name: "correlationId",
    in: "path" as const,
    required: true,
    schema: { type: "string" as const, format: "uuid" },
  },
];
const BOUND = { type: "string" as const, format: "date-time" };

const PROCESSOR_BODY = {
  type: "object" as const,
  required: ["correlationId", "amount"],
  properties: { correlationId: { type: "string" as const, format: "uuid" }, amount: AMOUNT },
};

const PAYMENT_EXAMPLE = {
  correlationId: ID,
  amount: 19.9,
  status: "settled",
  processor: "default",
  requestedAt: "2025-07-15T12:34:56.123Z",
  fee: 1,
  attempts: 1,
  lastError: null,
  history: [
    { at: "2025-07-15T12:34:56.120Z", event: "accepted" },
    { at: "2025-07-15T12:34:56.131Z", event: "settled", processor: "default", latencyMs: 8 },
  ],
};

const OTHER_AMOUNT_EXAMPLE = {
  ...PAYMENT_EXAMPLE,
  settledAmount: 25,
  fee: 1.25,
  history: [
    { at: "2025-07-15T12:34:56.120Z", event: "accepted" },
    {
      at: "2025-07-15T12:34:56.131Z",
      event: "attempt",
      processor: "default",
      outcome: "settled",
      latencyMs: 4,
    },
    { at: "2025-07-15T12:34:56.131Z", event: "amount_differs", processor: "default", amount: 25 },
    { at: "2025-07-15T12:34:56.131Z", event: "settled", processor: "default" },
  ],
};

export const paymentDocs = {
  accept: {
    tags: TAGS,
    summary: "Accept a payment",
    description:
      "Stored before it is acknowledged, charged once at one of the two processors, counted once. " +
      "Repeating a payment with the same id and amount is safe and answers its present state.\n\n" +
      "With `userId` instead of `correlationId` it is an account payment: the bank takes its time, and " +
      "`GET /payments/lp/{paymentId}` waits for the result.",
    parameters: [IDEMPOTENCY_KEY],
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: { oneOf: [PROCESSOR_BODY, ACCOUNT_BODY] },
          example: { correlationId: ID, amount: 19.9 },
        },
      },
    },
    responses: {
      200: jsonAnswer("The same payment was accepted before.", { correlationId: ID, status: "settled" }),
      201: jsonAnswer("Accepted, with `userId`.", PENDING_EXAMPLE),
      202: jsonAnswer("Accepted, with `correlationId`.", { correlationId: ID, status: "pending" }),
      409: problemAnswer("The id was accepted with another amount."),
      422: problemAnswer("The body is not valid."),
      503: problemAnswer("The queue is full or the database cannot be written; see Retry-After."),
    },
  },
  get: {
    tags: TAGS,
    summary: "A payment, its state and its history",
    description:
      "`settledAmount` is there only if the processor has recorded another amount under this id than was asked for (it " +
      "may have had the id before a purge): `fee` and the summary are of that one.",
    parameters: ID_PARAMETER,
    responses: {
      200: jsonAnswers("The payment; one that was made with `userId` is shown as its section shows it.", {
        payment: PAYMENT_EXAMPLE,
        recordedOtherwise: OTHER_AMOUNT_EXAMPLE,
        accountPayment: FINAL_EXAMPLE,
      }),
      404: problemAnswer("There is no such payment."),
      422: problemAnswer("The id is not a UUID."),
    },
  },
  summary: {
    tags: TAGS,
    summary: "What each processor took, by requestedAt",
    description: "Exact for any window at millisecond precision; each bound is optional and inclusive.",
    parameters: [
      { name: "from", in: "query" as const, schema: BOUND, example: "2025-07-15T00:00:00.000Z" },
      { name: "to", in: "query" as const, schema: BOUND, example: "2025-07-16T00:00:00.000Z" },
    ],
    responses: {
      200: jsonAnswer("The totals.", {
        default: { totalRequests: 43236, totalAmount: 860396.4 },
        fallback: { totalRequests: 423, totalAmount: 8417.7 },
      }),
      422: problemAnswer("A bound is not a date."),
    },
  },
  purge: {
    tags: TAGS,
    summary: "Forget all payments of this section (administrator)",
    description:
      "Queued payments included, in every replica, and the Idempotency-Keys that made them; nothing else. What " +
      "processors recorded stays there.",
    responses: {
      204: { description: "Forgotten." },
      401: problemAnswer("The token is missing or wrong."),
      403: problemAnswer("Without a token configured, only from this machine."),
    },
  },
  healthcheck: {
    tags: TAGS,
    summary: "Is the service running?",
    responses: { 200: jsonAnswer("It is.", { message: "service is running" }) },
  },
};
