import { Elysia, t } from "elysia";
import { lastFourOf } from "../../domain/card.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import type { ErrorCode } from "../../http/error-codes.ts";
import { type FieldError, problem, validationProblem } from "../../http/errors.ts";
import { invalid, type ReadResult, valid } from "../../http/read-result.ts";
import type { CreatingCalls } from "../idempotency/creating-calls.ts";
import type { CardSeal } from "./card-seal.ts";
import type { NewCard, OrderInput, OrderReply } from "./commands.ts";
import { orderDocs } from "./docs.ts";
import { type OrderRequest, readCardField, readOrder, readReservation } from "./model.ts";
import type { OrderQueries } from "./queries.ts";
import type { ReserveInput, ReserveReply } from "./reservation-writer.ts";

export interface OrderRoutesParts {
  readonly calls: CreatingCalls;
  readonly queries: OrderQueries;
  readonly seal: CardSeal;
}

const ID = t.Object({ id: t.String() });

/** Section B: reservations and orders. */
export function orderRoutes(parts: OrderRoutesParts) {
  const { queries } = parts;
  return new Elysia({ name: "orders" })
    .post("/reserve", ({ request, body }) => reserve(parts, request, body), { detail: orderDocs.reserve })
    .get(
      "/reserve/:id",
      ({ params }) => {
        const view = queries.reservation(params.id, Date.now());
        return view === null ? problem("RESERVATION_NOT_FOUND") : Response.json(view);
      },
      { params: ID, detail: orderDocs.getReservation },
    )
    .post("/payment", ({ request, body }) => order(parts, request, body), { detail: orderDocs.order })
    .get(
      "/payment/:id",
      ({ params }) => {
        const view = queries.order(params.id);
        return view === null ? problem("ORDER_NOT_FOUND") : Response.json(view);
      },
      { params: ID, detail: orderDocs.getOrder },
    );
}

function reserve({ calls }: OrderRoutesParts, request: Request, body: unknown): Response | Promise<Response> {
  const read = readReservation(body);
  if (read.kind === "invalid") return validationProblem(read.errors);
  const { productId, userId, quantity, total } = read.value;
  const input: ReserveInput = { reservationId: Bun.randomUUIDv7(), productId, userId, quantity, total };
  return calls.run({
    request,
    body,
    command: "orders.reserve",
    input,
    // reservation-writer.ts made it.
    answer: (reply) => answerReserved(reply as ReserveReply),
  });
}

function answerReserved(reply: ReserveReply): Response {
  if (reply.kind !== "reserved") return problem(REFUSALS[reply.kind]);
  const { reserveId, expiresAtMs } = reply;
  const answer = { message: "Reserved", reserve_id: reserveId, expires_at: formatTimestamp(expiresAtMs) };
  return Response.json(answer, { status: 201 });
}

function order(
  { calls, seal }: OrderRoutesParts,
  request: Request,
  body: unknown,
): Response | Promise<Response> {
  const read = readOrder(body);
  if (read.kind === "invalid") return validationProblem(read.errors);
  const { card, ...purchase } = read.value;
  const orderId = Bun.randomUUIDv7();
  const sealed = { sealedCard: seal.seal(card, orderId), cardLast4: lastFourOf(card) };
  const input: OrderInput = { orderId, ...purchase, ...sealed };
  return calls.run({
    request,
    body: fingerprintOf(read.value),
    command: "orders.accept",
    input,
    // commands.ts of this module made it.
    answer: (reply) => answerOrdered(reply as OrderReply),
  });
}

/**
 * What makes two bodies the same to an Idempotency-Key. The fingerprint is stored, and a hash of a card number could
 * be reversed by trying all of them: of the card, only what may be kept takes part.
 */
function fingerprintOf({ card, ...purchase }: OrderRequest): unknown {
  return { ...purchase, card: { last4: lastFourOf(card), month: card.expMonth, year: card.expYear } };
}

function answerOrdered(reply: OrderReply): Response {
  if (reply.kind !== "accepted") return problem(REFUSALS[reply.kind]);
  const answer = { message: "Process Purchases Service is running", payment_id: reply.paymentId };
  return Response.json(answer, { status: 202 });
}

/** What the requeue of a dead order brings along: a new card, sealed for it. No card is left to the order to refuse. */
export function readRequeueCard(
  seal: CardSeal,
  orderId: string,
  body: Readonly<Record<string, unknown>>,
): ReadResult<NewCard | null> {
  if (body["card"] === undefined) return valid(null);
  const errors: FieldError[] = [];
  const card = readCardField(body, errors);
  if (card === null) return invalid(...errors);
  return valid({ sealedCard: seal.seal(card, orderId), cardLast4: lastFourOf(card) });
}

type Refusal = Exclude<ReserveReply["kind"] | OrderReply["kind"], "reserved" | "accepted">;

/** Every no of the store thread, as an error. */
const REFUSALS = {
  unknown_product: "PRODUCT_UNKNOWN",
  quantity_not_allowed: "QUANTITY_NOT_ALLOWED",
  price_mismatch: "PRICE_MISMATCH",
  out_of_stock: "OUT_OF_STOCK",
  unknown_reservation: "RESERVATION_UNKNOWN",
  quantity_over_reservation: "QUANTITY_OVER_RESERVATION",
  duplicate: "ORDER_DUPLICATE",
  reservation_paid: "RESERVATION_PAID",
  reservation_expired: "RESERVATION_EXPIRED",
} as const satisfies Record<Refusal, ErrorCode>;
