import { DEAD_LETTER_SOURCES } from "../../domain/dead-letter.ts";
import { jsonAnswer, PAGE_PARAMETERS, pathParameter, problemAnswer } from "../../http/route-docs.ts";

/** What the OpenAPI document says of dead letters. */
export const TAGS = ["Dead letters"];
const ID = [pathParameter("id", { type: "integer" })];
export const SOURCE = { type: "string" as const, enum: [...DEAD_LETTER_SOURCES] };
export const MOMENT = { type: "string" as const, format: "date-time" };
export const ADMIN_ANSWERS = {
  401: problemAnswer("The administrator's token is missing or wrong."),
  403: problemAnswer("Without a token configured, only from this machine."),
};
const NOT_FOUND = problemAnswer("There is no such dead letter: it may have been requeued or deleted.");
const ORDER = "0198c2a4-6d1e-7c3b-9a55-2f6f7f1d9e10";
const LETTER = {
  id: 7,
  source: "orders",
  subject: ORDER,
  error: { name: "OrderFailed", message: "The card gateway declined the charge.", code: "card_declined" },
  originalTopic: "process-purchases",
  originalMessage: { payment_id: ORDER, product_id: 3, quantity: 2, card_last4: "0000" },
  attempts: 5,
  deaths: 1,
  firstDiedAt: "2025-07-15T12:34:56.123Z",
  diedAt: "2025-07-15T12:34:56.123Z",
};
export const deadLetterDocs = {
  list: {
    tags: TAGS,
    summary: "Dead letters of every section, the latest first",
    parameters: [
      { name: "source", in: "query" as const, schema: SOURCE },
      { name: "code", in: "query" as const, schema: { type: "string" as const }, example: "card_declined" },
      { name: "from", in: "query" as const, schema: MOMENT, description: "By the time of death, inclusive." },
      { name: "to", in: "query" as const, schema: MOMENT, description: "By the time of death, inclusive." },
      ...PAGE_PARAMETERS,
    ],
    responses: {
      200: jsonAnswer("A page.", { items: [LETTER], next: null }),
      422: problemAnswer("A parameter is not valid."),
    },
  },
  get: {
    tags: TAGS,
    summary: "A dead letter with its whole history",
    parameters: ID,
    responses: {
      200: jsonAnswer("The dead letter.", {
        ...LETTER,
        history: [
          { at: "2025-07-15T12:34:41.010Z", event: "attempt", outcome: "declined", code: "card_declined" },
          { at: "2025-07-15T12:34:56.123Z", event: "died", code: "card_declined" },
        ],
      }),
      404: NOT_FOUND,
    },
  },
  requeue: {
    tags: TAGS,
    summary: "Give it its attempts anew (administrator)",
    description: "It keeps its id. An order needs a new `card` in the body, because none is ever kept.",
    parameters: ID,
    requestBody: {
      required: false,
      content: {
        "application/json": {
          schema: { type: "object" as const, properties: { card: { type: "object" as const } } },
          example: {},
        },
      },
    },
    responses: {
      202: jsonAnswer("Requeued.", { id: 7, source: "payments", subject: ORDER, status: "requeued" }),
      ...ADMIN_ANSWERS,
      404: NOT_FOUND,
      409: problemAnswer("What it needs is not there: the card, the stock, the money."),
      422: problemAnswer("The body is not valid."),
    },
  },
  remove: {
    tags: TAGS,
    summary: "Delete it for good (administrator)",
    parameters: ID,
    responses: { 204: { description: "Deleted." }, ...ADMIN_ANSWERS, 404: NOT_FOUND },
  },
};
