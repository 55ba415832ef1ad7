import { Elysia, t } from "elysia";
import type { Intake } from "../../engine/intake.ts";
import type { AdminGuard } from "../../http/admin-guard.ts";
import { readBodyText } from "../../http/bounded-body.ts";
import { problem, validationProblem } from "../../http/errors.ts";
import { executionProblem } from "../../http/execution-problem.ts";
import { parseWhole, readPage } from "../../http/paging.ts";
import { fieldsOf, type ReadResult } from "../../http/read-result.ts";
import { requestIdOf } from "../../http/request-id.ts";
import type { CreatingCalls } from "../idempotency/creating-calls.ts";
import type { DeadLetterReply, ManyLetters } from "./commands.ts";
import { deadLetterDocs } from "./docs.ts";
import { jobDocs } from "./job-docs.ts";
import { formatCursor, parseCursor, readBulkRequest, readFilter, readJobsPage } from "./model.ts";
import type { DeadLetterQueries } from "./queries.ts";
import type { JobAction } from "./table.ts";

export interface DeadLetterRoutesParts {
  readonly queries: DeadLetterQueries;
  readonly intake: Pick<Intake, "execute">;
  readonly calls: CreatingCalls;
  readonly guard: AdminGuard;
  /** Why nothing can be stored now, or null. */
  readonly unavailable: () => Response | null;
  /**
   * Reads what the body of a requeue brings along for a source and makes it fit to be stored: a card is sealed.
   * @param subject the id of what is dead
   */
  readonly readExtra: (
    source: string,
    subject: string,
    body: Readonly<Record<string, unknown>>,
  ) => ReadResult<unknown>;
}

type Server = Bun.Server<unknown> | null;

const ID = t.Object({ id: t.String() });
const QUERY = t.Object({
  source: t.Optional(t.String()),
  code: t.Optional(t.String()),
  from: t.Optional(t.String()),
  to: t.Optional(t.String()),
  limit: t.Optional(t.String()),
  cursor: t.Optional(t.String()),
});

const JOBS_QUERY = t.Object({
  status: t.Optional(t.String()),
  limit: t.Optional(t.String()),
  cursor: t.Optional(t.String()),
});

/** The dead letters of every section in one list. Whatever changes something is an administrator's call. */
export function deadLetterRoutes(parts: DeadLetterRoutesParts) {
  const { queries, guard } = parts;
  const refuse = (request: Request, server: Server) => guard.refuse(request, server) ?? parts.unavailable();
  return new Elysia({ name: "dead-letters" })
    .get("/dlq", ({ query }) => answerList(queries, query), { query: QUERY, detail: deadLetterDocs.list })
    .get("/dlq/jobs", ({ query }) => answerJobs(queries, query), {
      query: JOBS_QUERY,
      detail: jobDocs.list,
    })
    .get("/dlq/:id", ({ params }) => answerOne(queries, params.id), {
      params: ID,
      detail: deadLetterDocs.get,
    })
    .post(
      "/dlq/:id/requeue",
      ({ params, request, server }) =>
        refuse(request, server) ?? requeue(parts, params.id, request, whoOf(guard, request, server)),
      { params: ID, parse: "none", detail: deadLetterDocs.requeue },
    )
    .delete(
      "/dlq/:id",
      ({ params, request, server }) =>
        refuse(request, server) ?? remove(parts, params.id, whoOf(guard, request, server)),
      { params: ID, parse: "none", detail: deadLetterDocs.remove },
    )
    .use(jobRoutes(parts, "requeue"))
    .use(jobRoutes(parts, "discard"));
}

/** What is done with all letters that match: a job in the background, which can be watched and stopped. */
function jobRoutes(parts: DeadLetterRoutesParts, action: JobAction) {
  const { guard } = parts;
  const docs = jobDocs[action];
  const refuse = (request: Request, server: Server) => guard.refuse(request, server) ?? parts.unavailable();
  return new Elysia({ name: `dead-letters ${action}`, prefix: `/dlq/${action}` })
    .post(
      "",
      ({ body, request, server }) =>
        refuse(request, server) ?? startJob(parts, action, request, body, whoOf(guard, request, server)),
      { detail: docs.start },
    )
    .get("/:id", ({ params }) => answerJob(parts, action, params.id), { params: ID, detail: docs.job })
    .post(
      "/:id/cancel",
      ({ params, request, server }) =>
        refuse(request, server) ?? cancel(parts, action, params.id, whoOf(guard, request, server)),
      { params: ID, parse: "none", detail: docs.cancel },
    );
}

/** Who makes an administrator's call, for the audit log: how it was allowed, from where, in which request. */
function whoOf(guard: AdminGuard, request: Request, server: Server): string {
  const decision = guard.decideFor(request, server);
  const how = decision.allowed ? decision.who : "refused";
  const address = server?.requestIP(request)?.address;
  return `${how}${address === undefined ? "" : ` ${address}`} ${requestIdOf(request)}`;
}

function answerList(
  queries: DeadLetterQueries,
  query: Readonly<Record<string, string | undefined>>,
): Response {
  const filter = readFilter(query, "");
  if (filter.kind === "invalid") return validationProblem(filter.errors);
  const { limit, cursor } = query;
  const page = readPage({ limit, cursor }, parseCursor);
  if (page.kind === "invalid") return validationProblem(page.errors);
  const { items, last } = queries.list(filter.value, page.limit, page.after);
  const next = items.length < page.limit || last === null ? null : formatCursor(last);
  return Response.json({ items, next });
}

function answerOne(queries: DeadLetterQueries, text: string): Response {
  const id = parseWhole(text);
  const letter = id === null ? null : queries.find(id);
  return letter === null ? problem("DEAD_LETTER_NOT_FOUND") : Response.json(letter);
}

async function requeue(
  parts: DeadLetterRoutesParts,
  text: string,
  request: Request,
  who: string,
): Promise<Response> {
  const id = parseWhole(text);
  const letter = id === null ? null : parts.queries.find(id);
  if (id === null || letter === null) return problem("DEAD_LETTER_NOT_FOUND");
  const body = await readOptionalBody(request);
  if (body === null) return problem("INVALID_JSON");
  const extra = parts.readExtra(letter.source, letter.subject, body);
  if (extra.kind === "invalid") return validationProblem(extra.errors);
  return run(parts, "deadLetters.requeue", { id, who, extra: extra.value }, (reply) => {
    switch (reply.kind) {
      case "requeued":
        return Response.json(
          { id, source: letter.source, subject: letter.subject, status: "requeued" },
          { status: 202 },
        );
      case "refused":
        return problem("DEAD_LETTER_NOT_REQUEUABLE", { detail: reply.reason });
      default:
        return problem("DEAD_LETTER_NOT_FOUND");
    }
  });
}

/** Most letters need no body at all. Null: there is one, and it is no JSON object. */
async function readOptionalBody(request: Request): Promise<Readonly<Record<string, unknown>> | null> {
  const text = await readBodyText(request);
  if (text.trim() === "") return {};
  if (text.length > BODY_LENGTH_MAX) return null;
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return null;
  }
}

/** A card and nothing else. */
const BODY_LENGTH_MAX = 4096;

async function remove(parts: DeadLetterRoutesParts, text: string, who: string): Promise<Response> {
  const id = parseWhole(text);
  if (id === null) return problem("DEAD_LETTER_NOT_FOUND");
  return run(parts, "deadLetters.delete", { id, who }, ({ kind }) =>
    kind === "deleted" ? new Response(null, { status: 204 }) : problem("DEAD_LETTER_NOT_FOUND"),
  );
}

function startJob(
  { queries, calls }: DeadLetterRoutesParts,
  action: JobAction,
  request: Request,
  body: unknown,
  who: string,
): Response | Promise<Response> {
  const read = readBulkRequest(body);
  if (read.kind === "invalid") return validationProblem(read.errors);
  const { filter, dryRun, perSecond } = read.value;
  if (dryRun) {
    const bySource = queries.count(filter);
    const matched = Object.values(bySource).reduce((sum, count) => sum + count, 0);
    return Response.json({ dryRun: true, matched, bySource });
  }
  return calls.run({
    request,
    body,
    command: "deadLetters.startJob",
    input: { action, filter, perSecond, who } satisfies ManyLetters,
    answer: (reply) =>
      Response.json({ id: reply["jobId"], status: "running", matched: reply["matched"] }, { status: 202 }),
  });
}

function answerJob({ queries }: DeadLetterRoutesParts, action: JobAction, text: string): Response {
  const id = parseWhole(text);
  const job = id === null ? null : queries.job(action, id);
  return job === null ? problem("REQUEUE_JOB_NOT_FOUND") : Response.json(job);
}

function answerJobs(
  queries: DeadLetterQueries,
  query: Readonly<Record<string, string | undefined>>,
): Response {
  const read = readJobsPage(query);
  if (read.kind === "invalid") return validationProblem(read.errors);
  const { status, limit, after } = read.value;
  const items = queries.jobs(status, limit, after);
  const next = items.length < limit ? null : String(items.at(-1)?.id);
  return Response.json({ items, next });
}

async function cancel(
  parts: DeadLetterRoutesParts,
  action: JobAction,
  text: string,
  who: string,
): Promise<Response> {
  const id = parseWhole(text);
  if (id === null) return problem("REQUEUE_JOB_NOT_FOUND");
  return run(parts, "deadLetters.cancelJob", { action, id, who }, ({ kind }) =>
    kind === "cancelled" ? answerJob(parts, action, text) : problem("REQUEUE_JOB_NOT_FOUND"),
  );
}

async function run(
  { intake }: DeadLetterRoutesParts,
  command: string,
  input: unknown,
  answer: (reply: DeadLetterReply) => Response,
): Promise<Response> {
  const execution = await intake.execute(command, input);
  const failed = executionProblem(execution);
  if (failed !== null || execution.kind !== "done") return failed ?? problem("INTERNAL");
  // commands.ts of this module made it; a bug's reply is gone by now.
  return answer(execution.reply as DeadLetterReply);
}
