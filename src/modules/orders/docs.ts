import {
  CREATING_ANSWERS,
  IDEMPOTENCY_KEY,
  jsonAnswer,
  jsonBody,
  pathParameter,
  problemAnswer,
} from "../../http/route-docs.ts";

/** What the OpenAPI document says of reservations and orders. */
const TAGS = ["Orders"];
const RESERVE_ID = "0198c2a4-1f0b-7d52-8e0a-51d2c9b7a3f4";
const PAYMENT_ID = "0198c2a4-6d1e-7c3b-9a55-2f6f7f1d9e10";
const ID_SCHEMA = { oneOf: [{ type: "integer" as const }, { type: "string" as const }] };
const PRICE = {
  description: "At most 4 decimals; a number or a numeric string. Compared with the catalogue.",
  oneOf: [{ type: "number" as const }, { type: "string" as const }],
};
const QUANTITY = { type: "integer" as const, minimum: 1, maximum: 100 };
const PURCHASE = { product_id: 1, user_id: 42, quantity: 2, total_price: 37.8 };

const DIGITS = { type: "string" as const };
const CARD = {
  type: "object" as const,
  required: ["card_number", "card_exp_month", "card_exp_year", "card_security_code"],
  properties: {
    card_number: { ...DIGITS, description: "12 to 19 digits." },
    card_exp_month: { type: "integer" as const, minimum: 1, maximum: 12 },
    card_exp_year: { type: "integer" as const, description: "2 or 4 digits." },
    card_security_code: { ...DIGITS, description: "3 or 4 digits." },
    card_holder: { type: "string" as const, maxLength: 100 },
  },
};
/** Of the right form, and nobody's card. */
const CARD_EXAMPLE = {
  card_number: "0000000000000000",
  card_exp_month: 12,
  card_exp_year: 2030,
  card_security_code: "000",
  card_holder: "Maria da Silva",
};

export const orderDocs = {
  reserve: {
    tags: TAGS,
    summary: "Reserve pieces of a product",
    description: "Stock falls at once, never below 0. What is not ordered in time is for sale again.",
    parameters: [IDEMPOTENCY_KEY],
    requestBody: jsonBody(
      { product_id: ID_SCHEMA, user_id: ID_SCHEMA, quantity: QUANTITY, total_price: PRICE },
      PURCHASE,
    ),
    responses: {
      201: jsonAnswer("Reserved.", {
        message: "Reserved",
        reserve_id: RESERVE_ID,
        expires_at: "2025-07-15T12:49:56.123Z",
      }),
      400: problemAnswer("Unknown product, quantity not allowed or not in stock, or a wrong total."),
      ...CREATING_ANSWERS,
    },
  },
  getReservation: {
    tags: TAGS,
    summary: "A reservation",
    description: "`status` is reserved, ordered, sold, released (its order failed) or expired.",
    parameters: [pathParameter("id", { type: "string", format: "uuid" })],
    responses: {
      200: jsonAnswer("The reservation.", {
        reserve_id: RESERVE_ID,
        ...PURCHASE,
        status: "reserved",
        created_at: "2025-07-15T12:34:56.123Z",
        expires_at: "2025-07-15T12:49:56.123Z",
      }),
      404: problemAnswer("There is no such reservation."),
    },
  },
  order: {
    tags: TAGS,
    summary: "Order what is reserved, and pay with a card",
    description:
      "The card is charged in the background, at most once. Its number and security code are never stored: " +
      "if this process ends before the charge is decided, the order fails and frees its stock.",
    parameters: [IDEMPOTENCY_KEY],
    requestBody: jsonBody(
      {
        produto: {
          type: "object" as const,
          required: ["reserve_id", "product_id", "user_id", "price", "quantity", "total_price"],
          properties: {
            reserve_id: { type: "string" as const, format: "uuid" },
            product_id: ID_SCHEMA,
            user_id: ID_SCHEMA,
            price: PRICE,
            quantity: QUANTITY,
            total_price: PRICE,
          },
        },
        card: CARD,
      },
      { produto: { reserve_id: RESERVE_ID, price: 18.9, ...PURCHASE }, card: CARD_EXAMPLE },
    ),
    responses: {
      202: jsonAnswer("Accepted.", {
        message: "Process Purchases Service is running",
        payment_id: PAYMENT_ID,
      }),
      400: problemAnswer("The purchase does not agree with the catalogue or its reservation."),
      ...CREATING_ANSWERS,
      409: problemAnswer("The same user ordered the same product moments ago."),
    },
  },
  getOrder: {
    tags: TAGS,
    summary: "An order and how far its charge is",
    description: "`status`: 0 PENDING, 1 PROCESSING, 2 AUTHORIZED, 3 FAILED.",
    parameters: [pathParameter("id", { type: "string", format: "uuid" })],
    responses: {
      200: jsonAnswer("The order.", {
        payment_id: PAYMENT_ID,
        reserve_id: RESERVE_ID,
        ...PURCHASE,
        status: 2,
        status_name: "AUTHORIZED",
        attempts: 1,
        last_error: null,
        card_last4: "0000",
      }),
      404: problemAnswer("There is no such order."),
    },
  },
};
