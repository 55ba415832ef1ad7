import { Elysia, t } from "elysia";
import type { LedgerRefusal } from "../../domain/ledger.ts";
import { toAmount } from "../../domain/money.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { parseUuid, UUID_BYTES } from "../../domain/uuid.ts";
import { problem, validationProblem } from "../../http/errors.ts";
import { RETRY_LATER } from "../../http/execution-problem.ts";
import { type PageQuery, pageAnswer, readPage } from "../../http/paging.ts";
import type { CommandReply } from "../../store/module.ts";
import type { CreatingCalls } from "../idempotency/creating-calls.ts";
import type { WalletReply } from "./commands.ts";
import { walletDocs } from "./docs.ts";
import { type OperationRequest, readNewWallet, readOperationBody, readSync } from "./model.ts";
import type { WalletOperator } from "./operator.ts";
import type { WalletOperationView, WalletQueries } from "./queries.ts";

export interface WalletRoutesParts {
  readonly calls: CreatingCalls;
  readonly operator: WalletOperator;
  readonly queries: WalletQueries;
  /** Why nothing can be stored now, or null. */
  readonly unavailable: () => Response | null;
  /** Whether a frame in the intake log is as good as committed (DURABILITY=process). */
  readonly isFrameDurable: boolean;
}

interface OperationCall {
  readonly request: Request;
  readonly body: unknown;
  readonly uuidText: string;
}

const UUID = t.Object({ uuid: t.String() });
const UUID_AND_ID = t.Object({ uuid: t.String(), id: t.String() });
const PAGE = t.Object({ limit: t.Optional(t.String()), cursor: t.Optional(t.String()) });

/** Section E: wallets. */
export function walletRoutes(parts: WalletRoutesParts) {
  return new Elysia({ name: "wallets", prefix: "/api/v1/wallets" })
    .post("/", ({ request, body }) => createWallet(parts.calls, request, body), { detail: walletDocs.create })
    .get("/:uuid", ({ params }) => answerWallet(parts, params.uuid), {
      params: UUID,
      detail: walletDocs.get,
    })
    .post(
      "/:uuid/operation",
      // Without schemas: thousands of these come per second, and each schema costs microseconds.
      ({ request, body, params }) => operate(parts, { request, body, uuidText: params.uuid }),
      { detail: walletDocs.operate },
    )
    .get("/:uuid/operations", ({ params, query }) => answerOperations(parts, params.uuid, query), {
      params: UUID,
      query: PAGE,
      detail: walletDocs.operations,
    })
    .get("/:uuid/operations/:id", ({ params }) => answerOperation(parts, params.uuid, params.id), {
      params: UUID_AND_ID,
      detail: walletDocs.operation,
    });
}

function createWallet(calls: CreatingCalls, request: Request, body: unknown): Response | Promise<Response> {
  const read = readNewWallet(body);
  if (read.kind === "invalid") return validationProblem(read.errors);
  const input = { ...read.value, uuid: crypto.randomUUID(), transferId: Bun.randomUUIDv7() };
  return calls.run({ request, body, command: "wallets.create", input, answer: answerReply });
}

function operate(parts: WalletRoutesParts, call: OperationCall): Response | Promise<Response> {
  const sync = readSync(call.request.url);
  if (sync === null) return validationProblem([{ path: "sync", message: "must be true or false" }]);
  const read = readOperationBody(call.body);
  if (read.kind === "invalid") return validationProblem(read.errors);
  const { calls, queries, isFrameDurable } = parts;
  const isQuick = !sync && isFrameDurable && !calls.hasKey(call.request);
  const known = isQuick ? queries.knownAccount(call.uuidText) : undefined;
  if (known !== undefined) return queueOperation(parts, known, read.value);
  const wallet = readUuid(call.uuidText);
  if (wallet === null) return notAUuid("uuid");
  if (isQuick) {
    const accountId = queries.accountOf(wallet.text, wallet.bytes);
    if (accountId !== null) return queueOperation(parts, accountId, read.value);
    // Unknown here: the store decides, behind a wallet that may just be in the intake log.
  }
  const { request, body } = call;
  const input = { walletUuid: wallet.text, operationId: Bun.randomUUIDv7(), ...read.value, sync };
  return calls.run({ request, body, command: "wallets.operate", input, answer: answerReply });
}

function queueOperation(
  { operator, unavailable }: WalletRoutesParts,
  accountId: number,
  operation: OperationRequest,
): Response {
  const refused = unavailable();
  if (refused !== null) return refused;
  const id = operator.queue(accountId, operation, Date.now());
  return id === null ? problem("QUEUE_FULL", { headers: RETRY_LATER }) : answerQueued(id);
}

const QUEUED = '{"status":"queued","detail":"Operation is queued for async processing","operation_id":"';
const JSON_OK = { headers: { "content-type": "application/json" } };

function answerQueued(operationId: string): Response {
  return new Response(`${QUEUED}${operationId}"}`, JSON_OK);
}

function answerReply(reply: CommandReply): Response {
  const known = reply as WalletReply; // commands.ts of this module made it
  switch (known.kind) {
    case "created":
      return Response.json({ wallet_uuid: known.uuid, balance: toAmount(known.balanceCents) });
    case "balance_limit":
      return problem("BALANCE_LIMIT");
    case "unknown_wallet":
      return problem("WALLET_NOT_FOUND");
    case "operated": {
      const { walletUuid, operationId, sync, outcome } = known;
      if (!sync) return answerQueued(operationId);
      if (outcome.kind === "rejected") return rejected(outcome.reason, operationId);
      const balance = toAmount(outcome.balanceCents);
      return Response.json({ wallet_uuid: walletUuid, balance, operation_id: operationId });
    }
  }
}

function rejected(reason: LedgerRefusal, operationId: string): Response {
  if (reason === "balance_limit") return problem("BALANCE_LIMIT");
  const detail = `The wallet has less than that; operation_id ${operationId} is rejected. Deposit first, or ask for less.`;
  return problem("INSUFFICIENT_FUNDS", { detail });
}

async function answerWallet(parts: WalletRoutesParts, uuidText: string): Promise<Response> {
  const wallet = readUuid(uuidText);
  if (wallet === null) return notAUuid("uuid");
  const accountId = await findAccount(parts, wallet);
  if (accountId === null) return problem("WALLET_NOT_FOUND");
  await parts.operator.settled(accountId);
  const balance = toAmount(parts.queries.balanceCents(accountId));
  return Response.json({ wallet_uuid: wallet.text, balance });
}

async function answerOperations(
  parts: WalletRoutesParts,
  uuidText: string,
  query: PageQuery,
): Promise<Response> {
  const wallet = readUuid(uuidText);
  if (wallet === null) return notAUuid("uuid");
  const page = readPage(query, (text) => readUuid(text)?.bytes ?? null);
  if (page.kind === "invalid") return validationProblem(page.errors);
  const accountId = await findAccount(parts, wallet);
  if (accountId === null) return problem("WALLET_NOT_FOUND");
  await parts.operator.settled(accountId);
  const operations = parts.queries.operations(accountId, page.after, page.limit);
  return pageAnswer(
    operations,
    page.limit,
    (operation) => operation.operation_id,
    (operation) => operation,
  );
}

async function answerOperation(
  parts: WalletRoutesParts,
  uuidText: string,
  idText: string,
): Promise<Response> {
  const wallet = readUuid(uuidText);
  if (wallet === null) return notAUuid("uuid");
  const id = readUuid(idText);
  if (id === null) return notAUuid("id");
  const accountId = await findAccount(parts, wallet);
  if (accountId === null) return problem("WALLET_NOT_FOUND");
  let operation = parts.queries.operation(accountId, id.bytes);
  if (operation === null) {
    await parts.operator.caughtUp();
    operation = parts.queries.operation(accountId, id.bytes) ?? queuedView(parts, accountId, id.text);
  }
  return operation === null ? problem("OPERATION_NOT_FOUND") : Response.json(operation);
}

/** The store is behind (a full disk, for instance): the operation is safe in the intake log. */
function queuedView(
  { operator }: WalletRoutesParts,
  accountId: number,
  id: string,
): WalletOperationView | null {
  const queued = operator.findQueued(id);
  if (queued === undefined || queued.accountId !== accountId) return null;
  return {
    operation_id: id,
    operationType: queued.type,
    amount: toAmount(queued.amountCents),
    status: "queued",
    reason: null,
    balance_after: null,
    created_at: formatTimestamp(queued.acceptedAtMs),
  };
}

async function findAccount(
  { queries, operator }: WalletRoutesParts,
  { text, bytes }: ReadUuid,
): Promise<number | null> {
  const accountId = queries.accountOf(text, bytes);
  if (accountId !== null) return accountId;
  await operator.caughtUp();
  return queries.accountOf(text, bytes);
}

interface ReadUuid {
  /** In canonical lower case. */
  readonly text: string;
  readonly bytes: Uint8Array;
}

function readUuid(text: string): ReadUuid | null {
  const bytes = new Uint8Array(UUID_BYTES);
  return parseUuid(text, bytes, 0) ? { text: text.toLowerCase(), bytes } : null;
}

function notAUuid(path: string): Response {
  return validationProblem([{ path, message: "must be a UUID" }]);
}
