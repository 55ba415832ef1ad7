import { Elysia, t } from "elysia";
import { toAmount } from "../../domain/money.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { canonicalUuid } from "../../domain/uuid.ts";
import { type FieldError, problem, validationProblem } from "../../http/errors.ts";
import { parseWhole } from "../../http/paging.ts";
import { consoleDocs } from "./docs.ts";
import type { OverviewRecorder } from "./overview.ts";
import { OverviewTails } from "./overview-tails.ts";
import { searchPayments } from "./payment-search.ts";
import { type FoundPayment, type PaymentSource, SOURCE_NAMES, type SourceName } from "./payment-source.ts";
import { formatPosition, readSearch, type SearchQuery } from "./search-query.ts";

export interface ConsoleApiParts {
  readonly overview: OverviewRecorder;
  readonly sources: readonly PaymentSource[];
  readonly state: (nowMs: number) => object;
}

const POINTS_DEFAULT = 300;
/** Shorter than the pause between two questions of one console. */
const STATE_SHARED_MS = 400;
const TEXT = t.Optional(t.String());
const SEARCH = t.Object({
  limit: TEXT,
  cursor: TEXT,
  source: TEXT,
  id: TEXT,
  state: TEXT,
  processor: TEXT,
  error: TEXT,
  minAmount: TEXT,
  maxAmount: TEXT,
  from: TEXT,
  to: TEXT,
});

/** What the web console reads. */
export function consoleApiRoutes({ overview, sources, state }: ConsoleApiParts) {
  // Every console asks for the same once per second: the answer is made once, however many there are.
  const stateText = sharedFor(STATE_SHARED_MS, () => JSON.stringify(state(Date.now())));
  const tails = new OverviewTails(overview);
  return new Elysia({ name: "console-api", prefix: "/api/console" })
    .get("/overview", ({ query }) => answerOverview(overview, tails, query), {
      query: t.Object({ resolution: TEXT, points: TEXT }),
      detail: consoleDocs.overview,
    })
    .get("/state", () => sendJson(stateText()), { detail: consoleDocs.state })
    .get("/payments", ({ query }) => answerSearch(sources, query), {
      query: SEARCH,
      detail: consoleDocs.search,
    })
    .get("/payments/:source/:id", ({ params }) => answerPayment(sources, params.source, params.id), {
      params: t.Object({ source: t.String(), id: t.String() }),
      detail: consoleDocs.payment,
    });
}

/** The text for a while; made anew when somebody asks after that. */
function sharedFor(durationMs: number, make: () => string): () => string {
  let text = "";
  let madeAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - madeAtMs >= durationMs) {
      text = make();
      madeAtMs = now;
    }
    return text;
  };
}

function sendJson(text: string): Response {
  return new Response(text, { headers: { "content-type": "application/json" } });
}

function answerOverview(
  overview: OverviewRecorder,
  tails: OverviewTails,
  query: { resolution?: string | undefined; points?: string | undefined },
): Response {
  const { resolution = "second", points: pointsText } = query;
  const errors: FieldError[] = [];
  const isSecond = resolution === "second" || resolution === "";
  if (!isSecond && resolution !== "minute") {
    errors.push({ path: "resolution", message: "must be second or minute" });
  }
  const { capacity } = isSecond ? overview.seconds : overview.minutes;
  const points = pointsText === undefined || pointsText === "" ? POINTS_DEFAULT : parseWhole(pointsText);
  if (points === null || points < 1 || points > capacity) {
    errors.push({ path: "points", message: `must be a whole number from 1 to ${capacity}` });
  }
  if (errors.length > 0 || points === null) return validationProblem(errors);
  const kind = isSecond ? "second" : "minute";
  return sendJson(tails.read(kind, points));
}

function answerSearch(sources: readonly PaymentSource[], query: SearchQuery): Response {
  const read = readSearch(query, sources);
  if (read.kind === "invalid") return validationProblem(read.errors);
  const { id, filter, limit, after, sources: chosen } = read.value;
  if (id !== null) {
    const items = chosen.flatMap((source) =>
      source.byId(filter, id, limit).map((payment) => viewOf(source.name, payment)),
    );
    items.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
    return Response.json({ items: items.slice(0, limit), next: null, searchedTo: null });
  }
  const { items, next, searchedToMs } = searchPayments(chosen, filter, after, limit);
  return Response.json({
    items: items.map(({ source, payment }) => viewOf(source, payment)),
    next: next === null ? null : formatPosition(next),
    searchedTo: searchedToMs === null ? null : formatTimestamp(searchedToMs),
  });
}

function answerPayment(sources: readonly PaymentSource[], sourceText: string, idText: string): Response {
  const source = sources.find(({ name }) => name === sourceText);
  if (source === undefined) {
    return validationProblem([{ path: "source", message: `must be one of ${SOURCE_NAMES.join(", ")}` }]);
  }
  const id = /^\d{1,16}$/.test(idText) ? idText : canonicalUuid(idText);
  if (id === null) return validationProblem([{ path: "id", message: "must be the id of a payment" }]);
  const detail = source.detail(id);
  if (detail === null) return problem("PAYMENT_NOT_FOUND");
  const { payment, facts, timeline, nextAttempt } = detail;
  return Response.json({
    ...viewOf(source.name, payment),
    facts,
    timeline,
    nextAttempt: nextAttempt && { at: formatTimestamp(nextAttempt.atMs), replica: nextAttempt.replica },
  });
}

function viewOf(source: SourceName, payment: FoundPayment) {
  return {
    source,
    id: payment.id,
    amount: toAmount(payment.amountCents),
    status: payment.status,
    outcome: payment.outcome,
    createdAt: formatTimestamp(payment.createdAtMs),
    endedAt: payment.endedAtMs === null ? null : formatTimestamp(payment.endedAtMs),
    attempts: payment.attempts,
    processor: payment.processor,
    lastError: payment.lastError,
    subject: payment.subject,
  };
}
