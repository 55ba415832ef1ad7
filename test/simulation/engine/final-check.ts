import { PaymentQueries } from "../../../src/modules/payments/queries.ts";
import { type Books, STATUS, type Upstreams } from "./books.ts";
import type { ClientModel } from "./client-model.ts";
import { PaymentProcessor } from "./payment-processor.ts";
import { checkUsers } from "./user-check.ts";

/** What must hold once everything that was accepted has ended. @returns sentences about what does not */
export function checkAtEnd(
  books: Books,
  model: ClientModel,
  upstreams: Upstreams,
  random: () => number,
): string[] {
  return [
    ...checkPayments(books, model, upstreams),
    ...checkSummaries(books, model, upstreams, random),
    ...checkWallets(books, model),
    ...checkUsers(books, model),
    ...checkGateways(books, model, upstreams),
  ].slice(0, 20);
}

/** R1, R3, R6: every acknowledged payment is settled at one processor as that has it in its books, or declined. */
function checkPayments(books: Books, model: ClientModel, { processors }: Upstreams): string[] {
  const broken: string[] = [];
  const rows = new Map(books.payments().map((row) => [row.id, row]));
  const isPurged = (id: string) => {
    const asked = model.payments.get(id);
    return asked !== undefined && (asked.acknowledgedAtMs ?? 0) <= model.purgedAtMs;
  };
  for (const [id, asked] of model.payments) {
    const row = rows.get(id);
    if (row === undefined) {
      if (asked.acknowledgedAtMs !== null && !isPurged(id))
        broken.push(`R1 payment ${id} was acknowledged and is lost`);
    } else if (row.amountCents !== asked.amountCents && row.amountCents !== 1) {
      broken.push(`R1 payment ${id} was about ${asked.amountCents} cents and is about ${row.amountCents}`);
    }
  }
  for (const row of rows.values()) {
    if (!model.payments.has(row.id)) broken.push(`payment ${row.id} was asked for by nobody`);
    const name = row.processor === 1 ? "default" : "fallback";
    const recorded = processors[name].recorded.get(row.id);
    if (row.status === STATUS.pending) {
      broken.push(`R5 payment ${row.id} has not ended`);
    } else if (row.status === STATUS.dead) {
      if (!PaymentProcessor.declines(row.amountCents))
        broken.push(`payment ${row.id} is dead, declined by nobody`);
    } else if (recorded === undefined) {
      broken.push(`R6 payment ${row.id} is settled at ${name}, which does not have it`);
    } else if (recorded.requestedAtMs !== row.requestedAtMs || recorded.amountCents !== row.amountCents) {
      broken.push(`R6 payment ${row.id}: ours ${JSON.stringify(row)}, theirs ${JSON.stringify(recorded)}`);
    }
  }
  for (const { name, recorded } of Object.values(processors)) {
    for (const id of recorded.keys()) {
      const row = rows.get(id);
      if (row === undefined && !isPurged(id)) broken.push(`R6 ${name} has payment ${id}, we do not`);
      else if (row !== undefined && row.status !== STATUS.settled)
        broken.push(`R3 ${name} has payment ${id}, ours is not settled`);
    }
  }
  return broken;
}

/** R6: our summary is the processors', for any window. */
function checkSummaries(
  books: Books,
  model: ClientModel,
  { processors }: Upstreams,
  random: () => number,
): string[] {
  if (model.purgeGeneration > 0) return [];
  const queries = new PaymentQueries(books.database);
  const all = Object.values(processors).flatMap(({ recorded }) => [...recorded.values()]);
  const times = all.map(({ requestedAtMs }) => requestedAtMs);
  const latest = Math.max(...times, 0);
  const broken: string[] = [];
  for (let round = 0; round < 20 && times.length > 0; round++) {
    const first = Math.min(...times) - 1;
    const from = Math.floor(first + random() * (latest - first + 2));
    const to = Math.floor(from + random() * (latest - from + 2));
    const ours = queries.summary(from, to);
    for (const { name, recorded } of Object.values(processors)) {
      const inside = [...recorded.values()].filter(
        (one) => one.requestedAtMs >= from && one.requestedAtMs <= to,
      );
      const cents = inside.reduce((sum, one) => sum + one.amountCents, 0);
      const { totalRequests, totalAmount } = ours[name];
      if (totalRequests !== inside.length || Math.round(totalAmount * 100) !== cents) {
        broken.push(
          `R6 ${name} from ${from} to ${to}: ours ${totalRequests}, ${totalAmount}; theirs ${inside.length}, ${cents} cents`,
        );
      }
    }
  }
  return broken;
}

/** R1, R9: every acknowledged operation was decided once, and a wallet holds what that comes to. */
function checkWallets(books: Books, model: ClientModel): string[] {
  const broken: string[] = [];
  const rows = new Map<string, ReturnType<Books["operations"]>[number]>();
  for (const row of books.operations()) {
    if (rows.has(row.id)) broken.push(`R9 operation ${row.id} was decided twice`);
    rows.set(row.id, row);
  }
  for (const [id, asked] of model.operations) {
    const row = rows.get(id);
    if (row === undefined && asked.isAcknowledged)
      broken.push(`R1 operation ${id} was acknowledged and is lost`);
    if (row !== undefined && row.amountCents !== asked.amountCents)
      broken.push(`R9 operation ${id} has another amount`);
  }
  for (const [uuid, { openingCents }] of model.wallets) {
    const accountId = books.walletAccount(uuid);
    if (accountId === 0) {
      broken.push(`R1 wallet ${uuid} was created and is lost`);
      continue;
    }
    const applied = [...rows.values()].filter((row) => row.accountId === accountId && row.status === 1);
    const expected = applied.reduce(
      (sum, row) => sum + (row.type === 1 ? 1 : -1) * row.amountCents,
      openingCents,
    );
    const found = books.count(`SELECT balance_cents AS n FROM ledger_accounts WHERE id = ${accountId}`);
    if (found !== expected)
      broken.push(`R9 wallet ${uuid} holds ${found}, its operations come to ${expected}`);
  }
  return broken;
}

/** Sections B, C and D: everything has ended, as the gateways have decided it. */
function checkGateways(books: Books, model: ClientModel, { gateways }: Upstreams): string[] {
  const broken: string[] = [];
  const userPayments = new Map(books.userPayments().map((row) => [row.key, row]));
  for (const [key, { isAcknowledged }] of model.userPayments) {
    if (isAcknowledged && !userPayments.has(key)) broken.push(`R1 user payment ${key} is lost`);
  }
  for (const { key, status } of userPayments.values()) {
    if (status < 2) broken.push(`R5 user payment ${key} has not ended`);
    if (status === 2 && gateways.charges.get(key) !== "charged")
      broken.push(`user payment ${key} was never charged`);
  }
  const orders = new Map(books.orders().map((row) => [row.id, row]));
  for (const id of model.orders) if (!orders.has(id)) broken.push(`R1 order ${id} is lost`);
  for (const { id, status, lastError } of orders.values()) {
    const decided = gateways.cards.get(id);
    if (status < 2) broken.push(`R5 order ${id} has not ended`);
    if (status === 2 && decided !== "AUTHORIZED")
      broken.push(`order ${id} is authorized, its card was not charged`);
    if (status === 3 && decided === "AUTHORIZED")
      broken.push(`order ${id} failed (${lastError}), its card was charged`);
  }
  const accountPayments = new Map(books.accountPayments().map((row) => [row.id, row]));
  for (const id of model.accountPayments) {
    if (!accountPayments.has(id)) broken.push(`R1 account payment ${id} is lost`);
  }
  for (const { id, state } of accountPayments.values()) {
    const decided = gateways.bank.get(id)?.state;
    if (state === 0) broken.push(`R5 account payment ${id} has not ended`);
    else if (decided !== (state === 1 ? "completed" : "rejected")) {
      broken.push(`account payment ${id} is in state ${state}, the bank says ${decided}`);
    }
  }
  const reserved = books.count("SELECT count(*) AS n FROM reservations WHERE status IN (0, 1)");
  if (reserved > 0) broken.push(`R10 ${reserved} reservations have neither been sold nor expired`);
  for (const id of model.reservations.keys()) {
    const hex = id.replaceAll("-", "").toUpperCase();
    if (books.count(`SELECT count(*) AS n FROM reservations WHERE hex(id) = '${hex}'`) !== 1)
      broken.push(`R1 reservation ${id} is lost`);
  }
  return broken;
}
