import { Elysia } from "elysia";
import { LIMITS } from "../config/limits.ts";
import { AllowedMethods, pathOf } from "./allowed-methods.ts";
import { stampAnswers } from "./answer-stamp.ts";
import { BUN_BODY_BYTES_MAX, boundBodies } from "./bounded-body.ts";
import { requireClassNames } from "./class-names.ts";
import { problem, validationProblem } from "./errors.ts";
import { BodyRejection, readJsonBody } from "./json-body.ts";
import { RawRoutes } from "./raw-routes.ts";
import { createRequestIdentifier, requestIdOf } from "./request-id.ts";
import { fieldErrorsOf, type SchemaFailure } from "./validation.ts";

export interface HttpAppOptions {
  /** Begins every id made here; unique per start of the process. Default: drawn at random. */
  readonly requestIdPrefix?: string;
  /** Called with the status of every answer, errors included: counts, and must not throw. */
  readonly onResponse?: (status: number) => void;
  /** Called with what a handler threw, before the 500 goes out. Default: one line on stderr. */
  readonly logFailure?: (error: unknown, request: FailedRequest) => void;
  /** Once it says true, answers ask their clients to close the connection, so that a stop does not wait for them. */
  readonly isStopping?: () => boolean;
  /** Says no to a request before anything of it is read, or null; see rate-limit.ts. */
  readonly admit?: ((request: Request, server: Bun.Server<unknown> | null) => Response | null) | undefined;
  /** Routes that Bun serves by itself, past this app: bundled HTML pages. They get no request id. */
  readonly nativeRoutes?: Readonly<Record<string, Response | Bun.HTMLBundle>>;
}

/** What the log may say of a failed request: neither query nor body, which may carry secrets. */
export interface FailedRequest {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
}

type Wrapper = Parameters<Elysia["wrap"]>[0];

/**
 * Makes the root of the HTTP side: what holds for every route (CONTRACTS, "Rules for every route") and no
 * routes. Modules are added with `.use(…)`; `.listen(…)` opens the port.
 *
 * A body arrives as parsed JSON, whatever the route's schema; an empty one is null. A route declares `body: Model`
 * to have it validated, or reads `body: unknown` and validates by hand. With `parse: "none"`, and in what is
 * mounted, the body is left alone.
 */
export function createHttpApp(options: HttpAppOptions = {}) {
  requireClassNames();
  const identify = createRequestIdentifier(options.requestIdPrefix ?? randomPrefix());
  const { onResponse, isStopping, logFailure = writeFailure } = options;
  const allowed = new AllowedMethods(() => app.routes);
  const raw = new RawRoutes(() => app.routes);

  const failed = (error: unknown, request: Request): Response => {
    logFailure(error, { requestId: requestIdOf(request), method: request.method, path: pathOf(request.url) });
    return problem("INTERNAL");
  };
  const { admit } = options;
  const admitHere = admit === undefined ? undefined : (request: Request) => admit(request, app.server);
  const stamp = stampAnswers({ admit: admitHere, identify, failed, onResponse, isStopping });
  const bounded = (handle: Parameters<typeof boundBodies>[0]) => stamp(boundBodies(handle));

  const app = new Elysia({
    // Container names such as `api` are shorter than what Elysia takes for the shortest host.
    handler: { standardHostname: false },
    serve: {
      development: false,
      maxRequestBodySize: BUN_BODY_BYTES_MAX,
      // For the whole of a request: Bun does not prolong it while bytes drip in.
      idleTimeout: LIMITS.requestSeconds.value,
      // Two replicas on one port by mistake would each get half of the requests; they should fail to start.
      reusePort: false,
      ...(options.nativeRoutes === undefined ? {} : { routes: options.nativeRoutes }),
      // Nothing is known to come here; if something does, it must not be Bun's own page.
      error: () => problem("INTERNAL"),
    },
  })
    // `wrap` sees every answer at one place, and costs less than Elysia's hooks for the same (onRequest makes it
    // merge headers into each answer, onAfterResponse schedules a callback).
    // The cast says what Elysia's type leaves open: it passes its own `(request) => Response`.
    .wrap(bounded as unknown as Wrapper)
    // Elysia looks for this parser on a route with `parse: "none"` once another one is registered.
    .parser("none", () => null)
    // Elysia reads the source of a hook's first parameter to see what it needs, and misreads it if there is a
    // second one: without this form `route` would be undefined.
    .onParse(({ request, route, contentType }) =>
      raw.includes(request.method, route) ? undefined : readJsonBody(request, contentType ?? ""),
    )
    .onError(({ code, error, request }) => {
      switch (code) {
        case "NOT_FOUND":
          return answerUnrouted(request, allowed);
        case "PARSE":
          return answerUnreadable(error.cause);
        case "VALIDATION":
          return answerInvalid(error, request, failed);
        default:
          return failed(error, request);
      }
    });
  return app;
}

/** 404, or 405 with `Allow` if the path has other methods; OPTIONS lists them (RFC 9110, 9.3.7). No CORS headers. */
function answerUnrouted(request: Request, allowed: AllowedMethods): Response {
  const methods = allowed.of(pathOf(request.url));
  if (methods.length === 0) return problem("ROUTE_NOT_FOUND");
  const allow = methods.join(", ");
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  return problem("METHOD_NOT_ALLOWED", { headers: { allow } });
}

function answerUnreadable(cause: unknown): Response {
  // Anything else is the connection breaking while the body arrives; then nobody reads this answer.
  return cause instanceof BodyRejection ? problem(cause.code, cause.options) : problem("INVALID_JSON");
}

/** A request that does not fit its schema is the caller's mistake; an answer that does not fit is ours. */
function answerInvalid(
  failure: SchemaFailure,
  request: Request,
  failed: (error: unknown, request: Request) => Response,
): Response {
  const errors = fieldErrorsOf(failure, request.url);
  if (failure.type === "response") {
    // Only the names of the fields are logged: the failure itself holds the answer's values.
    const misfits = errors.map(({ path, message }) => `${path} ${message}`);
    return failed(new Error(`an answer does not fit its schema: ${misfits.join(", ")}`), request);
  }
  return validationProblem(errors);
}

function randomPrefix(): string {
  return `${crypto.randomUUID().slice(0, 8)}-`;
}

function writeFailure(error: unknown, { requestId, method, path }: FailedRequest): void {
  console.error(`${method} ${path} failed, request ${requestId}:`, error);
}
