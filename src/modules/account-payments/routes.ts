import { Elysia, t } from "elysia";
import { formatUuid, parseUuid, UUID_BYTES } from "../../domain/uuid.ts";
import type { Intake } from "../../engine/intake.ts";
import { problem, validationProblem } from "../../http/errors.ts";
import { RETRY_LATER } from "../../http/execution-problem.ts";
import { accountPaymentDocs } from "./docs.ts";
import type { AccountPaymentQueries } from "./queries.ts";
import type { ResultWaits } from "./result-waits.ts";

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
      server?.timeout(request, 0);
      return answerLongPoll(parts, params.paymentId);
    },
    { params: t.Object({ paymentId: t.String() }), detail: accountPaymentDocs.longPoll },
  );
}

async function answerLongPoll(parts: AccountPaymentRoutesParts, text: string): Promise<Response> {
  const { queries, waits, intake } = parts;
  const id = new Uint8Array(UUID_BYTES);
  if (!parseUuid(text, id, 0)) return validationProblem([{ path: "paymentId", message: "must be a UUID" }]);
  if (!waits.hasRoom) return problem("QUEUE_FULL", { headers: RETRY_LATER });
  const wait = waits.start(formatUuid(id, 0));
  let view = queries.find(id);
  if (view === null) {
    await intake.caughtUp(CATCH_UP_MS);
    view = queries.find(id);
  }
  if (view?.state === "pending") {
    const json = await wait.result;
    if (json === null) return problem("RESULT_PENDING");
    return new Response(json, { headers: JSON_HEADERS });
  }
  wait.cancel();
  return view === null ? problem("PAYMENT_NOT_FOUND") : Response.json(view);
}
