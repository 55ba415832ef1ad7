import { call } from "../e2e/client.ts";
import { type BookEntry, Comparison } from "./book.ts";
import type { ChaosSet } from "./chaos-set.ts";
import { WALLET_START_CENTS, type WalletFlow } from "./wallet-flow.ts";

const PAGE = 500;

interface OperationView {
  readonly operation_id: string;
  readonly operationType: "DEPOSIT" | "WITHDRAW";
  readonly amount: number;
  readonly status: string;
  readonly balance_after: number;
}

const centsOf = (amount: number) => Math.round(amount * 100);

/** The books of section E: each wallet's operations against what clients were told, and the ring's total. */
export async function compareWallets(set: ChaosSet, flow: WalletFlow): Promise<BookEntry[]> {
  const operations = new Comparison(
    "R1 R5 R9",
    "E: acknowledged operations are there once; balance = their sum",
  );
  let totalCents = 0;
  for (const wallet of [...flow.ring, ...flow.singles]) {
    const listed = await operationsOf(set.balancer.url, wallet);
    const balance = await balanceCents(set.balancer.url, wallet);
    if (flow.ring.includes(wallet)) totalCents += balance;
    compareIds(operations, flow, wallet, listed);
    operations.same(`cents of wallet ${wallet}`, balance, WALLET_START_CENTS + sumOf(listed));
    for (const { operation_id: id, status, balance_after: after } of listed) {
      operations.expect(status === "applied" || status === "rejected", () => `operation ${id} is ${status}`);
      operations.expect(after >= 0, () => `wallet ${wallet} had ${after} after operation ${id}`);
    }
  }
  const total = new Comparison("R9", "E: money that goes round in a ring of wallets is never more or less");
  total.same("cents in the ring", totalCents, flow.ring.length * WALLET_START_CENTS);
  return [operations.entry(), total.entry()];
}

function compareIds(
  comparison: Comparison,
  flow: WalletFlow,
  wallet: string,
  listed: readonly OperationView[],
): void {
  const ids = new Set(listed.map(({ operation_id: id }) => id));
  comparison.same(`different ids at wallet ${wallet}`, ids.size, listed.length);
  const known = [...flow.operations].filter(([, at]) => at === wallet).map(([id]) => id);
  for (const id of known) comparison.expect(ids.has(id), () => `operation ${id} of ${wallet} is not there`);
  const unknown = ids.size - known.filter((id) => ids.has(id)).length;
  const unansweredMax = flow.uncertain.get(wallet) ?? 0;
  comparison.expect(unknown <= unansweredMax, () => {
    return `wallet ${wallet} has ${unknown} operations that nobody was told of, ${unansweredMax} were unanswered`;
  });
}

function sumOf(listed: readonly OperationView[]): number {
  const applied = listed.filter(({ status }) => status === "applied");
  return applied.reduce((sum, { operationType, amount }) => {
    return sum + (operationType === "DEPOSIT" ? centsOf(amount) : -centsOf(amount));
  }, 0);
}

async function balanceCents(url: string, wallet: string): Promise<number> {
  const { body } = await call(`${url}/api/v1/wallets/${wallet}`);
  return centsOf((body as { balance: number }).balance); // the shape of the contract
}

async function operationsOf(url: string, wallet: string): Promise<OperationView[]> {
  const all: OperationView[] = [];
  for (let cursor = ""; ; ) {
    const path = `/api/v1/wallets/${wallet}/operations?limit=${PAGE}&cursor=${cursor}`;
    const { body } = await call(`${url}${path}`);
    const { items, next } = body as { items: OperationView[]; next: string | null }; // the contract's listings
    all.push(...items);
    if (next === null) return all;
    cursor = next;
  }
}
