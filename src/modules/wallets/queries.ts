import { and, desc, eq, lt, sql } from "drizzle-orm";
import { toAmount } from "../../domain/money.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import { formatUuid } from "../../domain/uuid.ts";
import type { WalletOperationType } from "../../domain/wallet-operation.ts";
import type { OpenDatabase } from "../../store/database.ts";
import type { LedgerQueries } from "../ledger/queries.ts";
import { OPERATION_STATUS, operationTypeOf, walletOperations, wallets } from "./table.ts";

export interface WalletOperationView {
  readonly operation_id: string;
  readonly operationType: WalletOperationType;
  readonly amount: number;
  readonly status: "queued" | "applied" | "rejected";
  readonly reason: string | null;
  readonly balance_after: number | null;
  readonly created_at: string;
}

/** Wallets whose account is remembered; they are never deleted, so what is remembered stays true. */
const KNOWN_MAX = 4_096;
/** Larger than every id: the listing begins at the newest. */
const NEWEST = new Uint8Array(16).fill(255);

/** Section E's reads, on main's own connection. */
export class WalletQueries {
  readonly #ledger: LedgerQueries;
  readonly #accounts = new Map<string, number>();
  readonly #find;
  readonly #operation;
  readonly #operations;

  constructor({ orm }: OpenDatabase, ledger: LedgerQueries) {
    this.#ledger = ledger;
    const ofWallet = eq(walletOperations.accountId, sql.placeholder("accountId"));
    this.#find = orm
      .select({ accountId: wallets.accountId })
      .from(wallets)
      .where(eq(wallets.uuid, sql.placeholder("uuid")))
      .prepare();
    this.#operation = orm
      .select()
      .from(walletOperations)
      .where(and(ofWallet, eq(walletOperations.id, sql.placeholder("id"))))
      .prepare();
    this.#operations = orm
      .select()
      .from(walletOperations)
      .where(and(ofWallet, lt(walletOperations.id, sql.placeholder("before"))))
      .orderBy(desc(walletOperations.id))
      .limit(sql.placeholder("limit"))
      .prepare();
  }

  /** The account of a wallet that was asked for before, or undefined: costs no look at the database. */
  knownAccount(uuid: string): number | undefined {
    return this.#accounts.get(uuid);
  }

  /** The account of a wallet, or null. @param uuid in canonical lower case @param id its 16 bytes */
  accountOf(uuid: string, id: Uint8Array): number | null {
    const known = this.#accounts.get(uuid);
    if (known !== undefined) return known;
    const row = this.#find.get({ uuid: id });
    if (row === undefined) return null;
    if (this.#accounts.size >= KNOWN_MAX) this.#accounts.clear();
    this.#accounts.set(uuid, row.accountId);
    return row.accountId;
  }

  balanceCents(accountId: number): number {
    return this.#ledger.account(accountId).balanceCents;
  }

  /** An operation that was decided, or null. */
  operation(accountId: number, id: Uint8Array): WalletOperationView | null {
    const row = this.#operation.get({ accountId, id });
    return row === undefined ? null : viewOf(row);
  }

  /** Decided operations, newest first, older than `before`. */
  operations(accountId: number, before: Uint8Array | null, limit: number): WalletOperationView[] {
    return this.#operations.all({ accountId, before: before ?? NEWEST, limit }).map(viewOf);
  }
}

function viewOf(row: typeof walletOperations.$inferSelect): WalletOperationView {
  return {
    operation_id: formatUuid(row.id, 0),
    operationType: operationTypeOf(row.type),
    amount: toAmount(row.amountCents),
    status: row.status === OPERATION_STATUS.applied ? "applied" : "rejected",
    reason: row.reason,
    balance_after: toAmount(row.balanceAfterCents),
    created_at: formatTimestamp(row.createdAtMs),
  };
}
