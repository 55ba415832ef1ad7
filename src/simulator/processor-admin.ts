import { KnownSecret } from "../http/same-secret.ts";
import { emptyAnswer, jsonAnswer, messageAnswer } from "./answers.ts";
import { type Decimal, formatDecimal, multiplyDecimals } from "./decimal.ts";
import { parseJsonBody, pickFields, readBoolean, readInteger, readText } from "./json-body.ts";
import type { ProcessorBook } from "./processor-book.ts";
import { type FaultPlan, readFaultSettings } from "./processor-faults.ts";
import { parseTimestampMicros } from "./timestamp.ts";

/** What an administrator may change, and the book. Purging empties the book and keeps the switches. */
export interface ProcessorState {
  readonly book: ProcessorBook;
  readonly faults: FaultPlan;
  readonly fee: Decimal;
  /** Null lets calls without a token in: a published token call without `token` sets that. */
  token: string | null;
  delayMs: number;
  failing: boolean;
}

/** One administrator's call; the caller has checked the token. */
export type AdminCall = (state: ProcessorState, request: Request) => Response | Promise<Response>;

/** Whether a request carries the token of the processor. */
export function isAdministrator(state: ProcessorState, request: Request): boolean {
  const sent = request.headers.get("x-rinha-token");
  if (sent === null) return state.token === null;
  return state.token !== null && new KnownSecret(state.token).matches(sent);
}

/** `GET /admin/payments-summary?from&to`: filters only if both are given, bounds inclusive. */
export const answerSummary: AdminCall = (state, request) => {
  const query = new URL(request.url).searchParams;
  const from = readBound(query, "from");
  const to = readBound(query, "to");
  if (from === "malformed" || to === "malformed") return emptyAnswer(400);
  const filtered = from !== null && to !== null;
  const summary = filtered ? state.book.summarize(from, to) : state.book.summarize();
  const total = { units: summary.totalCents, scale: 2 };
  // The fee is taken of the total and never rounded: 995.00 × 0.05 = 49.7500.
  const fee = multiplyDecimals(total, state.fee);
  return jsonAnswer(
    `{"totalAmount":${formatDecimal(total)},"totalRequests":${summary.totalRequests},` +
      `"totalFee":${formatDecimal(fee)},"feePerTransaction":${formatDecimal(state.fee)}}`,
  );
};

function readBound(query: URLSearchParams, name: string): number | "malformed" | null {
  for (const [key, value] of query) {
    if (key.toLowerCase() === name) return parseTimestampMicros(value) ?? "malformed";
  }
  return null;
}

/** `PUT /admin/configurations/token` */
export const setToken: AdminCall = async (state, request) => {
  const body = parseJsonBody(request, await readText(request));
  if (body.kind === "refused") return emptyAnswer(body.status);
  const { token = null } = pickFields(body.object, ["token"]);
  if (token !== null && typeof token !== "string") return emptyAnswer(400);
  state.token = token;
  return emptyAnswer(204);
};

/** `PUT /admin/configurations/delay`; less than 0 waits as little as 0. */
export const setDelay: AdminCall = async (state, request) => {
  const body = parseJsonBody(request, await readText(request));
  if (body.kind === "refused") return emptyAnswer(body.status);
  const delayMs = readInteger(pickFields(body.object, ["delay"]).delay);
  if (delayMs === null) return emptyAnswer(400);
  const was = state.delayMs;
  state.delayMs = delayMs;
  return changeAnswer("delay", was, delayMs);
};

/** `PUT /admin/configurations/failure` */
export const setFailure: AdminCall = async (state, request) => {
  const body = parseJsonBody(request, await readText(request));
  if (body.kind === "refused") return emptyAnswer(body.status);
  const failing = readBoolean(pickFields(body.object, ["failure"]).failure);
  if (failing === null) return emptyAnswer(400);
  const was = state.failing;
  state.failing = failing;
  return changeAnswer("failure", was, failing);
};

/** `PUT /admin/configurations/faults`: ours, not a call of the published processors. */
export const setFaults: AdminCall = async (state, request) => {
  const body = parseJsonBody(request, await readText(request));
  if (body.kind === "refused") return emptyAnswer(body.status);
  const settings = readFaultSettings(body.object);
  if (settings === null) return messageAnswer(400, "Each share must be from 0 to 1, and so must their sum.");
  const was = state.faults.settings;
  state.faults.settings = settings;
  return changeAnswer("faults", was, settings);
};

/** `POST /admin/purge-payments` */
export const purgePayments: AdminCall = (state) => {
  state.book.purge();
  return messageAnswer(200, "All payments purged.");
};

function changeAnswer(config: string, was: unknown, is: unknown): Response {
  return jsonAnswer(JSON.stringify({ config, was, is }));
}
