import { Database } from "bun:sqlite";
import { join } from "node:path";
import { type Family, repeat } from "./family.ts";
import { atLeast } from "./figure.ts";
import { load } from "./load.ts";
import { makeDirectory, removeDirectory, startBareServer, startGateway } from "./processes.ts";

const PRODUCT = { id: 1, price: 18.9 };
/** More than can be sold: the figure is about reserving, not about refusing. */
const STOCK = 1_000_000_000;
const BODY = JSON.stringify({ product_id: PRODUCT.id, user_id: 7, quantity: 1, total_price: PRODUCT.price });
/** Reservations expire and give their stock back during the run: the figure contains the work of their end. */
const TTL_SECONDS = "2";
const CONNECTIONS = 100;

/** Reservations through one replica, each committed before its answer; afterwards the stock has to add up. */
export const reservations: Family = {
  name: "reservations",
  about: "durable reservations/s, each waiting for its commit",
  seconds: 70,
  run: async (effort) => {
    const rounds = await repeat(effort, async () => {
      const bare = await startBareServer();
      const options = { connections: CONNECTIONS, seconds: effort.seconds, body: BODY };
      const yardstick = await load({ ...options, url: bare.url });
      await bare.stop();
      return { ours: await reservationsPerSecond(effort.seconds), bare: yardstick.perSecond };
    });
    return {
      figures: [
        {
          name: "durable reservations",
          unit: "/s",
          values: rounds.map(({ ours }) => ours),
          yardstick: { name: "bare `Bun.serve`", values: rounds.map(({ bare }) => bare) },
          goal: atLeast(5000),
          note: "each waits for its commit; the stock adds up afterwards",
        },
      ],
    };
  },
};

async function reservationsPerSecond(seconds: number): Promise<number> {
  const dataDir = makeDirectory();
  const gateway = await startGateway({ DATA_DIR: dataDir, RESERVATION_TTL_SECONDS: TTL_SECONDS });
  const database = new Database(join(dataDir, "catraca.db"), { readwrite: true });
  try {
    await fetch(`${gateway.url}/`, { method: "POST" });
    database.run("PRAGMA busy_timeout = 5000");
    database.run("UPDATE products SET quantity = ? WHERE id = ?", [STOCK, PRODUCT.id]);
    const options = { url: `${gateway.url}/reserve`, connections: CONNECTIONS, seconds, body: BODY };
    const result = await load(options);
    if (result.other > 0) throw new Error(`${result.other} reservations were refused`);
    checkStock(database, result.accepted);
    return result.perSecond;
  } finally {
    database.close();
    await gateway.stop();
    removeDirectory(dataDir);
  }
}

function checkStock(database: Database, answered: number): void {
  const stored = database
    .query<{ count: number; held: number }, []>(
      "SELECT count(*) AS count, sum(held) AS held FROM reservations",
    )
    .get();
  const stock = database
    .query<{ quantity: number }, [number]>("SELECT quantity FROM products WHERE id = ?")
    .get(PRODUCT.id);
  const isBalanced = (stock?.quantity ?? 0) + (stored?.held ?? 0) === STOCK;
  if (!isBalanced || (stored?.count ?? 0) < answered) {
    throw new Error(
      `${answered} answered, ${stored?.count} stored, stock ${stock?.quantity}, held ${stored?.held}`,
    );
  }
}
