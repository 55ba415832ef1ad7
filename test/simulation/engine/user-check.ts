import type { Books, UserPaymentRow } from "./books.ts";
import type { ClientModel } from "./client-model.ts";

const SUCCESS = 2;
const WITHDRAW = 2;
/** The positions in domain/ledger-hold.ts. */
const HOLD = { held: 0, posted: 1, released: 2 } as const;

/**
 * R9, R10: a user has what the successful payments come to and nothing is held any more; of every withdrawal the hold
 * was posted, or released, once, and was about what the withdrawal was about.
 */
export function checkUsers(books: Books, model: ClientModel): string[] {
  const broken: string[] = [];
  const rows = books.userPayments();
  const users = new Map(books.users().map((row) => [row.id, row]));
  for (const [id, { openingCents }] of model.users) {
    const user = users.get(id);
    if (user === undefined) {
      broken.push(`R1 user ${id} was created and is lost`);
      continue;
    }
    const own = rows.filter((row) => row.userId === id && row.status === SUCCESS);
    const expected = own.reduce((sum, row) => sum + movedCents(row), openingCents);
    if (user.balanceCents !== expected)
      broken.push(`R9 user ${id} has ${user.balanceCents}, the payments come to ${expected}`);
    if (user.heldCents !== 0) broken.push(`R10 of user ${id} ${user.heldCents} cents are still held`);
  }
  for (const row of rows) {
    const asked = model.userPayments.get(row.key);
    if (asked === undefined) broken.push(`user payment ${row.key} was asked for by nobody`);
    else if (asked.amountCents !== row.amountCents || asked.userId !== row.userId)
      broken.push(`R9 user payment ${row.key} is about something else: ${JSON.stringify(row)}`);
    if (row.heldCents !== null && row.heldCents !== row.amountCents + row.commissionCents)
      broken.push(`R10 ${row.heldCents} cents were held for user payment ${row.key}`);
    if (row.type === WITHDRAW && row.status === SUCCESS && row.holdStatus !== HOLD.posted)
      broken.push(`R10 user payment ${row.key} was paid, its hold is ${row.holdStatus}`);
  }
  const successful = rows.filter(({ status }) => status === SUCCESS);
  const fees = successful.reduce((sum, { commissionCents }) => sum + commissionCents, 0);
  const booked = books.count("SELECT balance_cents AS n FROM ledger_accounts WHERE id = 2");
  if (booked !== fees) broken.push(`R9 the fees come to ${fees}, booked are ${booked}`);
  const open = books.count(`SELECT count(*) AS n FROM ledger_holds WHERE status = ${HOLD.held}`);
  if (open !== 0) broken.push(`R10 ${open} holds are still open`);
  const posted = books.count(`SELECT count(*) AS n FROM ledger_holds WHERE status = ${HOLD.posted}`);
  const paid = successful.filter(({ type }) => type === WITHDRAW).length;
  if (posted !== paid) broken.push(`R10 ${posted} holds were posted for ${paid} withdrawals`);
  return broken;
}

function movedCents({ type, amountCents, commissionCents }: UserPaymentRow): number {
  return type === WITHDRAW ? -(amountCents + commissionCents) : amountCents - commissionCents;
}
