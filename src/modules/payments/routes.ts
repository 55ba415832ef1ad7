import { Elysia, t } from "elysia";
import { parseFrom, parseTo } from "../../domain/timestamp.ts";
import { parseUuid, UUID_BYTES } from "../../domain/uuid.ts";
import type { Intake } from "../../engine/intake.ts";
import type { AdminGuard } from "../../http/admin-guard.ts";
import { type FieldError, problem, validationProblem } from "../../http/errors.ts";
import { executionProblem, RETRY_LATER } from "../../http/execution-problem.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { CommandReply } from "../../store/module.ts";
import type { AccountPaymentAcceptor } from "../account-payments/acceptor.ts";
import type { AccountPaymentQueries } from "../account-payments/queries.ts";
import type { CreatingCalls } from "../idempotency/creating-calls.ts";
import { type AcceptAnswer, type PaymentAcceptor, type PaymentRequest, readPaymentBody } from "./accept.ts";
import type { AcceptPayment, AcceptReply } from "./commands.ts";
import { paymentDocs } from "./docs.ts";
import type { PaymentQueries, PaymentsSummary } from "./queries.ts";
import type { SummarySource } from "./summary-source.ts";

export interface PaymentRoutesParts {
  readonly acceptor: PaymentAcceptor;
  readonly queries: PaymentQueries;
  readonly summaries: SummarySource;
  readonly intake: Intake;
  readonly guard: AdminGuard;
  readonly metrics: Metrics;
  readonly calls: CreatingCalls;
  /** Section D, whose payments have the same paths. */
  readonly accounts: {
    readonly acceptor: Pick<AccountPaymentAcceptor, "accept">;
    readonly queries: Pick<AccountPaymentQueries, "find">;
  };
  /** Why nothing can be stored now, or null. */
  readonly unavailable: () => Response | null;
}

/** How long a read that misses waits for the frames that were acknowledged before it. */
const CATCH_UP_MS = 500;

/** Section A: payments through the processor pair. */
export function paymentRoutes(parts: PaymentRoutesParts) {
  const { intake, guard } = parts;
  const purge = async ({ request, server }: { request: Request; server: Bun.Server<unknown> | null }) => {
    const refused = guard.refuse(request, server);
    if (refused !== null) return refused;
    const execution = await intake.execute("payments.purge", {});
    return executionProblem(execution) ?? new Response(null, { status: 204 });
  };
  return new Elysia({ name: "payments" })
    .post("/payments", ({ request, body }) => answerPost(parts, request, body), {
      detail: paymentDocs.accept,
    })
    .get("/payments/:correlationId", ({ params }) => answerGet(parts, params.correlationId), {
      params: t.Object({ correlationId: t.String() }),
      detail: paymentDocs.get,
    })
    .get("/payments-summary", ({ query }) => answerSummary(parts.summaries, query), {
      query: t.Object({ from: t.Optional(t.String()), to: t.Optional(t.String()) }),
      detail: paymentDocs.summary,
    })
    .post("/payments-purge", purge, { parse: "none", detail: paymentDocs.purge })
    .post("/purge-payments", purge, { parse: "none", detail: paymentDocs.purge })
    .get("/healthcheck", () => Response.json({ message: "service is running" }), {
      detail: paymentDocs.healthcheck,
    });
}

/** CONTRACTS, section D: the two kinds of payments are told apart by their bodies. */
function kindOf(body: unknown): "processor" | "account" | "unclear" {
  if (typeof body !== "object" || body === null) return "processor";
  // Any object: what is not there is undefined; null is as good as not there.
  const { correlationId, userId } = body as { correlationId?: unknown; userId?: unknown };
  if (userId === undefined || userId === null) return "processor";
  return correlationId === undefined || correlationId === null ? "account" : "unclear";
}

function answerPost(
  parts: PaymentRoutesParts,
  request: Request,
  body: unknown,
): Response | Promise<Response> {
  const startedAt = performance.now();
  const kind = kindOf(body);
  if (kind === "account") return parts.accounts.acceptor.accept(request, body);
  if (kind === "unclear") return problem("PAYMENT_KIND_UNCLEAR");
  const read = readPaymentBody(body);
  if (read.kind === "invalid") return validationProblem(read.errors);
  if (parts.calls.hasKey(request)) {
    const input: AcceptPayment = { ...read.payment, acceptedAtMs: Date.now() };
    const answer = (reply: CommandReply) => answerKeyed(parts, reply, startedAt);
    return parts.calls.run({ request, body, command: "payments.accept", input, answer });
  }
  const unavailable = parts.unavailable();
  if (unavailable !== null) return unavailable;
  const { payment } = read;
  const answer = parts.acceptor.accept(payment, Date.now());
  if (!(answer instanceof Promise)) return answerAccepted(parts, payment, answer, startedAt);
  return answer.then((committed) => answerAccepted(parts, payment, committed, startedAt));
}

function answerKeyed(parts: PaymentRoutesParts, reply: CommandReply, startedAt: number): Response {
  const { correlationId, ...answer } = reply as AcceptReply; // commands.ts of this module made it
  return answerAccepted(parts, { correlationId }, answer, startedAt);
}

function answerAccepted(
  { metrics }: PaymentRoutesParts,
  { correlationId }: Pick<PaymentRequest, "correlationId">,
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

async function answerGet({ queries, intake, accounts }: PaymentRoutesParts, text: string): Promise<Response> {
  const id = new Uint8Array(UUID_BYTES);
  if (!parseUuid(text, id, 0)) {
    return validationProblem([{ path: "correlationId", message: "must be a UUID" }]);
  }
  const correlationId = text.toLowerCase();
  const find = () => queries.view(id, correlationId) ?? accounts.queries.find(id);
  let view = find();
  if (view === null) {
    await intake.caughtUp(CATCH_UP_MS);
    view = find();
  }
  return view === null ? problem("PAYMENT_NOT_FOUND") : Response.json(view);
}

/** At once where the database answers: nobody has to keep the request then (http/answer-stamp.ts). */
function answerSummary(
  summaries: SummarySource,
  { from, to }: { from?: string | undefined; to?: string | undefined },
): Response | Promise<Response> {
  const errors: FieldError[] = [];
  const message = "must be an ISO 8601 date-time such as 2025-07-15T12:34:56.000Z";
  const fromMs = from === undefined || from === "" ? Number.NEGATIVE_INFINITY : parseFrom(from);
  const toMs = to === undefined || to === "" ? Number.POSITIVE_INFINITY : parseTo(to);
  if (fromMs === null) errors.push({ path: "from", message });
  if (toMs === null) errors.push({ path: "to", message });
  if (fromMs === null || toMs === null) return validationProblem(errors);
  const summary = summaries.summary(fromMs, toMs);
  const answer = (sums: PaymentsSummary) => Response.json(sums);
  return summary instanceof Promise ? summary.then(answer) : answer(summary);
}

const JSON_HEADERS = { "content-type": "application/json" };

function json(status: number, body: string): Response {
  return new Response(body, { status, headers: JSON_HEADERS });
}
