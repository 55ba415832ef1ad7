import { AMOUNT, jsonAnswer, pathParameter, problemAnswer } from "../../http/route-docs.ts";

/** What the OpenAPI document says of section D: descriptions, examples, answers. */
const ID = "0198c2a4-6d1e-7c3b-9a55-2f6f7f1d9e10";

/** A payment of this kind at its end. */
export const FINAL_EXAMPLE = {
  paymentId: ID,
  userId: "3f0b2c7e-5a1d-4e9b-8c60-1d2e3f4a5b6c",
  created: "2025-07-15T12:34:56.123Z",
  processed: "2025-07-15T12:35:03.301Z",
  state: "completed",
  accountNumber: "DE02120300000000202051",
  amount: 19.9,
  description: "Invoice 42",
  extPaymentDetails: "Payment processed in 7 seconds",
};

/** The answer to POST /payments for this kind of payment. */
export const PENDING_EXAMPLE = {
  ...FINAL_EXAMPLE,
  processed: null,
  state: "pending",
  extPaymentDetails: null,
};

/** The body of POST /payments for this kind of payment. */
export const ACCOUNT_BODY = {
  type: "object" as const,
  required: ["userId", "accountNumber", "amount"],
  properties: {
    userId: { type: "string" as const, format: "uuid" },
    accountNumber: { type: "string" as const, minLength: 1, maxLength: 64 },
    amount: AMOUNT,
    description: { type: "string" as const, maxLength: 1000, nullable: true },
  },
};

const FRIENDLY = jsonAnswer("The service.", {
  status: "ok",
  message: "Hello my friend :) It's a payment service",
});

export const accountPaymentDocs = {
  longPoll: {
    tags: ["Account payments"],
    summary: "Wait for the result of an account payment",
    description:
      "Answers as soon as the payment is `completed` or `rejected`, at once if it is already. After " +
      "LONG_POLL_SECONDS (10) without a result it answers 408: ask again.",
    parameters: [pathParameter("paymentId", { type: "string", format: "uuid" })],
    responses: {
      200: jsonAnswer("The payment, final.", FINAL_EXAMPLE),
      404: problemAnswer("There is no such payment."),
      408: problemAnswer("It is still pending: ask again."),
      422: problemAnswer("The id is not a UUID."),
      503: problemAnswer("Too many clients wait already; see Retry-After."),
    },
  },
  root: {
    tags: ["Operations"],
    summary: "The console for browsers, a friendly word for programs",
    responses: {
      200: {
        description: "With `Accept: text/html` the page of the console.",
        content: { ...FRIENDLY.content, "text/html": {} },
      },
    },
  },
};
