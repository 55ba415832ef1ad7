import type { ElysiaSwaggerConfig } from "@elysiajs/swagger";
import type { Elysia } from "elysia";
import { buildInfo } from "../build-info.ts";
import { ERROR_CODES } from "./error-codes.ts";

/**
 * Builds the OpenAPI document from the routes of the app that `docs` was added to. The generator is
 * loaded when the document is asked for (about 12 MB): most replicas never are.
 */
export async function buildApiDocument(docs: Elysia): Promise<unknown> {
  const { swagger } = await import("@elysiajs/swagger");
  const generator = swagger({
    documentation: DOCUMENTATION,
    path: "/page", // its page links to another host and is never served
    specPath: "/json",
    excludeStaticFile: false,
  });
  // What Elysia does when a plugin is added with `use`, without adding its routes: the generator reads the routes
  // of the app through these two. They are protected, which is why they are reached by name.
  const app = docs as unknown as RouteSource;
  Object.assign(generator, {
    getGlobalRoutes: () => app.getGlobalRoutes(),
    getGlobalDefinitions: () => app.getGlobalDefinitions(),
  });
  const response = await generator.handle(new Request("http://localhost/json"));
  return repairDocument(await response.json());
}

interface RouteSource {
  getGlobalRoutes(): unknown;
  getGlobalDefinitions(): unknown;
}

/** The parts of the generated document that are repaired here; everything else passes through. */
interface ApiDocument {
  readonly paths: Record<string, Record<string, Operation>>;
}

interface Operation {
  requestBody?: { content?: Record<string, unknown> };
  responses?: Record<string, { description?: string }>;
}

/**
 * The generator offers three media types for every body, and leaves out descriptions that OpenAPI requires. Every
 * operation may also answer with a problem, 429 among them.
 */
function repairDocument(document: unknown): ApiDocument {
  const repaired = document as ApiDocument; // made by the generator a moment ago
  for (const operations of Object.values(repaired.paths)) {
    for (const operation of Object.values(operations)) {
      const content = operation.requestBody?.content;
      const json = content?.["application/json"];
      if (operation.requestBody !== undefined && json !== undefined) {
        operation.requestBody.content = { "application/json": json };
      }
      operation.responses = {
        ...operation.responses,
        429: operation.responses?.["429"] ?? RATE_LIMITED_RESPONSE,
        default: PROBLEM_RESPONSE,
      };
      for (const response of Object.values(operation.responses)) response.description ??= "Success";
    }
  }
  return repaired;
}

const PROBLEM_RESPONSE = {
  description: "Any error; see /docs/errors for the codes.",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

const RATE_LIMITED_RESPONSE = {
  description: "The client is above RATE_LIMIT_PER_SECOND, if one is set; nothing was done.",
  headers: {
    "Retry-After": { description: "Seconds.", schema: { type: "integer", minimum: 1 } },
  },
  content: PROBLEM_RESPONSE.content,
};

const PROBLEM_SCHEMA = {
  type: "object" as const,
  description: "An error (RFC 9457).",
  required: ["type", "title", "status", "detail", "code", "message"],
  properties: {
    type: { type: "string" as const, format: "uri-reference", example: "/docs/errors#VALIDATION" },
    title: { type: "string" as const },
    status: { type: "integer" as const, example: 422 },
    detail: { type: "string" as const, description: "What to do." },
    code: { type: "string" as const, description: "Stable: branch on it.", enum: [...ERROR_CODES] },
    errors: {
      type: "array" as const,
      description: "Invalid fields; never the received value.",
      items: {
        type: "object" as const,
        required: ["path", "message"],
        properties: { path: { type: "string" as const }, message: { type: "string" as const } },
      },
    },
    message: { type: "string" as const, description: "The same as detail." },
  },
};

const DOCUMENTATION: NonNullable<ElysiaSwaggerConfig["documentation"]> = {
  info: {
    title: "catraca",
    version: buildInfo.version,
    description:
      "A payment gateway in one executable: every payment is stored before it is acknowledged, charged at one " +
      "processor, and counted once. Errors are `application/problem+json`, all codes are at " +
      "[/docs/errors](/docs/errors). Every answer carries `x-request-id`.",
  },
  tags: [
    { name: "Payments", description: "Section A: payments through the processor pair" },
    { name: "Orders", description: "Section B: catalogue, reservations, orders" },
    { name: "Users", description: "Section C: users, deposits, withdrawals with a fee" },
    { name: "Account payments", description: "Section D: account payments with a result to wait for" },
    { name: "Wallets", description: "Section E: wallets" },
    { name: "Console", description: "What the web console reads" },
    { name: "Operations", description: "Health, metrics, dead letters, topics, events" },
  ],
  components: {
    schemas: { Problem: PROBLEM_SCHEMA },
    securitySchemes: { administrator: { type: "http", scheme: "bearer", description: "ADMIN_TOKEN" } },
  },
};
