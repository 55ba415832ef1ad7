import { and, eq, gt, inArray, sql } from "drizzle-orm";
import { ORDER_TRANSITIONS, type OrderTransition, orderStatusNumber } from "../../domain/order.ts";
import type { StoreContext } from "../../store/module.ts";
import { orders } from "./table.ts";

type Orm = StoreContext["orm"];

/** The statements of OrderWriter. */
export function prepareOrderStatements(orm: Orm) {
  return {
    ...rowStatements(orm),
    moves: moveStatements(orm),
    ...chargeStatements(orm),
  };
}

const seq = sql.placeholder("seq");
const code = sql`${sql.placeholder("code")}`;
const isIt = eq(orders.seq, seq);

function rowStatements(orm: Orm) {
  return {
    insert: orm
      .insert(orders)
      .values({
        id: sql.placeholder("id"),
        reservationId: sql.placeholder("reservationId"),
        productId: sql.placeholder("productId"),
        userKey: sql.placeholder("userKey"),
        userId: sql.placeholder("userId"),
        quantity: sql.placeholder("quantity"),
        totalTenThousandths: sql.placeholder("total"),
        chargeCents: sql.placeholder("chargeCents"),
        description: sql.placeholder("description"),
        cardLast4: sql.placeholder("cardLast4"),
        sealedCard: sql.placeholder("sealedCard"),
        createdAtMs: sql.placeholder("now"),
      })
      .returning({ seq: orders.seq })
      .prepare(),
    bySeq: orm.select().from(orders).where(isIt).prepare(),
    byId: orm
      .select()
      .from(orders)
      .where(eq(orders.id, sql.placeholder("id")))
      .prepare(),
    recent: orm
      .select({ seq: orders.seq })
      .from(orders)
      .where(
        and(
          eq(orders.userKey, sql.placeholder("userKey")),
          eq(orders.productId, sql.placeholder("productId")),
          gt(orders.createdAtMs, sql.placeholder("since")),
        ),
      )
      .limit(1)
      .prepare(),
  };
}

/** One UPDATE per way in the table of transitions: it asks for the state that the way comes from. */
function moveStatements(orm: Orm) {
  const move = (transition: OrderTransition) => {
    const { from, to } = ORDER_TRANSITIONS[transition];
    return orm
      .update(orders)
      .set({ status: orderStatusNumber(to) })
      .where(and(isIt, eq(orders.status, orderStatusNumber(from))))
      .returning({ id: orders.id })
      .prepare();
  };
  return {
    call: move("call"),
    authorize: move("authorize"),
    fail: move("fail"),
    requeue: move("requeue"),
  } satisfies Record<OrderTransition, unknown>;
}

function chargeStatements(orm: Orm) {
  const uncertain = sql`${sql.placeholder("uncertain")}`;
  const uncertainAtMs = sql`${sql.placeholder("uncertainAt")}`;
  return {
    callOut: orm
      .update(orders)
      .set({ isCallOut: 1, isUncertain: uncertain, uncertainAtMs, calledAtMs: sql`${sql.placeholder("at")}` })
      .where(isIt)
      .prepare(),
    callBack: orm
      .update(orders)
      .set({
        isCallOut: 0,
        isUncertain: uncertain,
        uncertainAtMs,
        attempts: sql`${orders.attempts} + ${sql.placeholder("calls")}`,
        lastError: sql`coalesce(${code}, ${orders.lastError})`,
      })
      .where(isIt)
      .prepare(),
    end: orm
      .update(orders)
      .set({
        sealedCard: null,
        isUncertain: 0,
        uncertainAtMs: null,
        lastError: sql`coalesce(${code}, ${orders.lastError})`,
        endedAtMs: sql`${sql.placeholder("at")}`,
      })
      .where(isIt)
      .prepare(),
    doubt: orm
      .update(orders)
      .set({ isUncertain: 1, uncertainAtMs })
      .where(inArray(orders.status, [orderStatusNumber("PENDING"), orderStatusNumber("PROCESSING")]))
      .prepare(),
    renewCard: orm
      .update(orders)
      .set({
        sealedCard: sql`${sql.placeholder("sealed")}`,
        cardLast4: sql`${sql.placeholder("last4")}`,
        endedAtMs: null,
      })
      .where(isIt)
      .prepare(),
  };
}
