/** The routes to fuzz: all that the running executable's OpenAPI document names, and those it leaves out. */
import { SWITCHED_NAMES, type SwitchedName } from "../../src/console/simulator-switches.ts";
import { call } from "../e2e/client.ts";

/** What of JSON Schema the document uses. */
export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly schema: Schema;
}

export interface DocumentedAnswer {
  /** The forms of the body that the document shows; none if it shows none in JSON. */
  readonly examples: readonly unknown[];
  /** None if the document names none. */
  readonly mediaTypes: readonly string[];
}

export interface Operation {
  readonly method: string;
  /** With `{name}` where a parameter stands. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | null;
  readonly answers: ReadonlyMap<number, DocumentedAnswer>;
  /** The built-in processors and card gateway keep the published services' contracts, errors without a body included. */
  readonly isForeign: boolean;
}

interface Documented {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
  readonly responses?: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

interface Media {
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

/** Reads /docs/json of the executable at `url`. */
export async function readOperations(url: string): Promise<Operation[]> {
  const { body } = await call(`${url}/docs/json`);
  // An OpenAPI document: what is looked at is what the generator writes, and a test counts what was found.
  const { paths } = body as { paths: Record<string, Record<string, Documented>> };
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => {
      const { parameters = [], requestBody, responses = {} } = operation;
      const answers = Object.entries(responses).filter(([status]) => status !== "default");
      return {
        method: method.toUpperCase(),
        path,
        parameters,
        body: requestBody?.content?.["application/json"]?.schema ?? null,
        answers: new Map(answers.map(([status, { content }]) => [Number(status), answerOf(content)])),
        isForeign: false,
      };
    }),
  );
  return [...documented, ...HIDDEN];
}

function answerOf(content: Readonly<Record<string, Media>> = {}): DocumentedAnswer {
  const { example, examples = {} } = content["application/json"] ?? {};
  const shown = Object.values(examples).map(({ value }) => value);
  return { mediaTypes: Object.keys(content), examples: example === undefined ? shown : [example, ...shown] };
}

const NUMBER: Schema = { type: "number", minimum: 0, maximum: 1 };
const SWITCHES: Readonly<Record<string, Schema>> = {
  delay: { type: "integer", minimum: 0, maximum: 3 },
  failure: { type: "boolean" },
  decline: { type: "boolean" },
  faults: { type: "number", minimum: 0, maximum: 0.3 },
};

function hidden(
  method: string,
  path: string,
  statuses: readonly number[],
  more: Partial<Operation> = {},
): Operation {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  return {
    method,
    path,
    parameters: names.map((name) => ({ name, in: "path", schema: { type: "string" } })),
    body: null,
    answers: new Map(statuses.map((status) => [status, { mediaTypes: [], examples: [] }])),
    isForeign: false,
    ...more,
  };
}

function objectOf(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: "object", required: Object.keys(properties), properties };
}

const PAYMENT = objectOf({
  correlationId: { type: "string", format: "uuid" },
  amount: { type: "number", minimum: 0.01, maximum: 100 },
  requestedAt: { type: "string", format: "date-time" },
});
const CHARGE = objectOf({
  reference_id: { type: "string" },
  amount: objectOf({ value: { type: "integer", minimum: 0, maximum: 10_000 } }),
  payment_method: objectOf({ card: objectOf({ number: { type: "string" } }) }),
});
const WINDOW: readonly Parameter[] = ["from", "to"].map((name) => ({
  name,
  in: "query",
  schema: { type: "string", format: "date-time" },
}));

/** Faults that leave the caller without an answer are left out: here nobody could tell them from a defect. */
const UPSTREAM = {
  delayMs: { type: "integer", minimum: 0, maximum: 3 },
  failure: { type: "boolean" },
  garbageShare: { ...NUMBER, maximum: 0.1 },
  serverErrorWithMessageShare: { ...NUMBER, maximum: 0.1 },
} as const;
/** What the console may switch: each of its bodies names some of the switches. */
const SWITCHBOARDS: Readonly<Record<SwitchedName, Schema>> = {
  default: { type: "object", properties: UPSTREAM },
  fallback: { type: "object", properties: UPSTREAM },
  cardGateway: { type: "object", properties: { ...UPSTREAM, decline: { type: "boolean" } } },
  gateway: objectOf({
    errorShare: { ...NUMBER, maximum: 0.4 },
    lateShare: { ...NUMBER, maximum: 0.2 },
  }),
  bank: objectOf({
    approvalRate: NUMBER,
    delayMinSeconds: { ...NUMBER, maximum: 0.01 },
    delayMaxSeconds: { ...NUMBER, minimum: 0.01, maximum: 0.02 },
  }),
};

function processor(prefix: string): Operation[] {
  const foreign = { isForeign: true };
  const switched = [200, 400, 401, 415];
  return [
    hidden("POST", `${prefix}/payments`, [200, 400, 415, 422, 429, 500], { ...foreign, body: PAYMENT }),
    hidden("GET", `${prefix}/payments/{correlationId}`, [200, 400, 404, 405, 429], foreign),
    hidden("GET", `${prefix}/admin/payments-summary`, [200, 400, 401], { ...foreign, parameters: WINDOW }),
    ...["delay", "failure", "faults"].map((name) =>
      hidden("PUT", `${prefix}/admin/configurations/${name}`, switched, {
        ...foreign,
        body: objectOf({ [name]: SWITCHES[name] ?? NUMBER }),
      }),
    ),
    hidden("GET", `${prefix}/{name}`, [404, 405], foreign),
  ];
}

/** Kept out of the document, because they are pages, or services that are only played here. */
const HIDDEN: readonly Operation[] = [
  hidden("GET", "/docs", [200]),
  hidden("GET", "/docs/json", [200]),
  hidden("GET", "/docs/errors", [200]),
  hidden("GET", "/docs/start.js", [200]),
  hidden("GET", "/docs/swagger-ui.css", [200]),
  hidden("GET", "/console", [200]),
  hidden("GET", "/console/{file}", [200, 404]),
  hidden("GET", "/api/console/access", [200]),
  hidden("GET", "/api/console/simulator", [200]),
  ...SWITCHED_NAMES.map((name) =>
    hidden("PUT", `/api/console/simulator/${name}`, [200, 401], { body: SWITCHBOARDS[name] }),
  ),
  ...processor("/processors/default"),
  ...processor("/processors/fallback"),
  hidden("POST", "/card-gateway/", [200, 400, 415, 500, 502], { isForeign: true, body: CHARGE }),
  ...["delay", "failure", "decline", "faults"].map((name) =>
    hidden("PUT", `/card-gateway/admin/configurations/${name}`, [200, 400, 401, 404, 415], {
      isForeign: true,
      body: objectOf({ [name]: SWITCHES[name] ?? NUMBER }),
    }),
  ),
  hidden("GET", "/card-gateway/admin/charges/{id}", [200, 401, 404], { isForeign: true }),
  hidden("GET", "/card-gateway/admin/charges-summary", [200, 401], { isForeign: true }),
];
