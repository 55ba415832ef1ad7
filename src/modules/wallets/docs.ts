import {
  AMOUNT,
  CREATING_ANSWERS,
  IDEMPOTENCY_KEY,
  jsonAnswer,
  jsonAnswers,
  jsonBody,
  OPENING_BALANCE,
  PAGE_PARAMETERS,
  pathParameter,
  problemAnswer,
} from "../../http/route-docs.ts";

/** What the OpenAPI document says of section E: descriptions, examples, answers. */
const TAGS = ["Wallets"];
const WALLET = "8e1d3b52-3f5c-4f9e-9e39-6c1f7a1c5d20";
const OPERATION = "01a1f811-f637-7774-9873-b4de5f423321";
const UUID = { type: "string" as const, format: "uuid" };
const WALLET_PARAMETER = pathParameter("uuid", UUID);
const UNKNOWN_WALLET = problemAnswer("There is no such wallet.");
const BAD_UUID = problemAnswer("The UUID is none.");

const OPERATION_EXAMPLE = {
  operation_id: OPERATION,
  operationType: "WITHDRAW",
  amount: 30,
  status: "applied",
  reason: null,
  balance_after: 70,
  created_at: "2025-07-15T12:34:56.123Z",
};

export const walletDocs = {
  create: {
    tags: TAGS,
    summary: "Create a wallet",
    parameters: [IDEMPOTENCY_KEY],
    requestBody: jsonBody({ initial_balance: OPENING_BALANCE }, { initial_balance: 100 }),
    responses: {
      200: jsonAnswer("Created.", { wallet_uuid: WALLET, balance: 100 }),
      ...CREATING_ANSWERS,
    },
  },
  get: {
    tags: TAGS,
    summary: "A wallet's balance",
    description: "Never older than an operation that is applied, or that this replica acknowledged before.",
    parameters: [WALLET_PARAMETER],
    responses: {
      200: jsonAnswer("The wallet.", { wallet_uuid: WALLET, balance: 100 }),
      404: UNKNOWN_WALLET,
      422: BAD_UUID,
    },
  },
  operate: {
    tags: TAGS,
    summary: "Deposit into or withdraw from a wallet",
    description:
      "Acknowledged as soon as it would survive kill -9; applied milliseconds later, exactly once, or rejected " +
      "if the balance would become negative. `?sync=true` waits and answers the outcome.",
    parameters: [
      WALLET_PARAMETER,
      { name: "sync", in: "query" as const, schema: { type: "boolean" as const, default: false } },
      IDEMPOTENCY_KEY,
    ],
    requestBody: jsonBody(
      { operationType: { type: "string" as const, enum: ["DEPOSIT", "WITHDRAW"] }, amount: AMOUNT },
      { operationType: "WITHDRAW", amount: 30 },
    ),
    responses: {
      200: jsonAnswers("Queued; with sync: applied.", {
        queued: {
          status: "queued",
          detail: "Operation is queued for async processing",
          operation_id: OPERATION,
        },
        applied: { wallet_uuid: WALLET, balance: 70, operation_id: OPERATION },
      }),
      400: problemAnswer("With sync: too little money, or the balance would become too large."),
      404: UNKNOWN_WALLET,
      ...CREATING_ANSWERS,
    },
  },
  operations: {
    tags: TAGS,
    summary: "A wallet's operations, newest first",
    parameters: [WALLET_PARAMETER, ...PAGE_PARAMETERS],
    responses: {
      200: jsonAnswer("A page of operations.", { items: [OPERATION_EXAMPLE], next: null }),
      404: UNKNOWN_WALLET,
      422: problemAnswer("The UUID, limit or cursor is not valid."),
    },
  },
  operation: {
    tags: TAGS,
    summary: "One operation and its outcome",
    description: "`status` is queued, applied or rejected; `reason` is insufficient_funds or balance_limit.",
    parameters: [WALLET_PARAMETER, pathParameter("id", UUID)],
    responses: {
      200: jsonAnswer("The operation.", OPERATION_EXAMPLE),
      404: problemAnswer("There is no such wallet, or it has no such operation."),
      422: BAD_UUID,
    },
  },
};
