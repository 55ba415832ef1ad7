import { asc, eq, gt, isNotNull, max, sql } from "drizzle-orm";
import type { AccountPaymentState } from "../../domain/account-payment.ts";
import { compile } from "../../store/compiled-statement.ts";
import type { OpenDatabase } from "../../store/database.ts";
import type { AccountPaymentView } from "./model.ts";
import { accountPayments, stateOf } from "./table.ts";
import { viewOfRow } from "./view.ts";

/** A payment that has become final. */
export interface FinalPayment {
  readonly finalSeq: number;
  readonly view: AccountPaymentView;
}

/** Section D's reads, on main's own connection. */
export class AccountPaymentQueries {
  readonly #find;
  readonly #state;
  readonly #lastFinal;
  readonly #finals;

  constructor({ orm }: OpenDatabase) {
    const byId = eq(accountPayments.id, sql.placeholder("id"));
    this.#find = orm.select().from(accountPayments).where(byId).prepare();
    this.#state = compile<{ state: number }>(
      orm,
      orm.select({ state: accountPayments.state }).from(accountPayments).where(byId),
      ["id"],
    );
    this.#lastFinal = orm
      .select({ last: max(accountPayments.finalSeq) })
      .from(accountPayments)
      .where(isNotNull(accountPayments.finalSeq))
      .prepare();
    this.#finals = orm
      .select()
      .from(accountPayments)
      .where(gt(accountPayments.finalSeq, sql.placeholder("after")))
      .orderBy(asc(accountPayments.finalSeq))
      .limit(sql.placeholder("limit"))
      .prepare();
  }

  /** The payment of these 16 bytes, or null. */
  find(id: Uint8Array): AccountPaymentView | null {
    const row = this.#find.get({ id });
    return row === undefined ? null : viewOfRow(row);
  }

  /** The state of the payment of these 16 bytes, or null; leaves nothing behind for a client that waits. */
  stateOf(id: Uint8Array): AccountPaymentState | null {
    const row = this.#state.get(id);
    return row === null ? null : stateOf(row.state);
  }

  /** The number of the payment that has become final last; 0: none has. */
  lastFinalSeq(): number {
    return this.#lastFinal.get()?.last ?? 0;
  }

  /** Payments that have become final since the one numbered `after`, at any replica, in that order. */
  finalsSince(after: number, limit: number): FinalPayment[] {
    return this.#finals
      .all({ after, limit })
      .map((row) => ({ finalSeq: row.finalSeq ?? after, view: viewOfRow(row) }));
  }
}
