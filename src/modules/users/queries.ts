import { desc, eq, sql } from "drizzle-orm";
import { availableCents } from "../../domain/ledger.ts";
import { toAmount } from "../../domain/money.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import {
  type TransactionStatus,
  transactionStatusOf,
  type UserPaymentStatus,
  type UserPaymentType,
} from "../../domain/user-payment.ts";
import type { OpenDatabase } from "../../store/database.ts";
import type { LedgerEntryView, LedgerQueries } from "../ledger/queries.ts";
import { USER_COUNTERS, type UserCounter } from "./counters.ts";
import { statusOf, typeOf, userCounters, userDeadLetters, userPayments, users } from "./table.ts";

export interface UserView {
  readonly id: number;
  readonly balance: number;
  readonly held: number;
  readonly available: number;
}

export interface UserPaymentView {
  readonly payment_id: number;
  readonly user_id: number;
  readonly amount: number;
  readonly commission: number;
  readonly status: UserPaymentStatus;
  readonly attempts: number;
  readonly last_error: string | null;
  readonly transaction_status: TransactionStatus;
}

export interface UserDeadLetterView {
  readonly id: number;
  readonly payment_id: number;
  readonly user_id: number;
  readonly amount: number;
  readonly commission: number;
  readonly payment_type: UserPaymentType;
  readonly error: string;
  readonly attempts: number;
  readonly created_at: string;
}

/** Section C's reads, on main's own connection. */
export class UserQueries {
  readonly #orm: OpenDatabase["orm"];
  readonly #ledger: LedgerQueries;
  readonly #accountOf;
  readonly #payment;
  readonly #deadLetters;

  constructor({ orm }: OpenDatabase, ledger: LedgerQueries) {
    this.#orm = orm;
    this.#ledger = ledger;
    this.#accountOf = orm
      .select({ accountId: users.accountId })
      .from(users)
      .where(eq(users.id, sql.placeholder("id")))
      .prepare();
    this.#payment = orm
      .select()
      .from(userPayments)
      .where(eq(userPayments.id, sql.placeholder("id")))
      .prepare();
    this.#deadLetters = orm
      .select({ letter: userDeadLetters, payment: userPayments })
      .from(userDeadLetters)
      .innerJoin(userPayments, eq(userPayments.id, userDeadLetters.paymentId))
      .orderBy(desc(userDeadLetters.id))
      .limit(sql.placeholder("limit"))
      .offset(sql.placeholder("offset"))
      .prepare();
  }

  /** A user with his money, or null. */
  user(id: number): UserView | null {
    const accountId = this.#accountOf.get({ id })?.accountId;
    if (accountId === undefined) return null;
    const account = this.#ledger.account(accountId);
    return {
      id,
      balance: toAmount(account.balanceCents),
      held: toAmount(account.heldCents),
      available: toAmount(availableCents(account)),
    };
  }

  /** Ledger entries of a user, newest first, older than the position `before`; null: no such user. */
  entries(id: number, before: number, limit: number): LedgerEntryView[] | null {
    const accountId = this.#accountOf.get({ id })?.accountId;
    return accountId === undefined ? null : this.#ledger.entries(accountId, before, limit);
  }

  /** A deposit or withdrawal, or null. */
  payment(id: number): UserPaymentView | null {
    const row = this.#payment.get({ id });
    if (row === undefined) return null;
    const status = statusOf(row.status);
    return {
      payment_id: row.id,
      user_id: row.userId,
      amount: toAmount(row.amountCents),
      commission: toAmount(row.commissionCents),
      status,
      attempts: row.attempts,
      last_error: row.lastError,
      transaction_status: transactionStatusOf(status),
    };
  }

  /** Dead letters of this section, newest first. */
  deadLetters(limit: number, offset: number): UserDeadLetterView[] {
    return this.#deadLetters.all({ limit, offset }).map(({ letter, payment }) => ({
      id: letter.id,
      payment_id: payment.id,
      user_id: payment.userId,
      amount: toAmount(payment.amountCents),
      commission: toAmount(payment.commissionCents),
      payment_type: typeOf(payment.type),
      error: letter.error,
      attempts: letter.attempts,
      created_at: formatTimestamp(letter.createdAtMs),
    }));
  }

  /** All counters; those that never counted are 0. */
  counters(): Record<UserCounter, number> {
    const rows = this.#orm.select().from(userCounters).all();
    const values = new Map(rows.map(({ name, value }) => [name, value]));
    const entries = USER_COUNTERS.map((name) => [name, values.get(name) ?? 0]);
    return Object.fromEntries(entries) as Record<UserCounter, number>; // one entry per name of the list
  }
}
