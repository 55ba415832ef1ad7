import { call } from "../e2e/client.ts";
import { forEachLimited } from "../e2e/seed.ts";
import { type BookEntry, Comparison } from "./book.ts";
import type { ChaosSet } from "./chaos-set.ts";
import type { DatabaseReader } from "./database-reader.ts";
import type { GatewayCharge } from "./recording-gateway.ts";
import { USER_START_CENTS, type UserFlow } from "./user-flow.ts";

const READS_AT_ONCE = 16;

interface UserPayment {
  readonly payment_id: number;
  readonly user_id: number;
  readonly amount: number;
  readonly commission: number;
  readonly status: string;
  readonly last_error: string | null;
}

const centsOf = (amount: number) => Math.round(amount * 100);

/** The books of section C: ours, and the payment gateway's. */
export async function compareUsers(
  set: ChaosSet,
  flow: UserFlow,
  database: DatabaseReader,
): Promise<BookEntry[]> {
  const { url } = set.balancer;
  const payments = new Comparison(
    "R1 R3 R5",
    "C: accepted payments are final; a success was charged once, as sent",
  );
  const charges = chargesByPayment(set.upstreams.paymentGateway.charges.values());
  const expected = new Map(flow.users.map((id) => [id, USER_START_CENTS]));
  let givenUp = 0;
  const look = async (id: number) => {
    const { status, body } = await call(`${url}/api/v1/payments/${id}`);
    if (status !== 200) return payments.expect(false, () => `payment ${id} is answered ${status}`);
    const payment = body as UserPayment; // the shape of the contract
    const charged = charges.get(id) ?? [];
    payments.expect(charged.length <= 1, () => `payment ${id} was charged ${charged.length} times`);
    if (payment.status === "success") {
      compareCharge(payments, payment, charged[0]);
      const moved = movedCents(payment, charged[0]?.type ?? "deposit");
      expected.set(payment.user_id, (expected.get(payment.user_id) ?? 0) + moved);
      return;
    }
    payments.same(`payment ${id} (${payment.last_error})`, payment.status, "failed");
    if (charged.length > 0) givenUp++;
    // The contract: after the last attempt it has failed, also if that was never answered. A clear no is none.
    if (flow.refused.has(id)) payments.same(`charges of the refused payment ${id}`, charged.length, 0);
  };
  await forEachLimited([...flow.accepted, ...flow.refused], READS_AT_ONCE, look);
  const known = flow.accepted.size + flow.refused.size;
  payments.same("user payments in the database", database.count("user_payments"), known);

  const balances = new Comparison(
    "R9 R10",
    "C: balance = start + successes; nothing is held, nobody below 0",
  );
  for (const id of flow.users) {
    const { body } = await call(`${url}/api/v1/users/${id}`);
    const { balance, held } = body as { balance: number; held: number }; // the shape of the contract
    balances.same(`cents of user ${id}`, centsOf(balance), expected.get(id));
    balances.same(`held for user ${id}`, held, 0);
    balances.expect(balance >= 0, () => `user ${id} has ${balance}`);
  }
  return [
    payments.entry(`${givenUp} given up after 4 attempts although charged, as in the contract`),
    balances.entry(),
  ];
}

function chargesByPayment(charges: Iterable<GatewayCharge>): Map<number, GatewayCharge[]> {
  const found = new Map<number, GatewayCharge[]>();
  for (const charge of charges) {
    const others = found.get(charge.paymentId);
    if (others === undefined) found.set(charge.paymentId, [charge]);
    else others.push(charge);
  }
  return found;
}

function compareCharge(
  comparison: Comparison,
  payment: UserPayment,
  charge: GatewayCharge | undefined,
): void {
  const { payment_id: id, user_id: userId, amount, commission } = payment;
  comparison.expect(charge !== undefined, () => `payment ${id} is a success that nobody charged`);
  if (charge === undefined) return;
  comparison.same(`user of charge ${id}`, charge.userId, userId);
  comparison.same(`cents of charge ${id}`, centsOf(charge.amount), centsOf(amount));
  comparison.same(`commission of charge ${id}`, centsOf(charge.commission), centsOf(commission));
}

/** What a success does to the balance (CONTRACTS, section C). */
function movedCents({ amount, commission }: UserPayment, type: string): number {
  return type === "deposit" ? centsOf(amount) - centsOf(commission) : -centsOf(amount) - centsOf(commission);
}
