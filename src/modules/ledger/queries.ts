import { and, desc, eq, lt, sql } from "drizzle-orm";
import type { Account } from "../../domain/ledger.ts";
import { formatUuid } from "../../domain/uuid.ts";
import type { OpenDatabase } from "../../store/database.ts";
import {
  accountKindOf,
  ledgerAccounts,
  ledgerEntries,
  ledgerTransfers,
  type TransferKind,
  transferKindOf,
} from "./table.ts";

export interface LedgerEntryView {
  /** Position in the ledger's order; newer is larger. */
  readonly seq: number;
  /** A UUID. */
  readonly transferId: string;
  readonly kind: TransferKind;
  readonly reference: number | null;
  readonly cents: number;
  readonly balanceAfterCents: number;
  readonly atMs: number;
}

/** The ledger's reads, on main's own connection. */
export class LedgerQueries {
  readonly #account;
  readonly #entries;

  constructor({ orm }: OpenDatabase) {
    this.#account = orm
      .select({
        kind: ledgerAccounts.kind,
        balanceCents: ledgerAccounts.balanceCents,
        heldCents: ledgerAccounts.heldCents,
      })
      .from(ledgerAccounts)
      .where(eq(ledgerAccounts.id, sql.placeholder("id")))
      .prepare();
    this.#entries = orm
      .select({
        seq: ledgerTransfers.seq,
        transferId: ledgerTransfers.id,
        kind: ledgerTransfers.kind,
        reference: ledgerTransfers.reference,
        cents: ledgerEntries.cents,
        balanceAfterCents: ledgerEntries.balanceAfterCents,
        atMs: ledgerTransfers.atMs,
      })
      .from(ledgerEntries)
      .innerJoin(ledgerTransfers, eq(ledgerTransfers.seq, ledgerEntries.transferSeq))
      .where(
        and(
          eq(ledgerEntries.accountId, sql.placeholder("id")),
          lt(ledgerEntries.transferSeq, sql.placeholder("before")),
        ),
      )
      .orderBy(desc(ledgerEntries.transferSeq))
      .limit(sql.placeholder("limit"))
      .prepare();
  }

  /** What is committed. @throws Error if there is no such account: modules know their own */
  account(id: number): Account {
    const row = this.#account.get({ id });
    if (row === undefined) throw new Error(`the ledger has no account ${id}`);
    return { ...row, kind: accountKindOf(row.kind) };
  }

  /** Entries of an account, newest first, older than the position `before`. */
  entries(id: number, before: number, limit: number): LedgerEntryView[] {
    return this.#entries.all({ id, before, limit }).map((row) => ({
      ...row,
      transferId: formatUuid(row.transferId, 0),
      kind: transferKindOf(row.kind),
    }));
  }
}
