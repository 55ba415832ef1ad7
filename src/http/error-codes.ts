/**
 * THE table of errors: every `code` that an answer of ours can carry. `docs/errors.md` and the page
 * `/docs/errors` are rendered from it, and `type` of a problem points at its row there.
 *
 * Codes are stable: clients branch on them. A code may be added, never renamed or given another status.
 * `title` is the short sentence that never changes; `remedy` is the `detail` unless the caller has a better one.
 */
export interface ErrorDefinition {
  readonly status: number;
  readonly title: string;
  /** When this is answered. */
  readonly meaning: string;
  /** What the caller, or the operator, should do: a sentence that makes sense on its own. */
  readonly remedy: string;
}

export const ERRORS = {
  // Form of the request: any route.
  INVALID_JSON: {
    status: 422,
    title: "The body is not JSON",
    meaning: "The body is missing, is not valid JSON, or is not valid UTF-8.",
    remedy: "Send one JSON value, encoded as UTF-8, with Content-Type: application/json.",
  },
  VALIDATION: {
    status: 422,
    title: "The request has invalid fields",
    meaning: "A field of the body, the query or the path is missing, has the wrong type or is out of range.",
    remedy: "Correct the fields that are listed in errors and send the request again.",
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    title: "There is no such route",
    meaning: "No route of this service has that path.",
    remedy: "Check the path; all routes are listed at /docs.",
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: "The route does not have that method",
    meaning: "The path exists, but not with this method.",
    remedy: "Use one of the methods that the Allow header names.",
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: "The body is too large",
    meaning: "The body is longer than 64 KiB.",
    remedy: "Send a body of at most 65536 bytes.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: "The body has the wrong media type",
    meaning: "The body is declared as something else than JSON, or is compressed.",
    remedy: "Send the body uncompressed, as JSON, with Content-Type: application/json.",
  },
  RATE_LIMITED: {
    status: 429,
    title: "Too many requests",
    meaning:
      "This client sends more requests per second than RATE_LIMIT_PER_SECOND allows. This one was not taken.",
    remedy: "Send the request again after the seconds that Retry-After names, and fewer per second.",
  },
  INTERNAL: {
    status: 500,
    title: "Something went wrong here",
    meaning: "A bug. The log has the cause under the request id. The call may or may not have taken effect.",
    remedy:
      "Repeat the call with the same id or Idempotency-Key, and report the x-request-id of this answer.",
  },

  // Capacity and operation: any route that stores something.
  QUEUE_FULL: {
    status: 503,
    title: "The queue is full",
    meaning: "Commands arrive faster than they can be stored. This one was not taken.",
    remedy: "Send the request again after the seconds that Retry-After names.",
  },
  OVERLOADED: {
    status: 503,
    title: "Too busy",
    meaning: "Requests come faster than this replica can answer them. This one was not taken.",
    remedy:
      "Send the request again after the seconds that Retry-After names; operators: give it more CPU, or add a replica.",
  },
  STORAGE_UNAVAILABLE: {
    status: 503,
    title: "The database cannot be written",
    meaning: "The disk is full or the database is locked. Nothing of this call was stored.",
    remedy: "Send the request again after the seconds that Retry-After names; operators: see /health/ready.",
  },
  SHUTTING_DOWN: {
    status: 503,
    title: "This replica is stopping",
    meaning: "The replica takes no new work. This call was not taken.",
    remedy: "Send the request again; another replica will take it.",
  },
  OUTCOME_TIMEOUT: {
    status: 503,
    title: "The outcome is not known yet",
    meaning: "The command was taken, but its outcome did not come back in time. It will take effect.",
    remedy: "Read the state, or repeat the call with the same id or Idempotency-Key; nothing happens twice.",
  },

  // Administrator's calls.
  ADMIN_TOKEN_REQUIRED: {
    status: 401,
    title: "An administrator's call needs the token",
    meaning: "ADMIN_TOKEN is set and the request carries no bearer token, or another one.",
    remedy: "Send Authorization: Bearer with the value of ADMIN_TOKEN.",
  },
  ADMIN_LOCAL_ONLY: {
    status: 403,
    title: "An administrator's call must come from this machine",
    meaning:
      "No ADMIN_TOKEN is set, and the request came from elsewhere, through a proxy or from another site.",
    remedy: "Set ADMIN_TOKEN and send it as a bearer token, or call from the machine itself.",
  },

  // Idempotency-Key.
  IDEMPOTENCY_KEY_INVALID: {
    status: 422,
    title: "The Idempotency-Key is invalid",
    meaning: "The key is empty or longer than 255 characters.",
    remedy: "Send a key of 1 to 255 characters, for example a UUID.",
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: "The Idempotency-Key belongs to another request",
    meaning: "The key was used on this route with a different body.",
    remedy: "Use a new key for a new request, or the very same body to repeat the old one.",
  },
  IDEMPOTENCY_KEY_IN_USE: {
    status: 409,
    title: "The first request with this Idempotency-Key is still running",
    meaning: "Two requests with one key overlap; the second one was not taken.",
    remedy: "Wait for the first answer, or repeat this request later to get it.",
  },

  // A: payments through the processor pair. D: account payments.
  PAYMENT_NOT_FOUND: {
    status: 404,
    title: "There is no such payment",
    meaning: "No payment has that id.",
    remedy: "Check the id; it is the one in the answer that accepted the payment.",
  },
  PAYMENT_CONFLICT: {
    status: 409,
    title: "The payment exists with another amount",
    meaning: "The correlationId was accepted before, with another amount. The first amount stands.",
    remedy: "Use a new correlationId for a new payment, or the first amount to repeat the old one.",
  },
  PAYMENT_KIND_UNCLEAR: {
    status: 422,
    title: "The kind of payment is unclear",
    meaning: "POST /payments got both correlationId and userId, or neither.",
    remedy: "Send correlationId and amount, or userId, accountNumber and amount.",
  },
  RESULT_PENDING: {
    status: 408,
    title: "The payment is not final yet",
    meaning: "The long poll waited its whole time (LONG_POLL_SECONDS) and the payment is still pending.",
    remedy: "Poll again; the payment goes on meanwhile.",
  },

  // B: catalogue, reservations, orders.
  PRODUCT_UNKNOWN: {
    status: 400,
    title: "There is no such product",
    meaning: "The product_id names no product of the catalogue.",
    remedy: "Use the id of a product that GET /findAll lists.",
  },
  QUANTITY_NOT_ALLOWED: {
    status: 400,
    title: "The quantity is not allowed",
    meaning: "The quantity is 0 or less, or over 100.",
    remedy: "Order a quantity of 1 to 100.",
  },
  OUT_OF_STOCK: {
    status: 400,
    title: "There is not enough in stock",
    meaning: "Fewer pieces are left than were asked for. Stock is unchanged.",
    remedy: "Reserve a smaller quantity, or wait for expired reservations to give their stock back.",
  },
  PRICE_MISMATCH: {
    status: 400,
    title: "The price does not agree with the catalogue",
    meaning: "The price or total_price differs from the catalogue's, compared at 4 decimals.",
    remedy: "Read the product again and send its price, and price times quantity as the total.",
  },
  RESERVATION_UNKNOWN: {
    status: 400,
    title: "There is no such reservation",
    meaning: "The reserve_id names no reservation, or one of another user or product.",
    remedy: "Reserve first and send the reserve_id of the answer.",
  },
  RESERVATION_NOT_FOUND: {
    status: 404,
    title: "There is no such reservation",
    meaning: "No reservation has that id.",
    remedy: "Check the id; it is the reserve_id in the answer of POST /reserve.",
  },
  RESERVATION_EXPIRED: {
    status: 400,
    title: "The reservation has expired",
    meaning: "It was not paid within RESERVATION_TTL_SECONDS and gave its stock back.",
    remedy: "Reserve again.",
  },
  RESERVATION_PAID: {
    status: 400,
    title: "The reservation is already paid",
    meaning: "An order for this reservation was accepted before.",
    remedy: "Read that order at GET /payment/{id}; reserve again to buy more.",
  },
  QUANTITY_OVER_RESERVATION: {
    status: 400,
    title: "The quantity is more than was reserved",
    meaning: "The order asks for more pieces than its reservation holds.",
    remedy: "Order at most the reserved quantity.",
  },
  ORDER_DUPLICATE: {
    status: 409,
    title: "The same order was placed moments ago",
    meaning: "This user ordered this product within ORDER_DUPLICATE_WINDOW_SECONDS.",
    remedy: "Wait for the window to pass if a second order is meant.",
  },
  ORDER_NOT_FOUND: {
    status: 404,
    title: "There is no such order",
    meaning: "No order has that payment_id.",
    remedy: "Check the id; it is the payment_id in the answer of POST /payment.",
  },

  // C: users and the ledger. E: wallets.
  USER_NOT_FOUND: {
    status: 404,
    title: "There is no such user",
    meaning: "No user has that id.",
    remedy: "Check the id; it is the one in the answer of POST /api/v1/users.",
  },
  INSUFFICIENT_FUNDS: {
    status: 400,
    title: "There is not enough money",
    meaning: "The amount and its fee are more than what is available (balance less what is held).",
    remedy: "Deposit first, or ask for a smaller amount.",
  },
  BALANCE_LIMIT: {
    status: 400,
    title: "The balance would become too large",
    meaning: "The balance after this operation would be above 9,999,999,999.99.",
    remedy: "Use a smaller amount.",
  },
  WALLET_NOT_FOUND: {
    status: 404,
    title: "There is no such wallet",
    meaning: "No wallet has that UUID.",
    remedy: "Check the UUID; it is the wallet_uuid in the answer that created the wallet.",
  },
  OPERATION_NOT_FOUND: {
    status: 404,
    title: "There is no such operation",
    meaning: "The wallet has no operation with that id.",
    remedy: "Check the id; it is the operation_id in the answer that queued the operation.",
  },

  // Across all: dead letters, topics, listings.
  DEAD_LETTER_NOT_FOUND: {
    status: 404,
    title: "There is no such dead letter",
    meaning: "No dead letter has that id; it may have been requeued or deleted.",
    remedy: "Read the list again at GET /dlq.",
  },
  DEAD_LETTER_NOT_REQUEUABLE: {
    status: 409,
    title: "The dead letter cannot be requeued",
    meaning: "What it needs is gone, for example the card of an order or the stock it gave back.",
    remedy: "Send what is missing in the body (a card for an order), or delete the dead letter.",
  },
  REQUEUE_JOB_NOT_FOUND: {
    status: 404,
    title: "There is no such requeue or discard",
    meaning: "No requeue or discard of many dead letters has that id, or it is not running any more.",
    remedy: "Check the id; it is the one in the answer of POST /dlq/requeue or POST /dlq/discard.",
  },
  TOPIC_NOT_FOUND: {
    status: 404,
    title: "There is no such topic",
    meaning: "No topic has that name.",
    remedy: "Use a name that GET /topics lists.",
  },
} as const satisfies Readonly<Record<string, ErrorDefinition>>;

export type ErrorCode = keyof typeof ERRORS;

/** All codes in the order of the table. */
export const ERROR_CODES: readonly ErrorCode[] = Object.keys(ERRORS) as ErrorCode[]; // keys of a const object
