import { and, eq, sql } from "drizzle-orm";
import type { OpenDatabase } from "../../store/database.ts";
import { statusNumber, userPayments, users } from "./table.ts";

export type UserStatements = ReturnType<typeof prepareStatements>;

/** The writing statements of section C, prepared once. */
export function prepareStatements(orm: OpenDatabase["orm"]) {
  const value = (name: string) => sql`${sql.placeholder(name)}`;
  const byId = eq(userPayments.id, sql.placeholder("id"));
  const whileIn = (status: "new" | "processing" | "failed") =>
    and(byId, eq(userPayments.status, statusNumber(status)));
  return {
    addUser: orm
      .insert(users)
      .values({ accountId: sql.placeholder("accountId"), createdAtMs: sql.placeholder("atMs") })
      .returning({ id: users.id })
      .prepare(),
    accountOf: orm
      .select({ accountId: users.accountId })
      .from(users)
      .where(eq(users.id, sql.placeholder("id")))
      .prepare(),
    addPayment: orm
      .insert(userPayments)
      .values({
        uuid: sql.placeholder("uuid"),
        userId: sql.placeholder("userId"),
        type: sql.placeholder("type"),
        amountCents: sql.placeholder("amountCents"),
        commissionCents: sql.placeholder("commissionCents"),
        status: sql.placeholder("status"),
        holdId: sql.placeholder("holdId"),
        lastError: sql.placeholder("lastError"),
        createdAtMs: sql.placeholder("atMs"),
        endedAtMs: sql.placeholder("endedAtMs"),
      })
      .returning({ id: userPayments.id })
      .prepare(),
    findPayment: orm.select().from(userPayments).where(byId).prepare(),
    start: orm
      .update(userPayments)
      .set({ status: statusNumber("processing") })
      .where(whileIn("new"))
      .prepare(),
    noteAttempt: orm
      .update(userPayments)
      .set({ attempts: sql`${userPayments.attempts} + 1`, lastError: value("code") })
      .where(whileIn("processing"))
      .prepare(),
    end: orm
      .update(userPayments)
      .set({ status: value("status"), endedAtMs: value("atMs") })
      .where(whileIn("processing"))
      .prepare(),
    reopen: orm
      .update(userPayments)
      .set({ status: statusNumber("new"), holdId: value("holdId"), endedAtMs: null })
      .where(whileIn("failed"))
      .prepare(),
  };
}

export type UserPaymentRow = typeof userPayments.$inferSelect;
