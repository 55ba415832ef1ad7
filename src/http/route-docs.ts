/** The pieces that every route's entry in the OpenAPI document is made of. */

/** An answer in the form of every error. */
export const problemAnswer = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});

export const jsonAnswer = (description: string, example: unknown) => ({
  description,
  content: { "application/json": { example } },
});

/** An answer that has one of several forms, each shown under its name. */
export const jsonAnswers = (description: string, forms: Readonly<Record<string, unknown>>) => ({
  description,
  content: {
    "application/json": {
      examples: Object.fromEntries(Object.entries(forms).map(([name, value]) => [name, { value }])),
    },
  },
});

/** A body of an object all of whose fields are required. */
export const jsonBody = <Properties extends object>(properties: Properties, example: unknown) => ({
  required: true,
  content: {
    "application/json": {
      schema: { type: "object" as const, required: Object.keys(properties), properties },
      example,
    },
  },
});

export const AMOUNT = {
  description: "More than 0, at most 9999999999.99, at most 2 decimals; a number or a numeric string.",
  oneOf: [{ type: "number" as const }, { type: "string" as const }],
};

export const OPENING_BALANCE = {
  ...AMOUNT,
  description: "0 or more, at most 9999999999.99, at most 2 decimals; a number or a numeric string.",
};

/** The header of every POST that creates something. */
export const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header" as const,
  schema: { type: "string" as const, maxLength: 255 },
  description:
    "Makes a repeat safe: the same key with the same body gets the first answer again, with " +
    "`Idempotent-Replayed: true`; another body is refused with 422, an overlapping repeat with 409. Kept for a day.",
};

/** The answers that every POST that creates something may give besides its own. */
export const CREATING_ANSWERS = {
  409: problemAnswer("The first request with this Idempotency-Key is still running."),
  422: problemAnswer("The body is not valid, or the Idempotency-Key is, or it belongs to another body."),
  503: problemAnswer("The queue is full or the database cannot be written; see Retry-After."),
};

export const pathParameter = (name: string, schema: { type: "string" | "integer"; format?: string }) => ({
  name,
  in: "path" as const,
  required: true,
  schema,
});

export const LIMIT_PARAMETER = {
  name: "limit",
  in: "query" as const,
  schema: { type: "integer" as const, minimum: 1, maximum: 500, default: 50 },
};

/** `limit` and `cursor` of a listing. */
export const PAGE_PARAMETERS = [
  LIMIT_PARAMETER,
  {
    name: "cursor",
    in: "query" as const,
    schema: { type: "string" as const },
    description: "The value of `next` in the page before.",
  },
];
