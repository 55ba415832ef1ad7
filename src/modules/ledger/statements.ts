import { and, eq, isNotNull, lte, sql } from "drizzle-orm";
import { compile } from "../../store/compiled-statement.ts";
import type { OpenDatabase } from "../../store/database.ts";
import { ledgerAccounts, ledgerEntries, ledgerHolds, ledgerTransfers } from "./table.ts";

const HELD = 0;

/** A parameter where drizzle wants an expression. */
const value = (name: string) => sql`${sql.placeholder(name)}`;

/** The statements of accounts, transfers and entries, prepared once per connection. */
export function prepareTransfers(orm: OpenDatabase["orm"]) {
  return {
    openAccount: orm
      .insert(ledgerAccounts)
      .values({ kind: sql.placeholder("kind") })
      .returning({ id: ledgerAccounts.id })
      .prepare(),
    readAccount: orm
      .select({
        kind: ledgerAccounts.kind,
        balanceCents: ledgerAccounts.balanceCents,
        heldCents: ledgerAccounts.heldCents,
      })
      .from(ledgerAccounts)
      .where(eq(ledgerAccounts.id, sql.placeholder("id")))
      .prepare(),
    writeAccount: orm
      .update(ledgerAccounts)
      .set({ balanceCents: value("balanceCents"), heldCents: value("heldCents") })
      .where(eq(ledgerAccounts.id, sql.placeholder("id")))
      .prepare(),
    // No RETURNING: its rows go through a table of their own, for which SQLite takes 100 KiB each time.
    addTransfer: compile(
      orm,
      orm
        .insert(ledgerTransfers)
        .values({
          id: sql.placeholder("id"),
          kind: sql.placeholder("kind"),
          reference: sql.placeholder("reference"),
          atMs: sql.placeholder("atMs"),
        })
        .onConflictDoNothing(),
      ["id", "kind", "reference", "atMs"],
    ),
    findTransfer: orm
      .select({ seq: ledgerTransfers.seq })
      .from(ledgerTransfers)
      .where(eq(ledgerTransfers.id, sql.placeholder("id")))
      .prepare(),
    addEntry: compile(
      orm,
      orm.insert(ledgerEntries).values({
        accountId: sql.placeholder("accountId"),
        transferSeq: sql.placeholder("transferSeq"),
        cents: sql.placeholder("cents"),
        balanceAfterCents: sql.placeholder("balanceAfterCents"),
      }),
      ["accountId", "transferSeq", "cents", "balanceAfterCents"],
    ),
  };
}

/** The statements of holds. */
export function prepareHolds(orm: OpenDatabase["orm"]) {
  return {
    addHold: orm
      .insert(ledgerHolds)
      .values({
        accountId: sql.placeholder("accountId"),
        cents: sql.placeholder("cents"),
        createdAtMs: sql.placeholder("createdAtMs"),
        expiresAtMs: sql.placeholder("expiresAtMs"),
      })
      .returning({ id: ledgerHolds.id })
      .prepare(),
    findHold: orm
      .select({ accountId: ledgerHolds.accountId, cents: ledgerHolds.cents, status: ledgerHolds.status })
      .from(ledgerHolds)
      .where(eq(ledgerHolds.id, sql.placeholder("id")))
      .prepare(),
    resolveHold: orm
      .update(ledgerHolds)
      .set({ status: value("status"), resolvedAtMs: value("atMs") })
      .where(and(eq(ledgerHolds.id, sql.placeholder("id")), eq(ledgerHolds.status, HELD)))
      .prepare(),
    // `status = 0` is written out: with a parameter SQLite could not use the partial index.
    expiredHolds: orm
      .select({ id: ledgerHolds.id })
      .from(ledgerHolds)
      .where(
        and(
          sql`${ledgerHolds.status} = 0`,
          isNotNull(ledgerHolds.expiresAtMs),
          lte(ledgerHolds.expiresAtMs, sql.placeholder("now")),
        ),
      )
      .orderBy(ledgerHolds.expiresAtMs)
      .limit(sql.placeholder("limit"))
      .prepare(),
  };
}
