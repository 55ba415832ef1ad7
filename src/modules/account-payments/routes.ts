import { Elysia, t } from "elysia";
import { LIMITS } from "../../config/limits.ts";
import { formatUuid, parseUuid, UUID_BYTES } from "../../domain/uuid.ts";
import type { Intake } from "../../engine/intake.ts";
import { problem, validationProblem } from "../../http/errors.ts";
import { RETRY_LATER } from "../../http/execution-problem.ts";
import { accountPaymentDocs } from "./docs.ts";
import type { AccountPaymentQueries } from "./queries.ts";
import type { ResultWaits, Wait, WaitResult } from "./result-waits.ts";

export interface AccountPaymentRoutesParts {
  readonly queries: AccountPaymentQueries;
  readonly waits: ResultWaits;
  readonly intake: Intake;
}

/** How long a read that misses waits for the frames that were acknowledged before it. */
const CATCH_UP_MS = 500;
const JSON_HEADERS = { "content-type": "application/json" };

/** Section D's long poll. Its other routes share their paths with section A, see modules/payments/routes.ts. */
export function accountPaymentRoutes(parts: AccountPaymentRoutesParts) {
  return new Elysia({ name: "account-payments" }).get(
    "/payments/lp/:paymentId",
    ({ request, server, params }) => {
      // Silence is what a long poll is.
      server?.timeout(request, LIMITS.silenceSeconds.value);
      return answerLongPoll(parts, params.paymentId);
    },
    { params: t.Object({ paymentId: t.String() }), detail: accountPaymentDocs.longPoll },
  );
}

/**
 * A client that waits is one promise and one wait, and nothing of its payment: only its state was read. (An async
 * function would keep its frame, and a closure all that it can see.)
 */
function answerLongPoll(parts: AccountPaymentRoutesParts, text: string): Response | Promise<Response> {
  const { queries, waits } = parts;
  const id = new Uint8Array(UUID_BYTES);
  if (!parseUuid(text, id, 0)) return validationProblem([{ path: "paymentId", message: "must be a UUID" }]);
  if (!waits.hasRoom) return problem("QUEUE_FULL", { headers: RETRY_LATER });
  // In this order: a result that comes between the two is not missed.
  const wait = waits.start(formatUuid(id, 0));
  const state = queries.stateOf(id);
  if (state === "pending") return wait.result.then(answerResult);
  if (state === null) return answerCaughtUp(parts, id, wait);
  waits.cancel(wait);
  return answerNow(queries, id);
}

/** The payment may have been acknowledged a moment ago, and not be in the database yet. */
async function answerCaughtUp(
  { queries, waits, intake }: AccountPaymentRoutesParts,
  id: Uint8Array,
  wait: Wait,
): Promise<Response> {
  await intake.caughtUp(CATCH_UP_MS);
  if (queries.stateOf(id) === "pending") return wait.result.then(answerResult);
  waits.cancel(wait);
  return answerNow(queries, id);
}

function answerResult(json: WaitResult): Response {
  return json === null ? problem("RESULT_PENDING") : new Response(json, { headers: JSON_HEADERS });
}

function answerNow(queries: AccountPaymentQueries, id: Uint8Array): Response {
  const view = queries.find(id);
  return view === null ? problem("PAYMENT_NOT_FOUND") : Response.json(view);
}
