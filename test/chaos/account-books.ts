import { drawPayment } from "../../src/simulator/bank.ts";
import { call } from "../e2e/client.ts";
import { forEachLimited } from "../e2e/seed.ts";
import type { AccountFlow } from "./account-flow.ts";
import { type BookEntry, Comparison } from "./book.ts";
import { BANK, type ChaosSet } from "./chaos-set.ts";
import { fieldsOf } from "./client.ts";
import type { DatabaseReader } from "./database-reader.ts";

const READS_AT_ONCE = 16;

/** The books of section D: what the bank says of an id can be computed from the id alone. */
export async function compareAccounts(
  set: ChaosSet,
  flow: AccountFlow,
  database: DatabaseReader,
): Promise<BookEntry[]> {
  const accounts = new Comparison("R1 R5 R11", "D: acknowledged is final, as the bank decided, and stays so");
  await forEachLimited(flow.results, READS_AT_ONCE, async ([id, first]) => {
    const { status, text, body } = await call(`${set.balancer.url}/payments/${id}`);
    if (status !== 200) return accounts.expect(false, () => `account payment ${id} is answered ${status}`);
    const decided = drawPayment(id, BANK).isApproved ? "completed" : "rejected";
    accounts.same(`account payment ${id}`, fieldsOf(body)["state"], decided);
    // The long poll's own answer, read once more.
    if (first !== null) accounts.same(`account payment ${id}`, text, first);
  });
  const rows = database.count("account_payments");
  const known = flow.results.size;
  accounts.expect(rows >= known && rows <= known + flow.uncertain, () => {
    return `${rows} account payments in the database, ${known} acknowledged and ${flow.uncertain} unanswered`;
  });
  return [accounts.entry(`${known} acknowledged`)];
}
