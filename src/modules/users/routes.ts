import { Elysia, t } from "elysia";
import { toAmount } from "../../domain/money.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { type FieldError, problem, validationProblem } from "../../http/errors.ts";
import { pageAnswer, parseWhole, readLimit, readPage } from "../../http/paging.ts";
import type { CommandReply } from "../../store/module.ts";
import type { CreatingCalls } from "../idempotency/creating-calls.ts";
import type { LedgerEntryView } from "../ledger/queries.ts";
import type { UserReply } from "./commands.ts";
import { userDocs } from "./docs.ts";
import { readNewUser, readPayment } from "./model.ts";
import type { UserQueries } from "./queries.ts";

export interface UserRoutesParts {
  readonly calls: CreatingCalls;
  readonly queries: UserQueries;
  /** Whether this replica can do its work, and its database answers. */
  readonly health: () => { readonly ok: boolean; readonly database: boolean };
}

/** What the routes that create something need of a request. */
interface Post {
  readonly request: Request;
  readonly body: unknown;
}

const PAGE = t.Object({ limit: t.Optional(t.String()), cursor: t.Optional(t.String()) });
const OFFSET = t.Object({ limit: t.Optional(t.String()), offset: t.Optional(t.String()) });
const ID = t.Object({ id: t.String() });

/** Section C: users, deposits and withdrawals with a fee. */
export function userRoutes(parts: UserRoutesParts) {
  const { queries, calls } = parts;
  return new Elysia({ name: "users", prefix: "/api/v1" })
    .post("/users", ({ request, body }) => createUser(calls, { request, body }), { detail: userDocs.create })
    .get("/users/:id", ({ params }) => answerUser(queries, params.id), { params: ID, detail: userDocs.get })
    .get("/users/:id/transactions", ({ params, query }) => answerEntries(queries, params.id, query), {
      params: ID,
      query: PAGE,
      detail: userDocs.transactions,
    })
    .post("/payments/deposit", ({ request, body }) => pay(calls, "deposit", { request, body }), {
      detail: userDocs.deposit,
    })
    .post("/payments/withdraw", ({ request, body }) => pay(calls, "withdraw", { request, body }), {
      detail: userDocs.withdraw,
    })
    .get("/payments/:id", ({ params }) => answerPayment(queries, params.id), {
      params: ID,
      detail: userDocs.payment,
    })
    .get("/dlq", ({ query }) => answerDeadLetters(queries, query), { query: OFFSET, detail: userDocs.dlq })
    .get("/health", () => answerHealth(parts), { detail: userDocs.health })
    .get("/metrics", () => Response.json(queries.counters()), { detail: userDocs.metrics });
}

function createUser(calls: CreatingCalls, { request, body }: Post): Response | Promise<Response> {
  const read = readNewUser(body);
  if (read.kind === "invalid") return validationProblem(read.errors);
  const input = { ...read.value, uuid: Bun.randomUUIDv7() };
  return calls.run({ request, body, command: "users.create", input, answer: answerCreated });
}

/** A deposit or withdrawal; they differ in the names of their fields only. */
function pay(
  calls: CreatingCalls,
  type: "deposit" | "withdraw",
  { request, body }: Post,
): Response | Promise<Response> {
  const read = readPayment(body, type === "deposit" ? "deposit" : "amount");
  if (read.kind === "invalid") return validationProblem(read.errors);
  const input = { ...read.value, uuid: Bun.randomUUIDv7() };
  const answer = (reply: CommandReply) => answerPaid(type, reply);
  return calls.run({ request, body, command: `users.${type}`, input, answer });
}

function answerCreated(reply: CommandReply): Response {
  const created = reply as UserReply; // commands.ts of this module made it
  if (created.kind !== "created") return problem("BALANCE_LIMIT");
  return Response.json({ id: created.userId, balance: toAmount(created.balanceCents) });
}

function answerPaid(type: "deposit" | "withdraw", reply: CommandReply): Response {
  const paid = reply as UserReply; // commands.ts of this module made it
  switch (paid.kind) {
    case "accepted": {
      const amount = toAmount(paid.amountCents);
      return Response.json({
        payment_id: paid.paymentId,
        user_id: paid.userId,
        status: "processing",
        deposit: type === "deposit" ? amount : null,
        withdraw: type === "withdraw" ? amount : null,
      });
    }
    case "insufficient_funds": {
      const detail =
        `The withdrawal needs ${toAmount(paid.neededCents)} with its fee, which is more than what is available; ` +
        `it is stored as failed under payment_id ${paid.paymentId}. Deposit first, or ask for less.`;
      return problem("INSUFFICIENT_FUNDS", { detail });
    }
    case "unknown_user":
      return problem("USER_NOT_FOUND");
    case "balance_limit":
      return problem("BALANCE_LIMIT");
    case "created":
      throw new Error("a payment cannot create a user");
  }
}

function answerUser(queries: UserQueries, text: string): Response {
  const id = parseWhole(text);
  if (id === null) return notAnId("id");
  const user = queries.user(id);
  return user === null ? problem("USER_NOT_FOUND") : Response.json(user);
}

function answerEntries(
  queries: UserQueries,
  text: string,
  query: { limit?: string | undefined; cursor?: string | undefined },
): Response {
  const id = parseWhole(text);
  if (id === null) return notAnId("id");
  const page = readPage(query, parseWhole);
  if (page.kind === "invalid") return validationProblem(page.errors);
  const entries = queries.entries(id, page.after ?? Number.MAX_SAFE_INTEGER, page.limit);
  if (entries === null) return problem("USER_NOT_FOUND");
  return pageAnswer(entries, page.limit, ({ seq }) => seq, viewOfEntry);
}

function viewOfEntry(entry: LedgerEntryView) {
  return {
    transaction_id: entry.transferId,
    type: entry.kind,
    payment_id: entry.reference,
    amount: toAmount(entry.cents),
    balance_after: toAmount(entry.balanceAfterCents),
    created_at: formatTimestamp(entry.atMs),
  };
}

function answerPayment(queries: UserQueries, text: string): Response {
  const id = parseWhole(text);
  if (id === null) return notAnId("payment_id");
  const payment = queries.payment(id);
  return payment === null ? problem("PAYMENT_NOT_FOUND") : Response.json(payment);
}

function answerDeadLetters(
  queries: UserQueries,
  query: { limit?: string | undefined; offset?: string | undefined },
): Response {
  const errors: FieldError[] = [];
  const limit = readLimit(query.limit, errors);
  const offset = query.offset === undefined || query.offset === "" ? 0 : parseWhole(query.offset);
  if (offset === null) errors.push({ path: "offset", message: "must be a whole number of 0 or more" });
  if (offset === null || errors.length > 0) return validationProblem(errors);
  return Response.json(queries.deadLetters(limit, offset));
}

function answerHealth({ health }: UserRoutesParts): Response {
  const { ok, database } = health();
  return Response.json({ status: ok ? "ok" : "degraded", database: database ? "ok" : "unavailable" });
}

function notAnId(path: string): Response {
  return validationProblem([{ path, message: "must be a whole number" }]);
}
