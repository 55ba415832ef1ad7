import { eq, sql } from "drizzle-orm";
import { availableCents } from "../../domain/ledger.ts";
import { toAmount } from "../../domain/money.ts";
import {
  type TransactionStatus,
  transactionStatusOf,
  type UserPaymentStatus,
} from "../../domain/user-payment.ts";
import type { OpenDatabase } from "../../store/database.ts";
import type { DeadLetterQueries } from "../dead-letters/queries.ts";
import type { LedgerEntryView, LedgerQueries } from "../ledger/queries.ts";
import { USER_COUNTERS, type UserCounter } from "./counters.ts";
import type { DeadPayment } from "./gateway-tasks.ts";
import { statusOf, userCounters, userPayments, users } from "./table.ts";

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

export interface UserDeadLetterView extends DeadPayment {
  readonly id: number;
  readonly error: string;
  readonly attempts: number;
  readonly created_at: string;
}

const OF_USERS = { source: "users", code: null, fromMs: null, toMs: null } as const;

/** Section C's reads, on main's own connection. */
export class UserQueries {
  readonly #orm: OpenDatabase["orm"];
  readonly #ledger: LedgerQueries;
  readonly #accountOf;
  readonly #payment;
  readonly #deadLetters: DeadLetterQueries;

  constructor({ orm }: OpenDatabase, ledger: LedgerQueries, deadLetters: DeadLetterQueries) {
    this.#orm = orm;
    this.#ledger = ledger;
    this.#deadLetters = deadLetters;
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
    return this.#deadLetters.list(OF_USERS, limit, null, offset).items.map((letter) => ({
      id: letter.id,
      // gateway-tasks.ts put it there
      ...(letter.originalMessage as DeadPayment),
      error: letter.error.code,
      attempts: letter.attempts,
      created_at: letter.diedAt,
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
