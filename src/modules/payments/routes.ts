import { Elysia, t } from "elysia";
import { parseFrom, parseTo } from "../../domain/timestamp.ts";
import { parseUuid, UUID_BYTES } from "../../domain/uuid.ts";
import type { Intake } from "../../engine/intake.ts";
import type { AdminGuard } from "../../http/admin-guard.ts";
import { type FieldError, problem, validationProblem } from "../../http/errors.ts";
import { executionProblem, RETRY_LATER } from "../../http/execution-problem.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import { type AcceptAnswer, type PaymentAcceptor, type PaymentRequest, readPaymentBody } from "./accept.ts";
import { paymentDocs } from "./docs.ts";
import type { PaymentQueries } from "./queries.ts";

export interface PaymentRoutesParts {
  readonly acceptor: PaymentAcceptor;
  readonly queries: PaymentQueries;
  readonly intake: Intake;
  readonly guard: AdminGuard;
  readonly metrics: Metrics;
  /** Why nothing can be stored now, or null. */
  readonly unavailable: () => Response | null;
}

/** How long a read that misses waits for the frames that were acknowledged before it. */
const CATCH_UP_MS = 500;

/** Section A: payments through the processor pair. */
export function paymentRoutes(parts: PaymentRoutesParts) {
  const { queries, intake, guard } = parts;
  const purge = async ({ request, server }: { request: Request; server: Bun.Server<unknown> | null }) => {
    const refused = guard.refuse(request, server);
    if (refused !== null) return refused;
    const execution = await intake.execute("payments.purge", {});
    return executionProblem(execution) ?? new Response(null, { status: 204 });
  };
  return new Elysia({ name: "payments" })
    .post("/payments", ({ body }) => answerPost(parts, body), { detail: paymentDocs.accept })
    .get("/payments/:correlationId", ({ params }) => answerGet(parts, params.correlationId), {
      params: t.Object({ correlationId: t.String() }),
      detail: paymentDocs.get,
    })
    .get("/payments-summary", ({ query }) => answerSummary(queries, query), {
      query: t.Object({ from: t.Optional(t.String()), to: t.Optional(t.String()) }),
      detail: paymentDocs.summary,
    })
    .post("/payments-purge", purge, { parse: "none", detail: paymentDocs.purge })
    .post("/purge-payments", purge, { parse: "none", detail: paymentDocs.purge })
    .get("/healthcheck", () => Response.json({ message: "service is running" }), {
      detail: paymentDocs.healthcheck,
    });
}

function answerPost(parts: PaymentRoutesParts, body: unknown): Response | Promise<Response> {
  const startedAt = performance.now();
  const read = readPaymentBody(body);
  if (read.kind === "invalid") return validationProblem(read.errors);
  const unavailable = parts.unavailable();
  if (unavailable !== null) return unavailable;
  const { payment } = read;
  const answer = parts.acceptor.accept(payment, Date.now());
  if (!(answer instanceof Promise)) return answerAccepted(parts, payment, answer, startedAt);
  return answer.then((committed) => answerAccepted(parts, payment, committed, startedAt));
}

function answerAccepted(
  { metrics }: PaymentRoutesParts,
  { correlationId }: PaymentRequest,
  answer: AcceptAnswer,
  startedAt: number,
): Response {
  switch (answer.kind) {
    case "accepted":
      metrics.observe("accept_seconds", (performance.now() - startedAt) / 1000);
      return json(202, `{"correlationId":"${correlationId}","status":"pending"}`);
    case "repeated":
      return json(200, `{"correlationId":"${correlationId}","status":"${answer.status}"}`);
    case "conflict":
      return problem("PAYMENT_CONFLICT");
    case "busy":
      return problem("QUEUE_FULL", { headers: RETRY_LATER });
    case "late":
      return problem("OUTCOME_TIMEOUT", { headers: RETRY_LATER });
    case "bug":
      return problem("INTERNAL");
  }
}

async function answerGet({ queries, intake }: PaymentRoutesParts, text: string): Promise<Response> {
  const id = new Uint8Array(UUID_BYTES);
  if (!parseUuid(text, id, 0)) {
    return validationProblem([{ path: "correlationId", message: "must be a UUID" }]);
  }
  const correlationId = text.toLowerCase();
  let view = queries.view(id, correlationId);
  if (view === null) {
    await intake.caughtUp(CATCH_UP_MS);
    view = queries.view(id, correlationId);
  }
  return view === null ? problem("PAYMENT_NOT_FOUND") : Response.json(view);
}

function answerSummary(
  queries: PaymentQueries,
  { from, to }: { from?: string | undefined; to?: string | undefined },
): Response {
  const errors: FieldError[] = [];
  const message = "must be an ISO 8601 date-time such as 2025-07-15T12:34:56.000Z";
  const fromMs = from === undefined || from === "" ? Number.NEGATIVE_INFINITY : parseFrom(from);
  const toMs = to === undefined || to === "" ? Number.POSITIVE_INFINITY : parseTo(to);
  if (fromMs === null) errors.push({ path: "from", message });
  if (toMs === null) errors.push({ path: "to", message });
  if (fromMs === null || toMs === null) return validationProblem(errors);
  return Response.json(queries.summary(fromMs, toMs));
}

const JSON_HEADERS = { "content-type": "application/json" };

function json(status: number, body: string): Response {
  return new Response(body, { status, headers: JSON_HEADERS });
}
