import { type Family, repeat } from "./family.ts";
import { atLeast } from "./figure.ts";
import { load } from "./load.ts";
import { startBareServer, startGateway } from "./processes.ts";

const BODY = '{"operationType":"DEPOSIT","amount":0.01}';
const CONNECTIONS = 50;
const APPLY_MS_MAX = 20_000;

/**
 * Operations on one wallet through one replica. An operation counts when it was answered 2xx, and the time until
 * the last of them is in the committed balance counts, too.
 */
export const wallets: Family = {
  name: "wallets",
  about: "durable operations/s on one wallet",
  seconds: 70,
  run: async (effort) => {
    const rounds = await repeat(effort, async () => {
      const bare = await startBareServer();
      const options = { connections: CONNECTIONS, seconds: effort.seconds, body: BODY };
      const yardstick = await load({ ...options, url: bare.url });
      await bare.stop();
      return { ours: await operationsPerSecond(effort.seconds), bare: yardstick.perSecond };
    });
    return {
      figures: [
        {
          name: "durable operations on one wallet",
          unit: "/s",
          values: rounds.map(({ ours }) => ours),
          yardstick: { name: "bare `Bun.serve`", values: rounds.map(({ bare }) => bare) },
          goal: atLeast(15_000),
          note: "until the last is in the committed balance",
        },
      ],
    };
  },
};

async function operationsPerSecond(seconds: number): Promise<number> {
  const gateway = await startGateway({});
  try {
    const created = await fetch(`${gateway.url}/api/v1/wallets`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"initial_balance":0}',
    });
    const { wallet_uuid: uuid } = (await created.json()) as { wallet_uuid: string }; // docs/json says so
    const wallet = `${gateway.url}/api/v1/wallets/${uuid}`;
    const result = await load({ url: `${wallet}/operation`, connections: CONNECTIONS, seconds, body: BODY });
    const lagSeconds = await untilApplied(wallet, result.accepted);
    // Requests whose answers were not waited for at the end may be applied, too.
    const applied = await balanceCents(wallet);
    if (result.other > 0 || applied < result.accepted || applied > result.accepted + CONNECTIONS) {
      throw new Error(`${result.accepted} acknowledged, ${applied} applied, ${result.other} refused`);
    }
    return result.accepted / (seconds + lagSeconds);
  } finally {
    await gateway.stop();
  }
}

async function balanceCents(wallet: string): Promise<number> {
  const { balance } = (await (await fetch(wallet)).json()) as { balance: number }; // docs/json says so
  return Math.round(balance * 100);
}

async function untilApplied(wallet: string, cents: number): Promise<number> {
  const startedAt = performance.now();
  while ((await balanceCents(wallet)) < cents && performance.now() - startedAt < APPLY_MS_MAX)
    await Bun.sleep(1);
  return (performance.now() - startedAt) / 1000;
}
