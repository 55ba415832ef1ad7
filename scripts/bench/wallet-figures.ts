import type { Effort } from "./accept-figures.ts";
import { type Figure, median } from "./figure.ts";
import { load, startBareServer, startGateway } from "./processes.ts";

const BODY = '{"operationType":"DEPOSIT","amount":0.01}';

/**
 * Operations on one wallet through one replica. An operation counts when it was answered 2xx, and the time until
 * the last of them is in the committed balance counts, too.
 */
export async function walletOperations(goal: number, { rounds, seconds }: Effort): Promise<Figure> {
  const rates: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const bare = await startBareServer();
    const yardstick = await load({ url: bare.url, connections: 50, seconds, body: BODY });
    await bare.stop();
    const rate = await operationsPerSecond(seconds);
    rates.push(rate);
    ratios.push(rate / yardstick.perSecond);
  }
  return {
    name: "durable operations/s on one wallet",
    goal: `≥ ${goal}`,
    values: rates,
    note: `${(median(ratios) * 100).toFixed(0)} % of bare \`Bun.serve\``,
    met: median(rates) >= goal,
  };
}

async function operationsPerSecond(seconds: number): Promise<number> {
  const gateway = await startGateway({});
  try {
    const created = await fetch(`${gateway.url}/api/v1/wallets`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"initial_balance":0}',
    });
    const { wallet_uuid: uuid } = (await created.json()) as { wallet_uuid: string };
    const wallet = `${gateway.url}/api/v1/wallets/${uuid}`;
    const result = await load({ url: `${wallet}/operation`, connections: 50, seconds, body: BODY });
    const lagSeconds = await untilApplied(wallet, result.accepted);
    // Requests whose answers were not waited for at the end may be applied, too.
    const applied = await balanceCents(wallet);
    if (result.other > 0 || applied < result.accepted || applied > result.accepted + 50) {
      throw new Error(`${result.accepted} acknowledged, ${applied} applied, ${result.other} refused`);
    }
    return result.accepted / (seconds + lagSeconds);
  } finally {
    await gateway.stop();
  }
}

async function balanceCents(wallet: string): Promise<number> {
  const { balance } = (await (await fetch(wallet)).json()) as { balance: number };
  return Math.round(balance * 100);
}

async function untilApplied(wallet: string, cents: number): Promise<number> {
  const startedAt = performance.now();
  while ((await balanceCents(wallet)) < cents && performance.now() - startedAt < 20_000) await Bun.sleep(1);
  return (performance.now() - startedAt) / 1000;
}
